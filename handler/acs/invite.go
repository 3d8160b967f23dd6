package acs

import (
	"cmp"
	"context"
	"net/http"
)

// maxInvitation is the longest time that a participant may ring, in seconds.
const maxInvitation = 180

// AddParticipantOptions are the optional parts of an invitation; nil means none.
type AddParticipantOptions struct {
	Repeatability Repeatability

	// TeamsPhone says that the call is a Teams Phone call: then a telephone is
	// called from the line's own number, and SourceCallerIDNumber and
	// SourceDisplayName must be empty. In other calls a telephone needs
	// SourceCallerIDNumber.
	TeamsPhone bool

	// SourceCallerIDNumber is the number that a telephone is shown, a phone
	// number of the ACS resource.
	SourceCallerIDNumber Identifier
	SourceDisplayName    string // shown to telephones and Teams users

	// InvitationTimeoutInSeconds is how long the participant rings, 0 to 180;
	// nil is the service's default.
	InvitationTimeoutInSeconds *int32

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI

	// CustomCallingContext is passed to the participant.
	CustomCallingContext *CustomCallingContext
}

// AddParticipantResponse is the invitation.
type AddParticipantResponse struct {
	Participant      CallParticipant `json:"participant"`
	OperationContext string          `json:"operationContext"`
	InvitationID     string          `json:"invitationId"` // for CancelAddParticipant
}

// AddParticipant rings a participant, who joins the call by answering.
// AddParticipantSucceeded or AddParticipantFailed follows, and ParticipantsUpdated.
//
// The client never sends the request twice. After no answer, a 408 or a 5xx the
// participant may be ringing.
//
// Source: CallConnection_AddParticipant, POST /calling/callConnections/{callConnectionId}/participants:add.
func (c *Client) AddParticipant(
	ctx context.Context, callConnectionID string, participant Identifier, options *AddParticipantOptions,
) (AddParticipantResponse, error) {
	const name = "AddParticipant"
	var resp AddParticipantResponse
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(
		refuse(participant.IsZero(), "no participant"),
		o.checkSource(participant),
		checkRange("InvitationTimeoutInSeconds", o.InvitationTimeoutInSeconds, 0, maxInvitation),
		o.CustomCallingContext.check(),
		common.check(),
	); err != nil {
		return resp, invalid(name, err.Error())
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}/participants:add",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		rings:  true,
		ok:     []int{http.StatusAccepted},
		body: struct {
			ParticipantToAdd           Identifier            `json:"participantToAdd"`
			SourceCallerIDNumber       *phoneModel           `json:"sourceCallerIdNumber,omitempty"`
			SourceDisplayName          string                `json:"sourceDisplayName,omitempty"`
			InvitationTimeoutInSeconds *int32                `json:"invitationTimeoutInSeconds,omitempty"`
			CustomCallingContext       *CustomCallingContext `json:"customCallingContext,omitempty"`
			operationModel
		}{
			participant, o.SourceCallerIDNumber.model().PhoneNumber, o.SourceDisplayName,
			o.InvitationTimeoutInSeconds, o.CustomCallingContext, common,
		},
	}, &resp)
	return resp, err
}

// checkSource refuses a source that cannot call the participant.
func (o AddParticipantOptions) checkSource(participant Identifier) error {
	caller := !o.SourceCallerIDNumber.IsZero()
	return cmp.Or(
		checkCallerID(o.SourceCallerIDNumber),
		refuse(o.TeamsPhone && (caller || o.SourceDisplayName != ""),
			"a Teams Phone call takes neither SourceCallerIDNumber nor SourceDisplayName (8523)"),
		refuse(participant.Kind == KindPhoneNumber && !o.TeamsPhone && !caller,
			"a telephone is added with SourceCallerIDNumber, except to a Teams Phone call (TeamsPhone)"),
	)
}

// CancelAddParticipantOptions are the optional parts of a withdrawal; nil means none.
type CancelAddParticipantOptions struct {
	Repeatability Repeatability

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// CancelAddParticipantResponse names the invitation that is withdrawn.
type CancelAddParticipantResponse struct {
	InvitationID     string `json:"invitationId"`
	OperationContext string `json:"operationContext"`
}

// CancelAddParticipant withdraws an invitation that has not been answered.
// CancelAddParticipantSucceeded or CancelAddParticipantFailed follows.
//
// The request has a Repeatability pair; the client repeats it with the same pair.
//
// Source: CallConnection_CancelAddParticipant,
// POST /calling/callConnections/{callConnectionId}/participants:cancelAddParticipant.
func (c *Client) CancelAddParticipant(
	ctx context.Context, callConnectionID, invitationID string, options *CancelAddParticipantOptions,
) (CancelAddParticipantResponse, error) {
	const name = "CancelAddParticipant"
	var resp CancelAddParticipantResponse
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(refuse(invitationID == "", "no invitation id"), common.check()); err != nil {
		return resp, invalid(name, err.Error())
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}/participants:cancelAddParticipant",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		ok:     []int{http.StatusAccepted},
		body: struct {
			InvitationID string `json:"invitationId"`
			operationModel
		}{invitationID, common},
	}, &resp)
	return resp, err
}
