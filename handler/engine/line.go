package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// ACS is the Line to Azure Communication Services.
type Gateway struct {
	Client *acs.Client
	// CallbackURL is where ACS reports on the call; with an operation's number,
	// on the recording that the operation asked for.
	CallbackURL func(id call.ID, op int) string
	// CognitiveServices is the endpoint of the resource that speaks texts; empty
	// if there is none, then texts cannot be played.
	CognitiveServices string
}

// interTone is how long a caller may wait between two keys. Our menus take one
// key, but ACS wants a time from 1 s to 60 s.
const interTone = 2 * time.Second

// Do sends one request for the action and returns ACS's answer as an event.
func (l *Gateway) Send(ctx context.Context, c call.Call, a outbox.Action) call.Event {
	reply := call.Event{
		Key: ReplyKey(a),
		At:  time.Now().UTC().Round(0),
		Ref: a.Ref,
	}
	began := time.Now()
	done, err := l.request(ctx, c, a, &reply)
	if err != nil {
		done = verdict(err)
		reply.Result = resultOf(err)
	}
	reply.Body = done
	zerolog.Ctx(ctx).Debug().Str("call", string(c.ID)).Str("action", string(a.Verb)).Str("status", string(done.Verdict)).
		Str("code", done.Code).Int64("ms", time.Since(began).Milliseconds()).Err(err).Msg("action sent")
	return reply
}

// replyKey identifies the answer to one request for an action.
func ReplyKey(a outbox.Action) string { return fmt.Sprintf("reply %s %d", a.Ref, a.Leases) }

// send makes the request that the verb stands for.
func (l *Gateway) request(ctx context.Context, c call.Call, a outbox.Action, reply *call.Event) (call.Replied, error) {
	done := call.Replied{Verdict: call.VerdictOK}
	connection := c.ConnectionID
	opContext := operationContext(c.ID, a.Ref)
	var err error
	switch a.Verb {
	case outbox.VerbAnswer:
		var res acs.AnswerCallResponse
		res, err = l.Client.AnswerCall(ctx, c.IncomingCallContext, l.CallbackURL(c.ID, 0), &acs.AnswerCallOptions{
			Repeatability: pair(c.ID, a), OperationContext: opContext, CallIntelligenceOptions: l.speech(),
		})
		reply.ConnectionID, reply.ServerCallID = res.CallConnectionID, res.ServerCallID
	case outbox.VerbCreate:
		var res acs.CreateCallResponse
		options := &acs.CreateCallOptions{
			Repeatability: pair(c.ID, a), OperationContext: opContext, CallIntelligenceOptions: l.speech(),
		}
		if line := acs.ParseRawID(c.Line); teamsPhone(c) {
			options.TeamsAppSource = line // a number beside it is refused
		} else {
			options.SourceCallerIDNumber = line
		}
		res, err = l.Client.CreateCall(ctx, []acs.Identifier{acs.ParseRawID(a.Target)}, l.CallbackURL(c.ID, 0), options)
		reply.ConnectionID, reply.ServerCallID, reply.CorrelationID = res.CallConnectionID, res.ServerCallID, res.CorrelationID
	case outbox.VerbPlay:
		_, err = l.Client.Play(ctx, connection, []acs.PlaySource{source(a.Prompt)}, &acs.PlayOptions{
			Loop: a.Loop, InterruptCallMediaOperation: repeated(a), OperationContext: opContext,
		})
	case outbox.VerbRecognize:
		prompt := source(a.Prompt)
		_, err = l.Client.Recognize(ctx, connection, acs.ParseRawID(a.Target), acs.InputDTMF, &acs.RecognizeOptions{
			PlayPrompt:                     &prompt,
			InterruptPrompt:                new(true),
			InitialSilenceTimeoutInSeconds: seconds(a.Silence),
			InterToneTimeoutInSeconds:      seconds(interTone),
			MaxTonesToCollect:              new(int32(1)),
			InterruptCallMediaOperation:    repeated(a),
			OperationContext:               opContext,
		})
	case outbox.VerbCancelMedia:
		_, err = l.Client.CancelAllMediaOperations(ctx, connection, nil)
	case outbox.VerbAdd:
		_, err = l.Client.AddParticipant(ctx, connection, acs.ParseRawID(a.Target), &acs.AddParticipantOptions{
			Repeatability: pair(c.ID, a), TeamsPhone: teamsPhone(c),
			InvitationTimeoutInSeconds: seconds(a.Ring), OperationContext: opContext,
		})
	case outbox.VerbStartRecording:
		var res acs.StartRecordingResponse
		target := acs.RecordingTarget{CallConnectionID: connection}
		res, err = l.Client.StartRecording(ctx, target, &acs.StartRecordingOptions{
			Repeatability:             pair(c.ID, a),
			TeamsPhone:                teamsPhone(c),
			RecordingStateCallbackURI: l.CallbackURL(c.ID, a.Op),
			Content:                   acs.ContentAudio,
			Channel:                   acs.RecordingChannel(a.Channels),
			Format:                    acs.FormatWAV,
		})
		done.RecordingID = res.RecordingID
	case outbox.VerbHangUp:
		_, err = l.Client.TerminateCall(ctx, connection, &acs.TerminateCallOptions{Repeatability: pair(c.ID, a)})
	case outbox.VerbCheckParticipants:
		if c.State == call.StateRinging && c.Direction == call.DirectionOutbound {
			var res acs.GetCallResponse
			if res, err = l.Client.GetCall(ctx, connection, nil); err != nil {
				break
			}
			if done.Connected = res.State == acs.StateConnected; !done.Connected {
				break
			}
		}
		done.Participants, err = l.participants(ctx, connection)
	default:
		err = fmt.Errorf("verb %q: %w", a.Verb, acs.ErrInvalidRequest)
	}
	return done, err
}

