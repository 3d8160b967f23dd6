package acs

import (
	"context"
	"net/http"
)

// GetCallOptions has no fields yet.
type GetCallOptions struct{}

// GetCallResponse holds the properties of the call.
type GetCallResponse struct{ CallConnectionProperties }

// GetCall returns the properties of a call. If the call has ended, the error is
// ErrGone. The client repeats the request.
//
// Source: CallConnection_GetCall, GET /calling/callConnections/{callConnectionId}.
func (c *Client) GetCall(
	ctx context.Context, callConnectionID string, _ *GetCallOptions,
) (GetCallResponse, error) {
	var resp GetCallResponse
	err := c.send(ctx, operation{
		name:   "GetCall",
		method: http.MethodGet,
		path:   connections + "/{}",
		ids:    []string{callConnectionID},
		ok:     []int{http.StatusOK},
	}, &resp)
	return resp, err
}

// HangupCallOptions has no fields yet.
type HangupCallOptions struct{}

// HangupCallResponse is empty.
type HangupCallResponse struct{}

// HangupCall removes the application from the call. A call of two ends then. A
// group call goes on, but ACS may end one between telephones only.
// CallDisconnected follows. The client repeats the request; if the call has
// ended, the error is ErrGone.
//
// Source: CallConnection_HangupCall, DELETE /calling/callConnections/{callConnectionId}.
func (c *Client) HangupCall(
	ctx context.Context, callConnectionID string, _ *HangupCallOptions,
) (HangupCallResponse, error) {
	return HangupCallResponse{}, c.send(ctx, operation{
		name:   "HangupCall",
		method: http.MethodDelete,
		path:   connections + "/{}",
		ids:    []string{callConnectionID},
		ok:     []int{http.StatusNoContent},
	}, nil)
}

// TerminateCallOptions are the optional parts of an ending; nil means none.
type TerminateCallOptions struct {
	Repeatability Repeatability
}

// TerminateCallResponse is empty.
type TerminateCallResponse struct{}

// TerminateCall ends the call for everyone. CallDisconnected follows.
//
// The request has a Repeatability pair; the client repeats it with the same pair.
//
// Source: CallConnection_TerminateCall, POST /calling/callConnections/{callConnectionId}:terminate.
func (c *Client) TerminateCall(
	ctx context.Context, callConnectionID string, options *TerminateCallOptions,
) (TerminateCallResponse, error) {
	o := orDefault(options)
	return TerminateCallResponse{}, c.send(ctx, operation{
		name:   "TerminateCall",
		method: http.MethodPost,
		path:   connections + "/{}:terminate",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		ok:     []int{http.StatusNoContent},
	}, nil)
}
