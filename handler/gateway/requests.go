package gateway

import (
	"context"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// response is ACS's answer to an accepted request: members of the reply, and ids of the call.
type response struct {
	call.Replied
	connectionID, serverCallID, correlationID string
}

// requests are the requests of all verbs that ACS performs.
var requests = map[outbox.Verb]func(*Gateway, context.Context, call.Call, outbox.Action) (response, error){
	outbox.VerbAnswer:            (*Gateway).answer,
	outbox.VerbCreate:            (*Gateway).create,
	outbox.VerbPlay:              (*Gateway).play,
	outbox.VerbRecognize:         (*Gateway).recognize,
	outbox.VerbCancelMedia:       (*Gateway).cancelMedia,
	outbox.VerbAdd:               (*Gateway).add,
	outbox.VerbStartRecording:    (*Gateway).startRecording,
	outbox.VerbHangUp:            (*Gateway).hangUp,
	outbox.VerbCheckParticipants: (*Gateway).checkParticipants,
}

func (g *Gateway) answer(ctx context.Context, c call.Call, a outbox.Action) (response, error) {
	res, err := g.Client.AnswerCall(ctx, c.IncomingCallContext, g.CallbackURL(c.ID, 0), &acs.AnswerCallOptions{
		Repeatability: pair(c.ID, a), OperationContext: operationContext(c.ID, a.Ref), CallIntelligenceOptions: g.speech(),
	})
	return response{connectionID: res.CallConnectionID, serverCallID: res.ServerCallID}, err
}

func (g *Gateway) create(ctx context.Context, c call.Call, a outbox.Action) (response, error) {
	options := &acs.CreateCallOptions{
		Repeatability: pair(c.ID, a), OperationContext: operationContext(c.ID, a.Ref), CallIntelligenceOptions: g.speech(),
	}
	if line := acs.ParseRawID(c.Line); teamsPhone(c) {
		options.TeamsAppSource = line // ACS refuses a number beside it
	} else {
		options.SourceCallerIDNumber = line
	}
	res, err := g.Client.CreateCall(ctx, []acs.Identifier{acs.ParseRawID(a.Target)}, g.CallbackURL(c.ID, 0), options)
	return response{
		connectionID: res.CallConnectionID, serverCallID: res.ServerCallID, correlationID: res.CorrelationID,
	}, err
}

func (g *Gateway) play(ctx context.Context, c call.Call, a outbox.Action) (response, error) {
	_, err := g.Client.Play(ctx, c.ConnectionID, []acs.PlaySource{source(a.Prompt)}, &acs.PlayOptions{
		Loop: a.Loop, InterruptCallMediaOperation: interrupts(a), OperationContext: operationContext(c.ID, a.Ref),
	})
	return response{}, err
}

// interToneTimeout is how long a caller may wait between two keys. A menu takes one key, but ACS requires a
// time of 1 s to 60 s.
const interToneTimeout = 2 * time.Second

func (g *Gateway) recognize(ctx context.Context, c call.Call, a outbox.Action) (response, error) {
	prompt := source(a.Prompt)
	_, err := g.Client.Recognize(ctx, c.ConnectionID, acs.ParseRawID(a.Target), acs.InputDTMF, &acs.RecognizeOptions{
		PlayPrompt:                     &prompt,
		InterruptPrompt:                new(true),
		InitialSilenceTimeoutInSeconds: seconds(a.Silence),
		InterToneTimeoutInSeconds:      seconds(interToneTimeout),
		MaxTonesToCollect:              new(int32(1)),
		InterruptCallMediaOperation:    interrupts(a),
		OperationContext:               operationContext(c.ID, a.Ref),
	})
	return response{}, err
}

func (g *Gateway) cancelMedia(ctx context.Context, c call.Call, _ outbox.Action) (response, error) {
	_, err := g.Client.CancelAllMediaOperations(ctx, c.ConnectionID, nil)
	return response{}, err
}

func (g *Gateway) add(ctx context.Context, c call.Call, a outbox.Action) (response, error) {
	_, err := g.Client.AddParticipant(ctx, c.ConnectionID, acs.ParseRawID(a.Target), &acs.AddParticipantOptions{
		Repeatability: pair(c.ID, a), TeamsPhone: teamsPhone(c),
		InvitationTimeoutInSeconds: seconds(a.Ring), OperationContext: operationContext(c.ID, a.Ref),
	})
	return response{}, err
}

func (g *Gateway) startRecording(ctx context.Context, c call.Call, a outbox.Action) (response, error) {
	target := acs.RecordingTarget{CallConnectionID: c.ConnectionID}
	res, err := g.Client.StartRecording(ctx, target, &acs.StartRecordingOptions{
		Repeatability:             pair(c.ID, a),
		TeamsPhone:                teamsPhone(c),
		RecordingStateCallbackURI: g.CallbackURL(c.ID, a.Op),
		Content:                   acs.ContentAudio,
		Channel:                   acs.RecordingChannel(a.Channels),
		Format:                    acs.FormatWAV,
	})
	return response{Replied: call.Replied{RecordingID: res.RecordingID}}, err
}

func (g *Gateway) hangUp(ctx context.Context, c call.Call, a outbox.Action) (response, error) {
	_, err := g.Client.TerminateCall(ctx, c.ConnectionID, &acs.TerminateCallOptions{Repeatability: pair(c.ID, a)})
	return response{}, err
}

// checkParticipants lists the participants of the call. For an outbound call that rings, it asks first
// whether the callee has answered.
func (g *Gateway) checkParticipants(ctx context.Context, c call.Call, _ outbox.Action) (response, error) {
	var res response
	if c.State == call.StateRinging && c.Direction == call.DirectionOutbound {
		state, err := g.Client.GetCall(ctx, c.ConnectionID, nil)
		if res.Connected = state.State == acs.StateConnected; err != nil || !res.Connected {
			return res, err
		}
	}
	for pages := g.Client.NewGetParticipantsPager(c.ConnectionID, nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return response{}, err
		}
		for _, p := range page.Value {
			res.Participants = append(res.Participants, call.Participant{
				ID: p.Identifier.RawID(), Muted: p.IsMuted, OnHold: p.IsOnHold,
			})
		}
	}
	return res, nil
}

// teamsPhone reports whether the call's line is a Teams resource account.
func teamsPhone(c call.Call) bool { return acs.ParseRawID(c.Line).Kind == acs.KindTeamsApp }

// speech returns the resource that speaks texts; nil if there is none.
func (g *Gateway) speech() *acs.CallIntelligenceOptions {
	if g.CognitiveServices == "" {
		return nil
	}
	return &acs.CallIntelligenceOptions{CognitiveServicesEndpoint: g.CognitiveServices}
}

// source returns the prompt as ACS's play source.
func source(p *flow.Prompt) acs.PlaySource {
	if p.File != "" {
		return acs.PlaySource{File: &acs.FileSource{URI: p.File}}
	}
	voice := p.Voice
	if voice == "" {
		voice = flow.DefaultVoice
	}
	return acs.PlaySource{Text: &acs.TextSource{Text: p.Text, VoiceName: voice}}
}

// interrupts returns true if ACS is to stop what an earlier send of the action may have started, and else
// nil.
func interrupts(a outbox.Action) *bool {
	if !a.Repeated() {
		return nil
	}
	return new(true)
}

// seconds returns d in whole seconds, rounded up: a telephone may ring too long, but must not stop too soon.
func seconds(d time.Duration) *int32 {
	return new(int32((d + time.Second - 1) / time.Second))
}
