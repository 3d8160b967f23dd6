package acs

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
)

// TranscriptionOptions make the service transcribe a call and send the text to a
// WebSocket. The call needs CallIntelligenceOptions. [ParseFrame] reads the
// messages.
type TranscriptionOptions struct {
	Locale string // required, such as "en-US"

	// TransportURL is the WebSocket that the service connects to, wss.
	TransportURL string

	SpeechModelEndpointID string // a custom model

	// StartTranscription starts at once when the call is connected, instead of
	// with StartTranscription; nil is the service's default, no.
	StartTranscription *bool

	// EnableIntermediateResults sends results before they are final as well; nil
	// is the service's default, no.
	EnableIntermediateResults *bool
}

// MarshalJSON adds the transport type, which the service requires.
func (o TranscriptionOptions) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		TransportType             string `json:"transportType"`
		Locale                    string `json:"locale"`
		TransportURL              string `json:"transportUrl,omitempty"`
		SpeechModelEndpointID     string `json:"speechModelEndpointId,omitempty"`
		StartTranscription        *bool  `json:"startTranscription,omitempty"`
		EnableIntermediateResults *bool  `json:"enableIntermediateResults,omitempty"`
	}{
		transport, o.Locale, o.TransportURL, o.SpeechModelEndpointID, o.StartTranscription, o.EnableIntermediateResults,
	})
}

func (o *TranscriptionOptions) check() error {
	if o == nil {
		return nil
	}
	return cmp.Or(
		refuse(o.Locale == "", "TranscriptionOptions lack a Locale"),
		checkTransport("TranscriptionOptions", o.TransportURL),
	)
}

// StartTranscriptionOptions are the optional parts of a start; nil means none.
type StartTranscriptionOptions struct {
	Locale                string // empty: that of the call's TranscriptionOptions
	SpeechModelEndpointID string // a custom model

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// StartTranscriptionResponse is empty.
type StartTranscriptionResponse struct{}

// StartTranscription starts the transcription that the call was opened with
// (TranscriptionOptions). TranscriptionStarted or TranscriptionFailed follows.
// The client does not repeat the request.
//
// Source: CallMedia_StartTranscription,
// POST /calling/callConnections/{callConnectionId}:startTranscription.
func (c *Client) StartTranscription(
	ctx context.Context, callConnectionID string, options *StartTranscriptionOptions,
) (StartTranscriptionResponse, error) {
	o := orDefault(options)
	return StartTranscriptionResponse{}, c.post(ctx, "StartTranscription", connections+"/{}:startTranscription",
		callConnectionID, http.StatusAccepted,
		transcribeModel{o.Locale, o.SpeechModelEndpointID, operationModel{o.OperationContext, o.OperationCallbackURI}})
}

// UpdateTranscriptionOptions are the optional parts of an update; nil means none.
type UpdateTranscriptionOptions struct {
	SpeechModelEndpointID string // a custom model

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// UpdateTranscriptionResponse is empty.
type UpdateTranscriptionResponse struct{}

// UpdateTranscription switches a running transcription to another language, such
// as "fr-FR". TranscriptionUpdated or TranscriptionFailed follows. The client does
// not repeat the request.
//
// Source: CallMedia_UpdateTranscription,
// POST /calling/callConnections/{callConnectionId}:updateTranscription.
func (c *Client) UpdateTranscription(
	ctx context.Context, callConnectionID, locale string, options *UpdateTranscriptionOptions,
) (UpdateTranscriptionResponse, error) {
	const name = "UpdateTranscription"
	o := orDefault(options)
	if locale == "" {
		return UpdateTranscriptionResponse{}, invalid(name, "no locale")
	}
	return UpdateTranscriptionResponse{}, c.post(ctx, name, connections+"/{}:updateTranscription",
		callConnectionID, http.StatusAccepted,
		transcribeModel{locale, o.SpeechModelEndpointID, operationModel{o.OperationContext, o.OperationCallbackURI}})
}

// StopTranscriptionOptions are the optional parts of a stop; nil means none.
type StopTranscriptionOptions struct {
	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// StopTranscriptionResponse is empty.
type StopTranscriptionResponse struct{}

// StopTranscription stops a transcription. TranscriptionStopped or
// TranscriptionFailed follows. The client does not repeat the request.
//
// Source: CallMedia_StopTranscription,
// POST /calling/callConnections/{callConnectionId}:stopTranscription.
func (c *Client) StopTranscription(
	ctx context.Context, callConnectionID string, options *StopTranscriptionOptions,
) (StopTranscriptionResponse, error) {
	return StopTranscriptionResponse{}, c.post(ctx, "StopTranscription", connections+"/{}:stopTranscription",
		callConnectionID, http.StatusAccepted, operationModel(orDefault(options)))
}

// transcribeModel is the body of a start and of an update.
type transcribeModel struct {
	Locale                string `json:"locale,omitempty"`
	SpeechModelEndpointID string `json:"speechModelEndpointId,omitempty"`
	operationModel
}
