package acs

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
)

// Tone is a key of a telephone.
type Tone string

// The tones.
const (
	Tone0        Tone = "zero"
	Tone1        Tone = "one"
	Tone2        Tone = "two"
	Tone3        Tone = "three"
	Tone4        Tone = "four"
	Tone5        Tone = "five"
	Tone6        Tone = "six"
	Tone7        Tone = "seven"
	Tone8        Tone = "eight"
	Tone9        Tone = "nine"
	ToneA        Tone = "a"
	ToneB        Tone = "b"
	ToneC        Tone = "c"
	ToneD        Tone = "d"
	TonePound    Tone = "pound"
	ToneAsterisk Tone = "asterisk"
)

// maxTones is the largest number of tones in one request.
//
// Source: "Control mid-call media actions", Call Automation documentation.
const maxTones = 18

// SendDTMFTonesOptions are the optional parts of sending tones; nil means none.
type SendDTMFTonesOptions struct {
	Repeatability Repeatability

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// SendDTMFTonesResponse repeats the operation context.
type SendDTMFTonesResponse struct {
	OperationContext string `json:"operationContext"`
}

// SendDTMFTones sends tones, at most 18, to one participant, who must be on a
// telephone. SendDtmfTonesCompleted or SendDtmfTonesFailed follows.
//
// The request has a Repeatability pair; the client repeats it with the same pair.
//
// Source: CallMedia_SendDtmfTones, POST /calling/callConnections/{callConnectionId}:sendDtmfTones.
func (c *Client) SendDTMFTones(
	ctx context.Context, callConnectionID string, target Identifier, tones []Tone, options *SendDTMFTonesOptions,
) (SendDTMFTonesResponse, error) {
	const name = "SendDTMFTones"
	var resp SendDTMFTonesResponse
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(
		refuse(target.IsZero(), "no target participant"),
		refuse(len(tones) == 0, "no tones"),
		refuse(len(tones) > maxTones, fmt.Sprintf("more than %d tones", maxTones)),
		common.check(),
	); err != nil {
		return resp, invalid(name, err.Error())
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}:sendDtmfTones",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		ok:     []int{http.StatusAccepted},
		body: struct {
			Tones             []Tone          `json:"tones"`
			TargetParticipant mediaIdentifier `json:"targetParticipant"`
			operationModel
		}{tones, mediaIdentifier(target), common},
	}, &resp)
	return resp, err
}

// StartContinuousDTMFRecognitionOptions are the optional parts of a subscription; nil means none.
type StartContinuousDTMFRecognitionOptions struct {
	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// StartContinuousDTMFRecognitionResponse is empty.
type StartContinuousDTMFRecognitionResponse struct{}

// StartContinuousDTMFRecognition subscribes to the keys that one participant
// presses. Until it is stopped, ACS reports ContinuousDtmfRecognitionToneReceived
// for each, or ContinuousDtmfRecognitionToneFailed. It runs beside other media
// operations. The client does not repeat the request.
//
// Source: CallMedia_StartContinuousDtmfRecognition,
// POST /calling/callConnections/{callConnectionId}:startContinuousDtmfRecognition.
func (c *Client) StartContinuousDTMFRecognition(
	ctx context.Context, callConnectionID string, target Identifier, options *StartContinuousDTMFRecognitionOptions,
) (StartContinuousDTMFRecognitionResponse, error) {
	return StartContinuousDTMFRecognitionResponse{}, c.post(ctx, "StartContinuousDTMFRecognition",
		connections+"/{}:startContinuousDtmfRecognition", callConnectionID, http.StatusOK,
		targetModel{mediaIdentifier(target), operationModel(orDefault(options))})
}

// StopContinuousDTMFRecognitionOptions are the optional parts of ending a subscription; nil means none.
type StopContinuousDTMFRecognitionOptions struct {
	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// StopContinuousDTMFRecognitionResponse is empty.
type StopContinuousDTMFRecognitionResponse struct{}

// StopContinuousDTMFRecognition ends the subscription.
// ContinuousDtmfRecognitionStopped follows. The client does not repeat the request.
//
// Source: CallMedia_StopContinuousDtmfRecognition,
// POST /calling/callConnections/{callConnectionId}:stopContinuousDtmfRecognition.
func (c *Client) StopContinuousDTMFRecognition(
	ctx context.Context, callConnectionID string, target Identifier, options *StopContinuousDTMFRecognitionOptions,
) (StopContinuousDTMFRecognitionResponse, error) {
	return StopContinuousDTMFRecognitionResponse{}, c.post(ctx, "StopContinuousDTMFRecognition",
		connections+"/{}:stopContinuousDtmfRecognition", callConnectionID, http.StatusOK,
		targetModel{mediaIdentifier(target), operationModel(orDefault(options))})
}
