package acs

import (
	"cmp"
	"context"
	"net/http"
)

// PlayOptions are the optional parts of playing; nil means none.
type PlayOptions struct {
	// PlayTo are the participants that hear it; empty means all.
	PlayTo []Identifier

	// Loop plays it until it is cancelled or interrupted.
	Loop bool

	// InterruptCallMediaOperation ends running and queued media operations instead
	// of waiting for them; nil is the service's default, no.
	InterruptCallMediaOperation *bool

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// PlayResponse is empty.
type PlayResponse struct{}

// Play plays the sources one after another. PlayStarted follows, and
// PlayCompleted, PlayFailed or PlayCanceled.
//
// The client does not repeat the request. ErrIncompatibleMedia means that an
// operation for a single participant is running that this one cannot run beside.
//
// Source: CallMedia_Play, POST /calling/callConnections/{callConnectionId}:play.
func (c *Client) Play(
	ctx context.Context, callConnectionID string, sources []PlaySource, options *PlayOptions,
) (PlayResponse, error) {
	const name = "Play"
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(
		refuse(len(sources) == 0, "no play source"),
		checkSources(sources),
		checkNoneEmpty("participant", o.PlayTo),
		common.check(),
	); err != nil {
		return PlayResponse{}, invalid(name, err.Error())
	}
	to := make([]mediaIdentifier, len(o.PlayTo))
	for i, id := range o.PlayTo {
		to[i] = mediaIdentifier(id)
	}
	type playOptions struct {
		Loop bool `json:"loop"`
	}
	return PlayResponse{}, c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}:play",
		ids:    []string{callConnectionID},
		ok:     []int{http.StatusAccepted},
		body: struct {
			PlaySources                 []PlaySource      `json:"playSources"`
			PlayTo                      []mediaIdentifier `json:"playTo"`
			InterruptCallMediaOperation *bool             `json:"interruptCallMediaOperation,omitempty"`
			PlayOptions                 playOptions       `json:"playOptions"`
			operationModel
		}{sources, to, o.InterruptCallMediaOperation, playOptions{o.Loop}, common},
	}, nil)
}

// CancelAllMediaOperationsOptions has no fields yet.
type CancelAllMediaOperationsOptions struct{}

// CancelAllMediaOperationsResponse is empty.
type CancelAllMediaOperationsResponse struct{}

// CancelAllMediaOperations ends all running and queued media operations.
// PlayCanceled and RecognizeCanceled follow as they apply. The client does not
// repeat the request.
//
// Source: CallMedia_CancelAllMediaOperations,
// POST /calling/callConnections/{callConnectionId}:cancelAllMediaOperations.
func (c *Client) CancelAllMediaOperations(
	ctx context.Context, callConnectionID string, _ *CancelAllMediaOperationsOptions,
) (CancelAllMediaOperationsResponse, error) {
	return CancelAllMediaOperationsResponse{}, c.post(ctx, "CancelAllMediaOperations",
		connections+"/{}:cancelAllMediaOperations", callConnectionID, http.StatusAccepted, nil)
}
