package acs

import (
	"cmp"
	"context"
	"net/http"
)

// TransferToParticipantOptions are the optional parts of a transfer; nil means none.
type TransferToParticipantOptions struct {
	Repeatability Repeatability

	// Transferee is the participant to transfer; zero: the other end of a call of
	// two. It may be any participant but the application itself.
	Transferee Identifier

	// SourceCallerIDNumber is the number that a telephone is shown; zero: the transferee's.
	SourceCallerIDNumber Identifier

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI

	// CustomCallingContext is passed to the target.
	CustomCallingContext *CustomCallingContext
}

// TransferToParticipantResponse repeats the operation context.
type TransferToParticipantResponse struct {
	OperationContext string `json:"operationContext"`
}

// TransferToParticipant rings the target and connects it with the transferee,
// who leaves this call. CallTransferAccepted or CallTransferFailed follows. A call
// of two ends then: CallDisconnected.
//
// The client never sends the request twice. After no answer, a 408 or a 5xx the
// target may be ringing.
//
// Source: CallConnection_TransferToParticipant,
// POST /calling/callConnections/{callConnectionId}:transferToParticipant.
func (c *Client) TransferToParticipant(
	ctx context.Context, callConnectionID string, target Identifier, options *TransferToParticipantOptions,
) (TransferToParticipantResponse, error) {
	const name = "TransferToParticipant"
	var resp TransferToParticipantResponse
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(
		refuse(target.IsZero(), "no target participant"),
		checkCallerID(o.SourceCallerIDNumber),
		o.CustomCallingContext.check(),
		common.check(),
	); err != nil {
		return resp, invalid(name, err.Error())
	}
	var transferee *Identifier
	if !o.Transferee.IsZero() {
		transferee = &o.Transferee
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}:transferToParticipant",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		rings:  true,
		ok:     []int{http.StatusAccepted},
		body: struct {
			TargetParticipant    Identifier            `json:"targetParticipant"`
			Transferee           *Identifier           `json:"transferee,omitempty"`
			SourceCallerIDNumber *phoneModel           `json:"sourceCallerIdNumber,omitempty"`
			CustomCallingContext *CustomCallingContext `json:"customCallingContext,omitempty"`
			operationModel
		}{target, transferee, o.SourceCallerIDNumber.model().PhoneNumber, o.CustomCallingContext, common},
	}, &resp)
	return resp, err
}

// MoveParticipantsOptions are the optional parts of a move; nil means none.
type MoveParticipantsOptions struct {
	Repeatability Repeatability

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// MoveParticipantsResponse names the participants that are moved.
type MoveParticipantsResponse struct {
	Participants     []CallParticipant `json:"participants"`
	OperationContext string            `json:"operationContext"`
	FromCall         string            `json:"fromCall"`
}

// MoveParticipants moves participants from the call with the connection id
// fromCall into this one: for example a callee, called first, into an agent's
// call. MoveParticipantSucceeded or MoveParticipantFailed follows for each.
//
// The client never sends the request twice.
//
// Source: CallConnection_MoveParticipants,
// POST /calling/callConnections/{callConnectionId}/participants:moveHere.
func (c *Client) MoveParticipants(
	ctx context.Context, callConnectionID string, participants []Identifier, fromCall string,
	options *MoveParticipantsOptions,
) (MoveParticipantsResponse, error) {
	const name = "MoveParticipants"
	var resp MoveParticipantsResponse
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(
		checkIdentifiers("participant", participants),
		refuse(fromCall == "", "no call to move from"),
		refuse(fromCall == callConnectionID, "the call to move from is this one"),
		common.check(),
	); err != nil {
		return resp, invalid(name, err.Error())
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}/participants:moveHere",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		rings:  true,
		ok:     []int{http.StatusAccepted},
		body: struct {
			TargetParticipants []Identifier `json:"targetParticipants"`
			FromCall           string       `json:"fromCall"`
			operationModel
		}{participants, fromCall, common},
	}, &resp)
	return resp, err
}
