package event

import (
	"fmt"
	"strconv"
	"strings"

	"switchboard/handler/acs"
	"switchboard/handler/call"
)

// ParseCallbacks reads the body of a callback about a call: an array of
// CloudEvents, or one alone. It fails only if that is not what it is. Events of
// unknown types are among the results, with a call.Unknown as their body.
//
// An event's operationContext is its Ref if it is one of this call's. The op is
// the operation that the callback's address names, 0 if it names none: events
// about recordings carry no operationContext.
//
// Source: "Call Automation webhook events", Azure/azure-rest-api-specs,
// communicationservicescallautomation.json, stable/2026-03-12.
func ParseCallbacks(body []byte, id call.ID, op int) ([]call.Event, error) {
	all, err := parse(body)
	if err != nil {
		return nil, fmt.Errorf("callback: %w", err)
	}
	events := make([]call.Event, len(all))
	for i, p := range all {
		events[i] = p.callback(id, op)
	}
	return events, nil
}

// callback is p as the exchange sees it.
func (p parsed) callback(id call.ID, op int) call.Event {
	var c Common
	if data, ok := p.Data.(interface{ common() *Common }); ok {
		c = *data.common()
	} else if u, ok := p.Data.(*Unknown); ok && len(u.JSON) > 0 {
		_ = decode(u.JSON, &c) // whatever it is, it may say whose it is
	}
	key := "callback " + p.envelope.key(c.CallConnectionID)
	if p.part > 0 { // the others have the same id
		key += "." + strconv.Itoa(p.part)
	}
	return call.Event{
		Key:           key,
		At:            p.Time,
		ConnectionID:  bound(c.CallConnectionID),
		ServerCallID:  bound(c.ServerCallID),
		CorrelationID: bound(c.CorrelationID),
		Ref:           ref(c.OperationContext, id),
		Result:        c.ResultInformation.result(),
		Body:          body(p.Event, op),
	}
}

// ref reads an operationContext "<call id>/<op>.<send>". Anything else was not
// written by this call and is zero.
func ref(context string, id call.ID) call.Ref {
	text, ours := strings.CutPrefix(context, string(id)+"/")
	op, send, _ := strings.Cut(text, ".")
	var r call.Ref
	r.Op, _ = strconv.Atoi(op)
	r.Send, _ = strconv.Atoi(send)
	if !ours || r.Op < 1 || r.Send < 1 || r.String() != text {
		return call.Ref{}
	}
	return r
}

func (r *ResultInformation) result() call.Result {
	if r == nil {
		return call.Result{}
	}
	return call.Result{
		Code: r.Code, SubCode: r.SubCode, SIP: r.SIPDetails.code(), Q850: r.Q850Details.code(), Message: bound(r.Message),
	}
}

func (d *ResultDetails) code() int {
	if d == nil {
		return 0
	}
	return d.Code
}

// body is what the exchange acts on; of the types that it has no use for, only
// the name.
func body(e Event, op int) call.Body {
	switch d := e.Data.(type) {
	case *CallConnected:
		return call.Connected{}
	case *CallDisconnected:
		return call.Disconnected{}
	case *AnswerFailed:
		return call.AnswerFailed{}
	case *CreateCallFailed:
		return call.CreateCallFailed{}
	case *PlayStarted:
		return call.PlayStarted{}
	case *PlayCompleted:
		return call.PlayCompleted{}
	case *PlayFailed:
		return call.PlayFailed{}
	case *PlayCanceled:
		return call.PlayCanceled{}
	case *RecognizeCompleted:
		return d.recognized()
	case *RecognizeFailed:
		return call.RecognizeFailed{Tones: d.DTMFResult.bounded()}
	case *RecognizeCanceled:
		return call.RecognizeCanceled{}
	case *AddParticipantSucceeded:
		return call.Added{Participant: delivered(d.Participant)}
	case *AddParticipantFailed:
		return call.AddFailed{Participant: delivered(d.Participant)}
	case *ParticipantsUpdated:
		return d.bounded()
	case *RecordingStateChanged:
		return call.RecordingStateChanged{RecordingID: bound(d.RecordingID), Active: d.State == acs.RecordingActive, Op: op}
	case *StartRecordingFailed:
		return call.StartRecordingFailed{RecordingID: bound(d.RecordingID), Op: op}
	}
	return call.Unknown{Type: bound(e.Type)}
}

func (d *RecognizeCompleted) recognized() call.Recognized {
	r := call.Recognized{Tones: d.DTMFResult.bounded()}
	if d.ChoiceResult != nil {
		r.Choice = bound(d.ChoiceResult.Label)
	}
	if d.SpeechResult != nil {
		r.Speech = bound(d.SpeechResult.Speech)
	}
	return r
}

func (r *DTMFResult) bounded() []string {
	if r == nil {
		return nil
	}
	var tones []string
	for _, t := range r.Tones[:min(len(r.Tones), maxTones)] {
		tones = append(tones, bound(string(t)))
	}
	return tones
}

func (d *ParticipantsUpdated) bounded() call.ParticipantsUpdated {
	u := call.ParticipantsUpdated{Sequence: d.SequenceNumber, Count: len(d.Participants)}
	for _, p := range d.Participants[:min(len(d.Participants), maxParticipants)] {
		u.Participants = append(u.Participants, call.Participant{
			ID: delivered(p.Identifier), Muted: p.IsMuted, OnHold: p.IsOnHold,
		})
	}
	return u
}
