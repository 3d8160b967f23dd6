package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

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
	var docs []json.RawMessage
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		docs = []json.RawMessage{trimmed}
	} else if err := json.Unmarshal(body, &docs); err != nil {
		return nil, fmt.Errorf("callback: %w", err)
	}
	events := make([]call.Event, 0, len(docs))
	for i, doc := range docs {
		e, err := parseCallback(doc, id, op)
		if err != nil {
			return nil, fmt.Errorf("callback event %d: %w", i, err)
		}
		events = append(events, e)
	}
	return events, nil
}

// callbackData is the union of the members that our events have.
type callbackData struct {
	CallConnectionID  string             `json:"callConnectionId"`
	ServerCallID      string             `json:"serverCallId"`
	CorrelationID     string             `json:"correlationId"`
	OperationContext  string             `json:"operationContext"`
	ResultInformation *resultInformation `json:"resultInformation"`

	Participant    party             `json:"participant"`
	Participants   []callParticipant `json:"participants"`
	SequenceNumber int               `json:"sequenceNumber"`

	DTMFResult struct {
		Tones []string `json:"tones"`
	} `json:"dtmfResult"`
	ChoiceResult struct {
		Label string `json:"label"`
	} `json:"choiceResult"`
	SpeechResult struct {
		Speech string `json:"speech"`
	} `json:"speechResult"`

	RecordingID string `json:"recordingId"`
	State       string `json:"state"`
}

type resultInformation struct {
	Code        int    `json:"code"`
	SubCode     int    `json:"subCode"`
	Message     string `json:"message"`
	SIPDetails  detail `json:"sipDetails"`
	Q850Details detail `json:"q850Details"`
}

type detail struct {
	Code int `json:"code"`
}

type callParticipant struct {
	Identifier party `json:"identifier"`
	IsMuted    bool  `json:"isMuted"`
	IsOnHold   bool  `json:"isOnHold"`
}

func parseCallback(doc []byte, id call.ID, op int) (call.Event, error) {
	if len(doc) == 0 || doc[0] != '{' {
		return call.Event{}, errors.New("not an object")
	}
	var e envelope
	if err := decode(doc, &e); err != nil {
		return call.Event{}, err
	}
	var data callbackData
	if len(e.Data) > 0 {
		if err := decode(e.Data, &data); err != nil {
			return call.Event{}, err
		}
	}
	return call.Event{
		Key:           "callback " + e.key(data.CallConnectionID),
		At:            e.at(),
		ConnectionID:  bound(data.CallConnectionID),
		ServerCallID:  bound(data.ServerCallID),
		CorrelationID: bound(data.CorrelationID),
		Ref:           ref(data.OperationContext, id),
		Result:        data.ResultInformation.result(),
		Body:          data.body(e.kind(), op),
	}, nil
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

func (r *resultInformation) result() call.Result {
	if r == nil {
		return call.Result{}
	}
	return call.Result{
		Code: r.Code, SubCode: r.SubCode, SIP: r.SIPDetails.Code, Q850: r.Q850Details.Code, Message: bound(r.Message),
	}
}

// body is the part of the event that its type decides.
func (d callbackData) body(eventType string, op int) call.Body {
	name, _ := strings.CutPrefix(eventType, typePrefix)
	switch name {
	case "CallConnected":
		return call.Connected{}
	case "CallDisconnected":
		return call.Disconnected{}
	case "AnswerFailed":
		return call.AnswerFailed{}
	case "CreateCallFailed":
		return call.CreateFailed{}
	case "PlayStarted":
		return call.PlayStarted{}
	case "PlayCompleted":
		return call.PlayCompleted{}
	case "PlayFailed":
		return call.PlayFailed{}
	case "PlayCanceled":
		return call.PlayCanceled{}
	case "RecognizeCompleted":
		return call.Recognized{
			Tones: d.tones(), Choice: bound(d.ChoiceResult.Label), Speech: bound(d.SpeechResult.Speech),
		}
	case "RecognizeFailed":
		return call.RecognizeFailed{Tones: d.tones()}
	case "RecognizeCanceled":
		return call.RecognizeCanceled{}
	case "AddParticipantSucceeded":
		return call.Added{Participant: string(d.Participant)}
	case "AddParticipantFailed":
		return call.AddFailed{Participant: string(d.Participant)}
	case "ParticipantsUpdated":
		return d.participantsUpdated()
	case "RecordingStateChanged":
		return call.RecordingChanged{RecordingID: bound(d.RecordingID), Active: d.State == "active", Op: op}
	case "StartRecordingFailed":
		return call.RecordingFailed{RecordingID: bound(d.RecordingID), Op: op}
	}
	return call.Unknown{Type: bound(eventType)}
}

func (d callbackData) tones() []string {
	var tones []string
	for _, t := range d.DTMFResult.Tones[:min(len(d.DTMFResult.Tones), maxTones)] {
		tones = append(tones, bound(t))
	}
	return tones
}

func (d callbackData) participantsUpdated() call.ParticipantsUpdated {
	u := call.ParticipantsUpdated{Sequence: d.SequenceNumber, Count: len(d.Participants)}
	for _, p := range d.Participants[:min(len(d.Participants), maxParticipants)] {
		u.Participants = append(u.Participants, call.Participant{
			ID: string(p.Identifier), Muted: p.IsMuted, OnHold: p.IsOnHold,
		})
	}
	return u
}
