package event

import (
	"fmt"
	"strconv"
	"strings"

	"switchboard/handler/acs"
	"switchboard/handler/acs/events"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
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
	all, err := events.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("callback: %w", err)
	}
	events := make([]call.Event, len(all))
	for i, e := range all {
		events[i] = callEvent(e, id, op)
	}
	return events, nil
}

// callEvent returns e as an event of the call.
func callEvent(e events.Event, id call.ID, op int) call.Event {
	c := e.Common()
	name := "callback " + key(e, c.CallConnectionID)
	if e.Part > 0 { // the others have the same id
		name += "." + strconv.Itoa(e.Part)
	}
	return call.Event{
		Key:           name,
		At:            e.Time,
		ConnectionID:  bound(c.CallConnectionID),
		ServerCallID:  bound(c.ServerCallID),
		CorrelationID: bound(c.CorrelationID),
		Ref:           ref(c.OperationContext, id),
		Result:        result(c.ResultInformation),
		Body:          body(e, op),
	}
}

// ref reads an operationContext "<call id>/<op>.<send>". Anything else was not
// written by this call and is zero.
func ref(context string, id call.ID) outbox.Ref {
	text, ours := strings.CutPrefix(context, string(id)+"/")
	op, send, _ := strings.Cut(text, ".")
	var r outbox.Ref
	r.Op, _ = strconv.Atoi(op)
	r.Send, _ = strconv.Atoi(send)
	if !ours || r.Op < 1 || r.Send < 1 || r.String() != text {
		return outbox.Ref{}
	}
	return r
}

// result returns r as the call keeps it; zero for nil.
func result(r *events.ResultInformation) call.Result {
	if r == nil {
		return call.Result{}
	}
	return call.Result{
		Code: r.Code, SubCode: r.SubCode, SIP: code(r.SIPDetails), Q850: code(r.Q850Details), Message: bound(r.Message),
	}
}

func code(d *events.ResultDetails) int {
	if d == nil {
		return 0
	}
	return d.Code
}

// body is what the exchange acts on; of the types that it has no use for, only
// the name.
func body(e events.Event, op int) call.Body {
	switch d := e.Data.(type) {
	case *events.CallConnected:
		return call.Connected{}
	case *events.CallDisconnected:
		return call.Disconnected{}
	case *events.AnswerFailed:
		return call.AnswerFailed{}
	case *events.CreateCallFailed:
		return call.CreateCallFailed{}
	case *events.PlayStarted:
		return call.PlayStarted{}
	case *events.PlayCompleted:
		return call.PlayCompleted{}
	case *events.PlayFailed:
		return call.PlayFailed{}
	case *events.PlayCanceled:
		return call.PlayCanceled{}
	case *events.RecognizeCompleted:
		return recognized(d)
	case *events.RecognizeFailed:
		return call.RecognizeFailed{Tones: tones(d.DTMFResult)}
	case *events.RecognizeCanceled:
		return call.RecognizeCanceled{}
	case *events.AddParticipantSucceeded:
		return call.Added{Participant: delivered(d.Participant)}
	case *events.AddParticipantFailed:
		return call.AddFailed{Participant: delivered(d.Participant)}
	case *events.ParticipantsUpdated:
		return participants(d)
	case *events.RecordingStateChanged:
		return call.RecordingStateChanged{RecordingID: bound(d.RecordingID), Active: d.State == acs.RecordingActive, Op: op}
	case *events.StartRecordingFailed:
		return call.StartRecordingFailed{RecordingID: bound(d.RecordingID), Op: op}
	}
	return call.Unknown{Type: bound(e.Type)}
}

func recognized(d *events.RecognizeCompleted) call.Recognized {
	r := call.Recognized{Tones: tones(d.DTMFResult)}
	if d.ChoiceResult != nil {
		r.Choice = bound(d.ChoiceResult.Label)
	}
	if d.SpeechResult != nil {
		r.Speech = bound(d.SpeechResult.Speech)
	}
	return r
}

// tones returns the keys that were pressed, at most maxTones of them.
func tones(r *events.DTMFResult) []string {
	if r == nil {
		return nil
	}
	var all []string
	for _, t := range r.Tones[:min(len(r.Tones), maxTones)] {
		all = append(all, bound(string(t)))
	}
	return all
}

// participants returns who is in the call, at most maxParticipants of them.
func participants(d *events.ParticipantsUpdated) call.ParticipantsUpdated {
	u := call.ParticipantsUpdated{Sequence: d.SequenceNumber, Count: len(d.Participants)}
	for _, p := range d.Participants[:min(len(d.Participants), maxParticipants)] {
		u.Participants = append(u.Participants, call.Participant{
			ID: delivered(p.Identifier), Muted: p.IsMuted, OnHold: p.IsOnHold,
		})
	}
	return u
}
