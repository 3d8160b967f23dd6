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

// ParseCallbacks reads the body of a callback about a call: an array of CloudEvents, or one
// CloudEvent. Any other body is an error. An event of an unknown type has the body call.Unknown.
//
// The Ref of an event is its operationContext, or zero if this call did not write that. The op is
// the operation that the callback's address names, 0 if it names none. It is needed because
// events about recordings have no operationContext.
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
	if e.Part > 0 { // the other parts have the same id
		name += "." + strconv.Itoa(e.Part)
	}
	return call.Event{
		Key:           name,
		At:            e.Time,
		ConnectionID:  truncate(c.CallConnectionID),
		ServerCallID:  truncate(c.ServerCallID),
		CorrelationID: truncate(c.CorrelationID),
		Ref:           ref(c.OperationContext, id),
		Result:        result(c.ResultInformation),
		Body:          body(e, op),
	}
}

// ref reads an operationContext "<call id>/<op>.<send>". It returns zero for any other, which
// this call did not write.
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

// result returns r as the call stores it; zero for nil.
func result(r *events.ResultInformation) call.Result {
	if r == nil {
		return call.Result{}
	}
	return call.Result{
		Code: r.Code, SubCode: r.SubCode, SIP: resultCode(r.SIPDetails), Q850: resultCode(r.Q850Details), Message: truncate(r.Message),
	}
}

// resultCode returns the code of d; 0 for nil.
func resultCode(d *events.ResultDetails) int {
	if d == nil {
		return 0
	}
	return d.Code
}

// body returns the event's data as a body for package call; call.Unknown for a type that calls
// have no use for.
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
		return call.Added{Participant: rawID(d.Participant)}
	case *events.AddParticipantFailed:
		return call.AddFailed{Participant: rawID(d.Participant)}
	case *events.ParticipantsUpdated:
		return participants(d)
	case *events.RecordingStateChanged:
		return call.RecordingStateChanged{RecordingID: truncate(d.RecordingID), Active: d.State == acs.RecordingActive, Op: op}
	case *events.StartRecordingFailed:
		return call.StartRecordingFailed{RecordingID: truncate(d.RecordingID), Op: op}
	}
	return call.Unknown{Type: truncate(e.Type)}
}

// recognized returns what was pressed or said.
func recognized(d *events.RecognizeCompleted) call.Recognized {
	r := call.Recognized{Tones: tones(d.DTMFResult)}
	if d.ChoiceResult != nil {
		r.Choice = truncate(d.ChoiceResult.Label)
	}
	if d.SpeechResult != nil {
		r.Speech = truncate(d.SpeechResult.Speech)
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
		all = append(all, truncate(string(t)))
	}
	return all
}

// participants returns the participants of the call, at most maxParticipants of them, and their
// number.
func participants(d *events.ParticipantsUpdated) call.ParticipantsUpdated {
	u := call.ParticipantsUpdated{Sequence: d.SequenceNumber, Count: len(d.Participants)}
	for _, p := range d.Participants[:min(len(d.Participants), maxParticipants)] {
		u.Participants = append(u.Participants, call.Participant{
			ID: rawID(p.Identifier), Muted: p.IsMuted, OnHold: p.IsOnHold,
		})
	}
	return u
}
