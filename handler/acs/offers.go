package acs

import (
	"cmp"
	"context"
	"net/http"
)

// AnswerCallOptions are the optional parts of an answer; nil means none.
type AnswerCallOptions struct {
	Repeatability Repeatability

	// OperationContext comes back in the call's events.
	OperationContext        string
	CallIntelligenceOptions *CallIntelligenceOptions
	AnsweredBy              Identifier // a communication user
	MediaStreamingOptions   *MediaStreamingOptions
	TranscriptionOptions    *TranscriptionOptions
}

// AnswerCallResponse is the answered call.
type AnswerCallResponse struct{ CallConnectionProperties }

// AnswerCall answers an offered call. The incomingCallContext is that of the
// IncomingCall event, after which the call rings for 30 s. ACS reports
// CallConnected or AnswerFailed at callbackURI, perhaps before the return.
//
// The request has a Repeatability pair; the client repeats it with the same pair.
//
// Source: AnswerCall, POST /calling/callConnections:answer.
func (c *Client) AnswerCall(
	ctx context.Context, incomingCallContext, callbackURI string, options *AnswerCallOptions,
) (AnswerCallResponse, error) {
	const name = "AnswerCall"
	var resp AnswerCallResponse
	o := orDefault(options)
	common := callModel{
		callbackURI, o.OperationContext, o.CallIntelligenceOptions, o.MediaStreamingOptions, o.TranscriptionOptions,
	}
	if err := cmp.Or(
		checkOffer(incomingCallContext),
		common.check(),
		checkKind("AnsweredBy", o.AnsweredBy, KindCommunicationUser, "a communication user"),
	); err != nil {
		return resp, invalid(name, err.Error())
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + ":answer",
		pair:   &o.Repeatability,
		ok:     []int{http.StatusOK},
		body: struct {
			IncomingCallContext string     `json:"incomingCallContext"`
			AnsweredBy          *userModel `json:"answeredBy,omitempty"`
			callModel
		}{incomingCallContext, o.AnsweredBy.model().CommunicationUser, common},
	}, &resp)
	return resp, err
}

// RejectReason is the reason that a rejected caller is given.
type RejectReason string

// The reasons to reject a call.
const (
	RejectNone      RejectReason = "none"
	RejectBusy      RejectReason = "busy"
	RejectForbidden RejectReason = "forbidden"
)

// RejectCallOptions are the optional parts of a rejection; nil means none.
type RejectCallOptions struct {
	Repeatability Repeatability
	Reason        RejectReason // empty: the service's default, none
}

// RejectCallResponse is empty.
type RejectCallResponse struct{}

// RejectCall rejects an offered call. No event follows.
//
// The request has a Repeatability pair; the client repeats it with the same pair.
//
// Source: RejectCall, POST /calling/callConnections:reject.
func (c *Client) RejectCall(
	ctx context.Context, incomingCallContext string, options *RejectCallOptions,
) (RejectCallResponse, error) {
	const name = "RejectCall"
	o := orDefault(options)
	if err := checkOffer(incomingCallContext); err != nil {
		return RejectCallResponse{}, invalid(name, err.Error())
	}
	return RejectCallResponse{}, c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + ":reject",
		pair:   &o.Repeatability,
		ok:     []int{http.StatusNoContent},
		body: struct {
			IncomingCallContext string       `json:"incomingCallContext"`
			CallRejectReason    RejectReason `json:"callRejectReason,omitempty"`
		}{incomingCallContext, o.Reason},
	}, nil)
}

// RedirectCallOptions are the optional parts of a redirection; nil means none.
type RedirectCallOptions struct {
	Repeatability Repeatability
}

// RedirectCallResponse is empty.
type RedirectCallResponse struct{}

// RedirectCall makes an offered call ring the target instead, without answering
// it. No event follows. If the target is another line of the resource, ACS offers
// the call again: beware of loops. To redirect a Teams Phone call, answer it and
// add the target.
//
// The client never sends the request twice. After a refusal the target does not
// ring; after no answer, a 408 or a 5xx it may be ringing.
//
// Source: RedirectCall, POST /calling/callConnections:redirect.
func (c *Client) RedirectCall(
	ctx context.Context, incomingCallContext string, target Identifier, options *RedirectCallOptions,
) (RedirectCallResponse, error) {
	const name = "RedirectCall"
	o := orDefault(options)
	if err := cmp.Or(checkOffer(incomingCallContext), refuse(target.IsZero(), "no target")); err != nil {
		return RedirectCallResponse{}, invalid(name, err.Error())
	}
	return RedirectCallResponse{}, c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + ":redirect",
		pair:   &o.Repeatability,
		rings:  true,
		ok:     []int{http.StatusNoContent},
		body: struct {
			IncomingCallContext string     `json:"incomingCallContext"`
			Target              Identifier `json:"target"`
		}{incomingCallContext, target},
	}, nil)
}

func checkOffer(incomingCallContext string) error {
	return refuse(incomingCallContext == "", "no incoming call context")
}
