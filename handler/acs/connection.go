package acs

import (
	"context"
	"net/http"
)

// GetCallOptions has no fields yet.
type GetCallOptions struct{}

// GetCallResponse is the call as it stands.
type GetCallResponse struct{ CallConnectionProperties }

// GetCall looks at a call. One that has ended is ErrGone. The client repeats it.
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

// HangupCall makes the application leave the call. A call of two ends by that;
// in a group the others stay, except that telephones among themselves may be
// cut off. CallDisconnected follows. The client repeats it; a call that has
// ended is ErrGone.
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
// It takes a Repeatability pair, with which the client repeats it.
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
