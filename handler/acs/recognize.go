package acs

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
)

// RecognizeInputType is the kind of input to recognize.
type RecognizeInputType string

// The input types. Choices and speech need a call with CallIntelligenceOptions.
const (
	InputDTMF         RecognizeInputType = "dtmf"
	InputChoices      RecognizeInputType = "choices"
	InputSpeech       RecognizeInputType = "speech"
	InputSpeechOrDTMF RecognizeInputType = "speechOrDtmf"
)

// Choice is one of the options that a participant may say, or select with a key.
type Choice struct {
	Label   string   `json:"label"` // comes back in RecognizeCompleted
	Phrases []string `json:"phrases"`
	Tone    Tone     `json:"tone,omitempty"`
}

// The values that are sent for options that are nil, as Microsoft's own clients do.
const (
	defaultInitialSilence = 5    // seconds
	defaultInterTone      = 2    // seconds
	defaultEndSilence     = 2000 // milliseconds
)

// RecognizeOptions are the optional parts of recognizing; nil means none.
type RecognizeOptions struct {
	// PlayPrompt is played first.
	PlayPrompt *PlaySource
	// PlayPrompts are several prompts to play first.
	PlayPrompts []PlaySource

	// InterruptPrompt lets the participant speak or press before the prompt has
	// ended; nil is the service's default.
	InterruptPrompt *bool

	// InitialSilenceTimeoutInSeconds is the time in which the participant must
	// begin, 0 to 300; nil is 5. After it RecognizeFailed 8510 follows.
	InitialSilenceTimeoutInSeconds *int32

	// InterToneTimeoutInSeconds is the longest pause between two keys, 1 to 60; nil is 2.
	InterToneTimeoutInSeconds *int32
	// MaxTonesToCollect is the number of keys that ends recognition; nil is the service's default.
	MaxTonesToCollect *int32
	// StopTones are keys that end recognition and are not collected.
	StopTones []Tone

	// Choices are the options, for InputChoices.
	Choices []Choice

	// EndSilenceTimeoutInMs is the silence that ends speech; nil is 2000.
	EndSilenceTimeoutInMs *int64

	SpeechLanguage                   string // such as "en-US", which is the service's default
	SpeechRecognitionModelEndpointID string // a custom model

	// InterruptCallMediaOperation ends running and queued media operations instead
	// of waiting for them; nil is the service's default, no.
	InterruptCallMediaOperation *bool

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// RecognizeResponse is empty.
type RecognizeResponse struct{}

// Recognize listens to one participant, after a prompt if there is one.
// RecognizeCompleted, RecognizeFailed or RecognizeCanceled follows. Time-outs
// are always sent, so that the service's defaults never apply.
//
// The client does not repeat the request. ErrIncompatibleMedia means that another
// media operation is running that this one cannot run beside.
//
// Source: CallMedia_Recognize, POST /calling/callConnections/{callConnectionId}:recognize.
func (c *Client) Recognize(
	ctx context.Context, callConnectionID string, target Identifier, input RecognizeInputType, options *RecognizeOptions,
) (RecognizeResponse, error) {
	const name = "Recognize"
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(
		refuse(target.IsZero(), "no target participant"),
		refuse(input == "", "no input type"),
		refuse(input == InputChoices && len(o.Choices) == 0, "no choices"),
		checkChoices(o.Choices),
		o.PlayPrompt.check(),
		checkSources(o.PlayPrompts),
		o.checkTimes(),
		common.check(),
	); err != nil {
		return RecognizeResponse{}, invalid(name, err.Error())
	}
	return RecognizeResponse{}, c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}:recognize",
		ids:    []string{callConnectionID},
		ok:     []int{http.StatusAccepted},
		body: struct {
			RecognizeInputType          RecognizeInputType `json:"recognizeInputType"`
			RecognizeOptions            recognizeModel     `json:"recognizeOptions"`
			PlayPrompt                  *PlaySource        `json:"playPrompt,omitempty"`
			PlayPrompts                 []PlaySource       `json:"playPrompts,omitzero"`
			InterruptCallMediaOperation *bool              `json:"interruptCallMediaOperation,omitempty"`
			operationModel
		}{input, o.model(target, input), o.PlayPrompt, o.PlayPrompts, o.InterruptCallMediaOperation, common},
	}, nil)
}

// checkTimes refuses times and counts that the service does not accept.
func (o RecognizeOptions) checkTimes() error {
	return cmp.Or(
		checkRange("InitialSilenceTimeoutInSeconds", o.InitialSilenceTimeoutInSeconds, 0, 300),
		checkRange("InterToneTimeoutInSeconds", o.InterToneTimeoutInSeconds, 1, 60),
		checkRange("MaxTonesToCollect", o.MaxTonesToCollect, 1, math.MaxInt32),
		checkRange("EndSilenceTimeoutInMs", o.EndSilenceTimeoutInMs, 0, math.MaxInt64),
	)
}

func checkChoices(choices []Choice) error {
	for _, c := range choices {
		if c.Label == "" || len(c.Phrases) == 0 {
			return errors.New("a choice lacks its label or phrases")
		}
	}
	return nil
}

// recognizeModel is the wire's RecognizeOptions.
type recognizeModel struct {
	TargetParticipant                mediaIdentifier `json:"targetParticipant"`
	InterruptPrompt                  *bool           `json:"interruptPrompt,omitempty"`
	InitialSilenceTimeoutInSeconds   int32           `json:"initialSilenceTimeoutInSeconds"`
	SpeechLanguage                   string          `json:"speechLanguage,omitempty"`
	SpeechRecognitionModelEndpointID string          `json:"speechRecognitionModelEndpointId,omitempty"`
	DTMFOptions                      *dtmfModel      `json:"dtmfOptions,omitempty"`
	Choices                          []Choice        `json:"choices,omitzero"`
	SpeechOptions                    *speechModel    `json:"speechOptions,omitempty"`
}

type dtmfModel struct {
	InterToneTimeoutInSeconds int32  `json:"interToneTimeoutInSeconds"`
	MaxTonesToCollect         *int32 `json:"maxTonesToCollect,omitempty"`
	StopTones                 []Tone `json:"stopTones,omitzero"`
}

type speechModel struct {
	EndSilenceTimeoutInMs int64 `json:"endSilenceTimeoutInMs"`
}

func (o RecognizeOptions) model(target Identifier, input RecognizeInputType) recognizeModel {
	m := recognizeModel{
		TargetParticipant:                mediaIdentifier(target),
		InterruptPrompt:                  o.InterruptPrompt,
		InitialSilenceTimeoutInSeconds:   valueOr(o.InitialSilenceTimeoutInSeconds, defaultInitialSilence),
		SpeechLanguage:                   o.SpeechLanguage,
		SpeechRecognitionModelEndpointID: o.SpeechRecognitionModelEndpointID,
		Choices:                          o.Choices,
	}
	if input == InputDTMF || input == InputSpeechOrDTMF {
		m.DTMFOptions = &dtmfModel{
			InterToneTimeoutInSeconds: valueOr(o.InterToneTimeoutInSeconds, defaultInterTone),
			MaxTonesToCollect:         o.MaxTonesToCollect,
			StopTones:                 o.StopTones,
		}
	}
	if input == InputSpeech || input == InputSpeechOrDTMF {
		m.SpeechOptions = &speechModel{valueOr(o.EndSilenceTimeoutInMs, defaultEndSilence)}
	}
	return m
}
