package acs

import (
	"context"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// CallParticipant is somebody in a call.
type CallParticipant struct {
	Identifier Identifier `json:"identifier"`
	IsMuted    bool       `json:"isMuted"`
	IsOnHold   bool       `json:"isOnHold"`
}

// GetParticipantsOptions has no fields yet.
type GetParticipantsOptions struct{}

// GetParticipantsResponse is one page of participants.
type GetParticipantsResponse struct {
	Value    []CallParticipant `json:"value"`
	NextLink string            `json:"nextLink"`
}

// NewGetParticipantsPager pages through the participants of a call, without
// bots of recording and transcription. The client repeats the request for a page.
//
// Source: CallConnection_GetParticipants, GET /calling/callConnections/{callConnectionId}/participants.
func (c *Client) NewGetParticipantsPager(
	callConnectionID string, _ *GetParticipantsOptions,
) *runtime.Pager[GetParticipantsResponse] {
	op := operation{
		name:   "GetParticipants",
		method: http.MethodGet,
		path:   connections + "/{}/participants",
		ids:    []string{callConnectionID},
		ok:     []int{http.StatusOK},
	}
	return runtime.NewPager(runtime.PagingHandler[GetParticipantsResponse]{
		More: func(page GetParticipantsResponse) bool { return page.NextLink != "" },
		Fetcher: func(ctx context.Context, last *GetParticipantsResponse) (page GetParticipantsResponse, err error) {
			if last == nil {
				return page, c.send(ctx, op, &page)
			}
			next, err := c.resolve(last.NextLink)
			if err != nil {
				return page, invalid(op.name, "the next link is malformed")
			}
			return page, c.sendTo(ctx, op, next, &page)
		},
		Tracer: c.azc.Tracer(),
	})
}

// resolve makes a next link absolute and leaves it as it is otherwise.
func (c *Client) resolve(link string) (string, error) {
	base, err := url.Parse(c.endpoint)
	if err != nil {
		return "", err
	}
	u, err := base.Parse(link)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// AddParticipantOptions are the optional parts of an invitation; nil means none.
type AddParticipantOptions struct {
	Repeatability Repeatability

	// SourceCallerIDNumber is the number that a telephone is shown, a phone
	// number of the ACS resource. In a Teams Phone call it must be absent,
	// otherwise a telephone cannot be added without it.
	SourceCallerIDNumber Identifier
	SourceDisplayName    string

	// InvitationTimeoutInSeconds is how long the participant rings, 0 to 180;
	// nil is the service's default.
	InvitationTimeoutInSeconds *int32

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// AddParticipantResponse is the invitation.
type AddParticipantResponse struct {
	Participant      CallParticipant `json:"participant"`
	OperationContext string          `json:"operationContext"`
	InvitationID     string          `json:"invitationId"` // for CancelAddParticipant
}

// AddParticipant rings a participant into the call. AddParticipantSucceeded or
// AddParticipantFailed follows, and ParticipantsUpdated.
//
// The client never sends it twice. After no answer, a 408 or a 5xx the
// participant may be ringing.
//
// Source: CallConnection_AddParticipant, POST /calling/callConnections/{callConnectionId}/participants:add.
func (c *Client) AddParticipant(
	ctx context.Context, callConnectionID string, participant Identifier, options *AddParticipantOptions,
) (AddParticipantResponse, error) {
	const name = "AddParticipant"
	var resp AddParticipantResponse
	o := orDefault(options)
	switch {
	case participant.IsZero():
		return resp, invalid(name, "no participant")
	case !zeroOr(o.SourceCallerIDNumber, KindPhoneNumber):
		return resp, invalid(name, "SourceCallerIDNumber is not a phone number")
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
			ParticipantToAdd           Identifier  `json:"participantToAdd"`
			SourceCallerIDNumber       *phoneModel `json:"sourceCallerIdNumber,omitempty"`
			SourceDisplayName          string      `json:"sourceDisplayName,omitempty"`
			InvitationTimeoutInSeconds *int32      `json:"invitationTimeoutInSeconds,omitempty"`
			OperationContext           string      `json:"operationContext,omitempty"`
			OperationCallbackURI       string      `json:"operationCallbackUri,omitempty"`
		}{
			participant, o.SourceCallerIDNumber.model().PhoneNumber, o.SourceDisplayName,
			o.InvitationTimeoutInSeconds, o.OperationContext, o.OperationCallbackURI,
		},
	}, &resp)
	return resp, err
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
// It takes a Repeatability pair, with which the client repeats it.
//
// Source: CallConnection_CancelAddParticipant,
// POST /calling/callConnections/{callConnectionId}/participants:cancelAddParticipant.
func (c *Client) CancelAddParticipant(
	ctx context.Context, callConnectionID, invitationID string, options *CancelAddParticipantOptions,
) (CancelAddParticipantResponse, error) {
	const name = "CancelAddParticipant"
	var resp CancelAddParticipantResponse
	o := orDefault(options)
	if invitationID == "" {
		return resp, invalid(name, "no invitation id")
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}/participants:cancelAddParticipant",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		ok:     []int{http.StatusAccepted},
		body: struct {
			InvitationID         string `json:"invitationId"`
			OperationContext     string `json:"operationContext,omitempty"`
			OperationCallbackURI string `json:"operationCallbackUri,omitempty"`
		}{invitationID, o.OperationContext, o.OperationCallbackURI},
	}, &resp)
	return resp, err
}

// RemoveParticipantOptions are the optional parts of a removal; nil means none.
type RemoveParticipantOptions struct {
	Repeatability Repeatability

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// RemoveParticipantResponse repeats the operation context.
type RemoveParticipantResponse struct {
	OperationContext string `json:"operationContext"`
}

// RemoveParticipant puts a participant out of the call.
// RemoveParticipantSucceeded or RemoveParticipantFailed follows, and
// ParticipantsUpdated.
//
// It takes a Repeatability pair, with which the client repeats it.
//
// Source: CallConnection_RemoveParticipant, POST /calling/callConnections/{callConnectionId}/participants:remove.
func (c *Client) RemoveParticipant(
	ctx context.Context, callConnectionID string, participant Identifier, options *RemoveParticipantOptions,
) (RemoveParticipantResponse, error) {
	const name = "RemoveParticipant"
	var resp RemoveParticipantResponse
	o := orDefault(options)
	if participant.IsZero() {
		return resp, invalid(name, "no participant")
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}/participants:remove",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		ok:     []int{http.StatusAccepted},
		body: struct {
			ParticipantToRemove  Identifier `json:"participantToRemove"`
			OperationContext     string     `json:"operationContext,omitempty"`
			OperationCallbackURI string     `json:"operationCallbackUri,omitempty"`
		}{participant, o.OperationContext, o.OperationCallbackURI},
	}, &resp)
	return resp, err
}
