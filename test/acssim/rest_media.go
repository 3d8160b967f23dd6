package acssim

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// playSource is a prompt: a file, a text, or SSML.
//
// Source: PlaySource, communicationservicescallautomation.json, stable/2026-03-12.
type playSource struct {
	Kind              string      `json:"kind"`
	PlaySourceCacheID string      `json:"playSourceCacheId"`
	File              *fileSource `json:"file"`
	Text              *textSource `json:"text"`
	SSML              *ssmlSource `json:"ssml"`
}

type fileSource struct {
	URI string `json:"uri"`
}

type textSource struct {
	Text                  string `json:"text"`
	SourceLocale          string `json:"sourceLocale"`
	VoiceKind             string `json:"voiceKind"`
	VoiceName             string `json:"voiceName"`
	CustomVoiceEndpointID string `json:"customVoiceEndpointId"`
}

type ssmlSource struct {
	SSMLText              string `json:"ssmlText"`
	CustomVoiceEndpointID string `json:"customVoiceEndpointId"`
}

// prompt sets the length of op from its sources. It refuses invalid sources, and text
// without a cognitive services endpoint.
func (c *call) prompt(op *mediaOp, sources []playSource) error {
	for i, source := range sources {
		switch {
		case source.Kind == "file" && source.File != nil && source.File.URI != "":
			d := c.s.fileLength(source.File.URI)
			if d < 0 && !op.unplayable {
				op.unplayable, op.failedSource = true, i
			}
			op.length += d
			continue
		case source.Kind == "text" && source.Text != nil && source.Text.Text != "":
			op.length += speechLength(source.Text.Text)
		case source.Kind == "ssml" && source.SSML != nil && source.SSML.SSMLText != "":
			op.length += speechLength(markup.ReplaceAllString(source.SSML.SSMLText, ""))
		default:
			return refuse(http.StatusBadRequest, codeInvalidArgument, "a play source is none of file, text and ssml, or is empty")
		}
		if !c.speechReady {
			return refuse(http.StatusBadRequest, codeNoSpeech,
				"text is spoken by cognitive services, and the call was created or answered without their endpoint")
		}
	}
	return nil
}