// teamsPhone reports whether the call's line is a Teams resource account.
func teamsPhone(c call.Call) bool { return acs.ParseRawID(c.Line).Kind == acs.KindTeamsApp }

// participants returns who is in the call.
func (l *Gateway) participants(ctx context.Context, connection string) ([]call.Participant, error) {
	var all []call.Participant
	for pages := l.Client.NewGetParticipantsPager(connection, nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Value {
			all = append(all, call.Participant{ID: p.Identifier.RawID(), Muted: p.IsMuted, OnHold: p.IsOnHold})
		}
	}
	return all, nil
}

// verdict tells what is known of a request that did not succeed.
func verdict(err error) call.Replied {
	e, ok := errors.AsType[*acs.Error](err)
	switch {
	case !ok && errors.Is(err, acs.ErrInvalidRequest):
		return call.Replied{Verdict: call.VerdictRefused}
	case !ok:
		return call.Replied{Verdict: call.VerdictNoResponse}
	case errors.Is(e, acs.ErrThrottled):
		return call.Replied{Verdict: call.VerdictThrottled, Code: e.Code, RetryAfter: e.RetryAfter}
	case e.Refused():
		return call.Replied{Verdict: call.VerdictRefused, Code: refusalCode(e)}
	default: // no answer, a 5xx, or a success that cannot be read
		return call.Replied{Verdict: call.VerdictNoResponse, Code: e.Code}
	}
}

// refusalCode is ACS's numeric code of a refusal, or the status when that alone
// says what is the matter.
func refusalCode(e *acs.Error) string {
	if errors.Is(e, acs.ErrGone) {
		return call.CodeGone
	}
	if code := numericCode(e); code != 0 {
		return strconv.Itoa(code)
	}
	if e.Status == 0 { // our own client would not send it
		return ""
	}
	return strconv.Itoa(e.Status)
}

// numericCode is ACS's own code of a refusal, or 0.
func numericCode(e *acs.Error) int {
	for _, text := range []string{e.Code, e.SubCode} {
		if code, err := strconv.Atoi(text); err == nil {
			return code
		}
	}
	return 0
}

// resultOf is a refusal in the form in which ACS's events tell how things ended.
func resultOf(err error) call.Result {
	e, ok := errors.AsType[*acs.Error](err)
	if !ok || e.Status < http.StatusBadRequest {
		return call.Result{}
	}
	return call.Result{Code: e.Status, SubCode: numericCode(e), Message: e.Message}
}

// pair is the Repeatability pair of one send of an action: the same on every
// machine and after every crash.
func pair(id call.ID, a outbox.Action) acs.Repeatability {
	return acs.Repeatability{RequestID: requestID(id, a.Ref), FirstSent: a.FirstSent}
}

// requests is the name space of request ids; any fixed value does.
var requests = uuid.MustParse("a5b8a3f6-6f0b-4c44-9d26-5a0b7c1e2f10")

// requestID derives the id of a request in the version 4 form that ACS asks for.
func requestID(id call.ID, ref outbox.Ref) string {
	return uuid.NewHash(sha256.New(), requests, []byte(string(id)+"/"+ref.String()), 4).String()
}

// operationContext comes back in the events of an operation.
func operationContext(id call.ID, ref outbox.Ref) string { return string(id) + "/" + ref.String() }

func (l *Gateway) speech() *acs.CallIntelligenceOptions {
	if l.CognitiveServices == "" {
		return nil
	}
	return &acs.CallIntelligenceOptions{CognitiveServicesEndpoint: l.CognitiveServices}
}

// source is a prompt as ACS plays it.
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

// repeated asks ACS to stop what an earlier send of the action may have begun.
func repeated(a outbox.Action) *bool {
	if !a.Repeated() {
		return nil
	}
	return new(true)
}

// seconds rounds up: a telephone that rings too long beats one that stops too soon.
func seconds(d time.Duration) *int32 {
	return new(int32((d + time.Second - 1) / time.Second))
}
