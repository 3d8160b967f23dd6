package acs

import (
	"cmp"
	"context"
	"net/http"
)

// HoldOptions are the optional parts of putting on hold; nil means none.
type HoldOptions struct {
	// PlaySource is played to the participant in a loop; nil is silence.
	PlaySource *PlaySource

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// HoldResponse is empty.
type HoldResponse struct{}

// Hold puts one participant on hold: the participant and the others no longer hear
// each other. HoldFailed or ParticipantsUpdated follows. The client does not repeat
// the request. Teams Phone calls do not support it.
//
// Source: CallMedia_Hold, POST /calling/callConnections/{callConnectionId}:hold.
func (c *Client) Hold(
	ctx context.Context, callConnectionID string, target Identifier, options *HoldOptions,
) (HoldResponse, error) {
	const name = "Hold"
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(
		refuse(target.IsZero(), "no target participant"),
		o.PlaySource.check(),
		common.check(),
	); err != nil {
		return HoldResponse{}, invalid(name, err.Error())
	}
	return HoldResponse{}, c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}:hold",
		ids:    []string{callConnectionID},
		ok:     []int{http.StatusOK},
		body: struct {
			TargetParticipant mediaIdentifier `json:"targetParticipant"`
			PlaySourceInfo    *PlaySource     `json:"playSourceInfo,omitempty"`
			operationModel
		}{mediaIdentifier(target), o.PlaySource, common},
	}, nil)
}

// UnholdOptions are the optional parts of taking off hold; nil means none.
type UnholdOptions struct {
	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// UnholdResponse is empty.
type UnholdResponse struct{}

// Unhold takes a participant off hold. ParticipantsUpdated follows. The client
// does not repeat the request.
//
// Source: CallMedia_Unhold, POST /calling/callConnections/{callConnectionId}:unhold.
func (c *Client) Unhold(
	ctx context.Context, callConnectionID string, target Identifier, options *UnholdOptions,
) (UnholdResponse, error) {
	return UnholdResponse{}, c.post(ctx, "Unhold", connections+"/{}:unhold", callConnectionID, http.StatusOK,
		targetModel{mediaIdentifier(target), operationModel(orDefault(options))})
}
