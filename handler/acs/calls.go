package acs

import (
	"context"
	"net/http"
)

const connections = "/calling/callConnections"

// CallIntelligenceOptions connect a call with Azure AI services, which speak
// text and SSML prompts and recognize speech.
type CallIntelligenceOptions struct {
	CognitiveServicesEndpoint string `json:"cognitiveServicesEndpoint,omitempty"`
}

// CreateCallOptions are the optional parts of a new call; nil means none.
type CreateCallOptions struct {
	Repeatability Repeatability

	// TeamsAppSource makes this a Teams Phone call, placed from the number of
	// that resource account (TeamsApp). Such a call takes neither
	// SourceCallerIDNumber nor SourceDisplayName (8523).
	TeamsAppSource Identifier

	// SourceCallerIDNumber is the number that the callee sees, a phone number of
	// the ACS resource. Calls to telephones that are not Teams Phone calls need it.
	SourceCallerIDNumber Identifier
	SourceDisplayName    string
	Source               Identifier // the communication user who calls; the service makes one up otherwise

	// OperationContext comes back in the call's events.
	OperationContext        string
	CallIntelligenceOptions *CallIntelligenceOptions
}

// CreateCallResponse is the new call.
type CreateCallResponse struct{ CallConnectionProperties }

// CreateCall starts ringing the targets, one or a group, and returns the new
// call's connection. How it went arrives at callbackURI as CallConnected, or as
// CreateCallFailed and CallDisconnected, perhaps before the return. The service
// has no ring time-out of the caller's choice: to give up, end the call.
//
// The client never sends it twice. A refusal is certain; after no answer, a 408
// or a 5xx the telephone may be ringing.
//
// Source: CreateCall, POST /calling/callConnections.
func (c *Client) CreateCall(
	ctx context.Context, targets []Identifier, callbackURI string, options *CreateCallOptions,
) (CreateCallResponse, error) {
	const name = "CreateCall"
	var resp CreateCallResponse
	o := orDefault(options)
	switch {
	case len(targets) == 0:
		return resp, invalid(name, "no target")
	case anyZero(targets):
		return resp, invalid(name, "a target is nobody")
	case callbackURI == "":
		return resp, invalid(name, "no callback URI")
	case !zeroOr(o.TeamsAppSource, KindTeamsApp):
		return resp, invalid(name, "TeamsAppSource is not a Teams app")
	case !zeroOr(o.SourceCallerIDNumber, KindPhoneNumber):
		return resp, invalid(name, "SourceCallerIDNumber is not a phone number")
	case !zeroOr(o.Source, KindCommunicationUser):
		return resp, invalid(name, "Source is not a communication user")
	}
	app := o.TeamsAppSource.model().MicrosoftTeamsApp
	if app != nil && app.Cloud == CloudPublic {
		app.Cloud = "" // the default; Microsoft's own client never sends it
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections,
		pair:   &o.Repeatability,
		rings:  true,
		ok:     []int{http.StatusCreated},
		body: struct {
			Targets                 []Identifier             `json:"targets"`
			CallbackURI             string                   `json:"callbackUri"`
			SourceCallerIDNumber    *phoneModel              `json:"sourceCallerIdNumber,omitempty"`
			SourceDisplayName       string                   `json:"sourceDisplayName,omitempty"`
			Source                  *userModel               `json:"source,omitempty"`
			OperationContext        string                   `json:"operationContext,omitempty"`
			CallIntelligenceOptions *CallIntelligenceOptions `json:"callIntelligenceOptions,omitempty"`
			TeamsAppSource          *teamsAppModel           `json:"teamsAppSource,omitempty"`
		}{
			targets, callbackURI, o.SourceCallerIDNumber.model().PhoneNumber, o.SourceDisplayName,
			o.Source.model().CommunicationUser, o.OperationContext, o.CallIntelligenceOptions, app,
		},
	}, &resp)
	return resp, err
}

// AnswerCallOptions are the optional parts of an answer; nil means none.
type AnswerCallOptions struct {
	Repeatability Repeatability

	// OperationContext comes back in the call's events.
	OperationContext        string
	CallIntelligenceOptions *CallIntelligenceOptions
	AnsweredBy              Identifier // a communication user
}

// AnswerCallResponse is the answered call.
type AnswerCallResponse struct{ CallConnectionProperties }

// AnswerCall answers an offered call. The incomingCallContext is the one of the
// IncomingCall event; the call rings for 30 s after it. CallConnected or
// AnswerFailed arrives at callbackURI, perhaps before the return.
//
// It takes a Repeatability pair, with which the client repeats it.
//
// Source: AnswerCall, POST /calling/callConnections:answer.
func (c *Client) AnswerCall(
	ctx context.Context, incomingCallContext, callbackURI string, options *AnswerCallOptions,
) (AnswerCallResponse, error) {
	const name = "AnswerCall"
	var resp AnswerCallResponse
	o := orDefault(options)
	switch {
	case incomingCallContext == "":
		return resp, invalid(name, "no incoming call context")
	case callbackURI == "":
		return resp, invalid(name, "no callback URI")
	case !zeroOr(o.AnsweredBy, KindCommunicationUser):
		return resp, invalid(name, "AnsweredBy is not a communication user")
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + ":answer",
		pair:   &o.Repeatability,
		ok:     []int{http.StatusOK},
		body: struct {
			IncomingCallContext     string                   `json:"incomingCallContext"`
			CallbackURI             string                   `json:"callbackUri"`
			OperationContext        string                   `json:"operationContext,omitempty"`
			CallIntelligenceOptions *CallIntelligenceOptions `json:"callIntelligenceOptions,omitempty"`
			AnsweredBy              *userModel               `json:"answeredBy,omitempty"`
		}{
			incomingCallContext, callbackURI, o.OperationContext, o.CallIntelligenceOptions,
			o.AnsweredBy.model().CommunicationUser,
		},
	}, &resp)
	return resp, err
}

// RejectReason is what a rejected caller is told.
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

// RejectCall turns an offered call away. No event follows.
//
// It takes a Repeatability pair, with which the client repeats it.
//
// Source: RejectCall, POST /calling/callConnections:reject.
func (c *Client) RejectCall(
	ctx context.Context, incomingCallContext string, options *RejectCallOptions,
) (RejectCallResponse, error) {
	const name = "RejectCall"
	o := orDefault(options)
	if incomingCallContext == "" {
		return RejectCallResponse{}, invalid(name, "no incoming call context")
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