func (s *Server) play(q *request) (reply, error) {
	var body struct {
		operationOptions
		PlaySources                 []playSource `json:"playSources"`
		PlayTo                      []identifier `json:"playTo"`
		InterruptCallMediaOperation bool         `json:"interruptCallMediaOperation"`
		PlayOptions                 struct {
			Loop bool `json:"loop"`
		} `json:"playOptions"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	if err := required("playSources", len(body.PlaySources) > 0); err != nil {
		return reply{}, err
	}
	op := &mediaOp{context: body.OperationContext, loop: body.PlayOptions.Loop}
	if op.callbackURI, err = c.operationCallback(body.OperationCallbackURI); err != nil {
		return reply{}, err
	}
	if err := c.prompt(op, body.PlaySources); err != nil {
		return reply{}, err
	}
	for _, id := range body.PlayTo {
		p, err := c.participant("playTo", &id)
		if err != nil {
			return reply{}, err
		}
		op.targets, op.subLeg = append(op.targets, p), true
	}
	if err := c.addMedia(op, body.InterruptCallMediaOperation); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusAccepted}, nil
}

// recognizeOptions is the RecognizeOptions of the schema.
type recognizeOptions struct {
	InterruptPrompt                  bool        `json:"interruptPrompt"`
	InitialSilenceTimeoutInSeconds   *int        `json:"initialSilenceTimeoutInSeconds"`
	TargetParticipant                *identifier `json:"targetParticipant"`
	SpeechLanguage                   string      `json:"speechLanguage"`
	SpeechRecognitionModelEndpointID string      `json:"speechRecognitionModelEndpointId"`
	DTMFOptions                      struct {
		InterToneTimeoutInSeconds int      `json:"interToneTimeoutInSeconds"`
		MaxTonesToCollect         int      `json:"maxTonesToCollect"`
		StopTones                 []string `json:"stopTones"`
	} `json:"dtmfOptions"`
	Choices       []choice `json:"choices"`
	SpeechOptions struct {
		EndSilenceTimeoutInMs int64 `json:"endSilenceTimeoutInMs"`
	} `json:"speechOptions"`
}

// silenceSeconds returns how long the caller may be silent, with the service's default.
func (o *recognizeOptions) silenceSeconds() int {
	if o.InitialSilenceTimeoutInSeconds == nil {
		return int(defaultInitialSilence / time.Second)
	}
	return *o.InitialSilenceTimeoutInSeconds
}

// interToneSeconds returns how long the caller may wait between tones, with the service's default.
func (o *recognizeOptions) interToneSeconds() int {
	return cmp.Or(o.DTMFOptions.InterToneTimeoutInSeconds, int(defaultInterTone/time.Second))
}

// invalid returns the name of the first invalid field; empty if all are valid.
func (o *recognizeOptions) invalid(input string) string {
	silence, between := o.silenceSeconds(), o.interToneSeconds()
	switch {
	case !slices.Contains([]string{"dtmf", "speech", "speechOrDtmf", "choices"}, input):
		return "recognizeInputType"
	case silence < 0 || silence > 300:
		return "initialSilenceTimeoutInSeconds"
	case between < 1 || between > 60:
		return "interToneTimeoutInSeconds"
	case o.DTMFOptions.MaxTonesToCollect < 0:
		return "maxTonesToCollect"
	case !areTones(o.DTMFOptions.StopTones...):
		return "stopTones"
	case o.SpeechOptions.EndSilenceTimeoutInMs < 0:
		return "endSilenceTimeoutInMs"
	case input == "choices" && len(o.Choices) == 0, slices.ContainsFunc(o.Choices, choice.invalid):
		return "choices"
	}
	return ""
}

// invalid reports whether a choice lacks a member or has an unknown tone.
func (c choice) invalid() bool {
	return c.Label == "" || len(c.Phrases) == 0 || c.Tone != "" && !areTones(c.Tone)
}

// recognition returns the recognition for an input type, or refuses invalid options.
func (o *recognizeOptions) recognition(input string) (*recognition, error) {
	if field := o.invalid(input); field != "" {
		return nil, refuse(http.StatusBadRequest, codeInvalidArgument, "the field "+field+" is invalid")
	}
	endSilence := time.Duration(o.SpeechOptions.EndSilenceTimeoutInMs) * time.Millisecond
	return &recognition{
		input: input, interruptible: o.InterruptPrompt,
		initialSilence: time.Duration(o.silenceSeconds()) * time.Second,
		interTone:      time.Duration(o.interToneSeconds()) * time.Second,
		endSilence:     cmp.Or(endSilence, defaultEndSilence), maxTones: o.DTMFOptions.MaxTonesToCollect,
		stopTones: o.DTMFOptions.StopTones, choices: o.Choices,
	}, nil
}

// areTones reports whether all of tones are names of tones.
func areTones(tones ...string) bool {
	for _, tone := range tones {
		known := false
		for _, name := range toneNames {
			known = known || name == tone
		}
		if !known {
			return false
		}
	}
	return true
}

func (s *Server) recognize(q *request) (reply, error) {
	var body struct {
		operationOptions
		RecognizeInputType          string            `json:"recognizeInputType"`
		RecognizeOptions            *recognizeOptions `json:"recognizeOptions"`
		PlayPrompt                  *playSource       `json:"playPrompt"`
		PlayPrompts                 []playSource      `json:"playPrompts"`
		InterruptCallMediaOperation bool              `json:"interruptCallMediaOperation"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	if err := required("recognizeOptions", body.RecognizeOptions != nil); err != nil {
		return reply{}, err
	}
	op := &mediaOp{context: body.OperationContext, subLeg: c.group}
	if op.recognition, err = body.RecognizeOptions.recognition(body.RecognizeInputType); err != nil {
		return reply{}, err
	}
	if op.callbackURI, err = c.operationCallback(body.OperationCallbackURI); err != nil {
		return reply{}, err
	}
	prompts := body.PlayPrompts
	if body.PlayPrompt != nil {
		prompts = append([]playSource{*body.PlayPrompt}, prompts...)
	}
	if err := c.prompt(op, prompts); err != nil {
		return reply{}, err
	}
	target, err := c.participant("targetParticipant", body.RecognizeOptions.TargetParticipant)
	if err != nil {
		return reply{}, err
	}
	op.targets = []*participant{target}
	if err := c.addMedia(op, body.InterruptCallMediaOperation); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusAccepted}, nil
}

func (s *Server) cancelAllMediaOperations(q *request) (reply, error) {
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	c.cancelMedia()
	return reply{status: http.StatusAccepted}, nil
}

// participant returns the participant that a field names.
func (c *call) participant(field string, id *identifier) (*participant, error) {
	raw, err := person(field, id)
	if err != nil {
		return nil, err
	}
	if p := c.find(raw); p != nil {
		return p, nil
	}
	return nil, refuse(http.StatusNotFound, codeNotFound, "there is no such participant")
}
