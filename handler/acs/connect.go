package acs

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
)

// CallLocatorKind says which id of a call a CallLocator holds.
type CallLocatorKind string

// The kinds of call locators.
const (
	ServerCallLocator CallLocatorKind = "serverCallLocator"
	GroupCallLocator  CallLocatorKind = "groupCallLocator"
	RoomCallLocator   CallLocatorKind = "roomCallLocator" // not for recordings
)

// CallLocator identifies a call, which the application need not have joined.
type CallLocator struct {
	Kind CallLocatorKind
	ID   string
}

// MarshalJSON writes the id under the name that belongs to its kind.
func (l CallLocator) MarshalJSON() ([]byte, error) {
	m := struct {
		Kind         CallLocatorKind `json:"kind"`
		ServerCallID string          `json:"serverCallId,omitempty"`
		GroupCallID  string          `json:"groupCallId,omitempty"`
		RoomID       string          `json:"roomId,omitempty"`
	}{Kind: l.Kind}
	switch l.Kind {
	case GroupCallLocator:
		m.GroupCallID = l.ID
	case RoomCallLocator:
		m.RoomID = l.ID
	default:
		m.ServerCallID = l.ID
	}
	return json.Marshal(m)
}

func (l CallLocator) check() error {
	switch l.Kind {
	case ServerCallLocator, GroupCallLocator, RoomCallLocator:
		return refuse(l.ID == "", "the call locator has no id")
	}
	return refuse(true, "the call locator is of no known kind")
}

// ConnectOptions are the optional parts of a connection; nil means none.
type ConnectOptions struct {
	Repeatability Repeatability

	// OperationContext comes back in the call's events.
	OperationContext        string
	CallIntelligenceOptions *CallIntelligenceOptions
	MediaStreamingOptions   *MediaStreamingOptions
	TranscriptionOptions    *TranscriptionOptions
}

// ConnectResponse is the call that was joined.
type ConnectResponse struct{ CallConnectionProperties }

// Connect joins the application to an existing call, such as a group call. ACS
// reports CallConnected or ConnectFailed at callbackURI, perhaps before the return.
//
// The request has a Repeatability pair; the client repeats it with the same pair.
//
// Source: Connect, POST /calling/callConnections:connect.
func (c *Client) Connect(
	ctx context.Context, locator CallLocator, callbackURI string, options *ConnectOptions,
) (ConnectResponse, error) {
	const name = "Connect"
	var resp ConnectResponse
	o := orDefault(options)
	common := callModel{
		callbackURI, o.OperationContext, o.CallIntelligenceOptions, o.MediaStreamingOptions, o.TranscriptionOptions,
	}
	if err := cmp.Or(locator.check(), common.check()); err != nil {
		return resp, invalid(name, err.Error())
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + ":connect",
		pair:   &o.Repeatability,
		ok:     []int{http.StatusOK},
		body: struct {
			CallLocator CallLocator `json:"callLocator"`
			callModel
		}{locator, common},
	}, &resp)
	return resp, err
}
