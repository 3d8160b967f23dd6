package call

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Event is something that happened to a call: what ACS reported, what it
// answered to a request, or that time went by.
type Event struct {
	// Key identifies the event among those of its call: deliveries with one key
	// count once. It is empty for a Tick, which may come any number of times.
	Key string `json:"key,omitempty"`
	// At is when the sender says it happened; zero if it does not say.
	At time.Time `json:"at,omitzero"`

	ConnectionID  string `json:"connectionId,omitempty"`
	ServerCallID  string `json:"serverCallId,omitempty"`
	CorrelationID string `json:"correlationId,omitempty"`

	// Ref is the operation that the event belongs to, by its operationContext;
	// zero if it belongs to none of ours.
	Ref outbox.Ref `json:"ref,omitzero"`
	// Result is ACS's resultInformation; zero if there was none.
	Result Result `json:"result,omitzero"`
	Body   Body   `json:"-"`
}

// Result tells how an operation or a call ended, in ACS's codes.
//
// Source: resultInformation, Azure/azure-rest-api-specs,
// communicationservicescallautomation.json, stable/2026-03-12.
type Result struct {
	Code    int    `json:"code,omitempty"`    // like an HTTP or SIP status
	SubCode int    `json:"subCode,omitempty"` // ACS's own, e.g. 560486
	SIP     int    `json:"sip,omitempty"`     // sipDetails.code
	Q850    int    `json:"q850,omitempty"`    // q850Details.code
	Message string `json:"message,omitempty"` // for people
}

// Body is the part of an Event that its kind decides.
type Body interface{ kind() string }

// Offered opens an inbound call: somebody rings a line of ours.
type Offered struct {
	Line                string `json:"line"`   // raw id of the line that is called
	Caller              string `json:"caller"` // raw id of who calls
	CallerName          string `json:"callerName,omitempty"`
	IncomingCallContext string `json:"incomingCallContext"` // incomingCallContext: what Answer and Reject need, good for some 30 s
	// Flow is what the call is taken through, pinned for its whole life.
	Flow flow.Ref `json:"flow"`
	// Limits are the deadlines that this call is held to.
	Limits Limits `json:"limits"`
}

// Dialled opens an outbound call: somebody is to be rung.
type Dialled struct {
	Dial
	Flow   flow.Ref `json:"flow"`
	Limits Limits   `json:"limits"`
}

// Buried ends a call that was listed as one that owes something but never
// written: whoever opened it has died, or is too late, or has thought better of it.
type Tombstone struct {
	Dial
}

// What ACS reports by callback.
type (
	// Connected: the call is up (CallConnected).
	Connected struct{}
	// Disconnected: the call is over (CallDisconnected).
	Disconnected struct{}
	// AnswerFailed: the answer came to nothing.
	AnswerFailed struct{}
	// CreateFailed: the dialled call came to nothing (CreateCallFailed).
	CreateCallFailed struct{}
	// PlayStarted: a prompt is being heard.
	PlayStarted struct{}
	// PlayCompleted: a prompt was heard to its end.
	PlayCompleted struct{}
	// PlayFailed: a prompt could not be played.
	PlayFailed struct{}
	// PlayCanceled: a prompt was cut short.
	PlayCanceled struct{}
	// Recognized: keys were pressed or a choice was made (RecognizeCompleted).
	Recognized struct {
		Tones  []string `json:"tones,omitempty"` // "one", "pound" …, in the order pressed
		Choice string   `json:"choice,omitempty"`
		Speech string   `json:"speech,omitempty"`
	}
	// RecognizeFailed: nothing usable was heard; Result says why.
	RecognizeFailed struct {
		// Tones are those collected before it failed, if any.
		Tones []string `json:"tones,omitempty"`
	}
	// RecognizeCanceled: the recognition was cut short.
	RecognizeCanceled struct{}
	// Added: an invited participant has joined (AddParticipantSucceeded).
	Added struct {
		Participant string `json:"participant"` // raw id
	}
	// AddFailed: an invited participant did not join (AddParticipantFailed).
	AddFailed struct {
		Participant string `json:"participant"` // raw id
	}
	// ParticipantsUpdated: who is in the call now.
	ParticipantsUpdated struct {
		Sequence     int           `json:"sequence"` // grows; a lower one is stale
		Participants []Participant `json:"participants"`
		Count        int           `json:"count"` // how many there were before the list was bounded
	}
	// RecordingChanged: a recording runs, or no longer (RecordingStateChanged).
	RecordingStateChanged struct {
		RecordingID string `json:"recordingId"`
		Active      bool   `json:"active"`
		// Op is our operation that asked for the recording, from the address
		// that the event came to; 0 if unknown.
		Op int `json:"op,omitempty"`
	}
	// RecordingFailed: a recording did not start (StartRecordingFailed).
	StartRecordingFailed struct {
		RecordingID string `json:"recordingId,omitempty"`
		Op          int    `json:"op,omitempty"`
	}
	// RecordingKept: the files of a recording are where they belong.
	FilesFiled struct {
		RecordingID string `json:"recordingId"`
		Op          int    `json:"op"`    // our operation that asked for the recording
		Files       int    `json:"files"` // how many ACS has told us of
	}
	// RecordingGone: of the files of a recording, not all will ever come.
	FilesLost struct {
		RecordingID string `json:"recordingId"`
		Op          int    `json:"op"`    // our operation that asked for the recording
		Files       int    `json:"files"` // how many ACS has told us of
		Reason      string `json:"reason"`
	}
	// Unknown: an event that this version has no use for. It is in the history.
	Unknown struct {
		Type string `json:"type"`
	}
)

// Participant is somebody in a call.
type Participant struct {
	ID     string `json:"id"` // raw id
	Muted  bool   `json:"muted,omitempty"`
	OnHold bool   `json:"onHold,omitempty"`
}

// Replied is what ACS answered to an action, or that it did not.
type Replied struct {
	Verdict Verdict `json:"verdict"`
	// Code is ACS's error code of a refusal, e.g. "8522".
	Code string `json:"code,omitempty"`
	// RetryAfter is how long a throttled request is to wait.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	// RecordingID is what starting a recording gave; it may give none.
	RecordingID string `json:"recordingId,omitempty"`
	// Participants are who is in the call, in the answer to a look; Connected that
	// a call that we placed was answered.
	Participants []Participant `json:"participants,omitempty"`
	Connected    bool          `json:"connected,omitempty"`
	// Recording is where a recording is already, in the answer to a link, with so
	// many Files, and Reason why it is lost.
	Recording RecordingState `json:"recording,omitempty"`
	Files     int            `json:"files,omitempty"`
	Reason    string         `json:"reason,omitempty"`
}

// Verdict is what is known of a request after it was sent.
type Verdict string

// The verdicts. Only Refused and Throttled are a certain no.
const (
	VerdictOK         Verdict = "ok"         // ACS took it
	VerdictRefused    Verdict = "refused"    // ACS said no, and would again
	VerdictThrottled  Verdict = "throttled"  // ACS said not now (429)
	VerdictNoResponse Verdict = "noResponse" // no answer, or a 5xx: done or not, nobody knows
)

// Tick says only that time has gone by: deadlines may be past, and actions
// without an owner may be claimed.
type Wake struct{}

func (Offered) kind() string               { return "offered" }
func (Dialled) kind() string               { return "dialled" }
func (Tombstone) kind() string             { return "tombstone" }
func (FilesFiled) kind() string            { return "filesFiled" }
func (FilesLost) kind() string             { return "filesLost" }
func (Connected) kind() string             { return "connected" }
func (Disconnected) kind() string          { return "disconnected" }
func (AnswerFailed) kind() string          { return "answerFailed" }
func (CreateCallFailed) kind() string      { return "createCallFailed" }
func (PlayStarted) kind() string           { return "playStarted" }
func (PlayCompleted) kind() string         { return "playCompleted" }
func (PlayFailed) kind() string            { return "playFailed" }
func (PlayCanceled) kind() string          { return "playCanceled" }
func (Recognized) kind() string            { return "recognized" }
func (RecognizeFailed) kind() string       { return "recognizeFailed" }
func (RecognizeCanceled) kind() string     { return "recognizeCanceled" }
func (Added) kind() string                 { return "added" }
func (AddFailed) kind() string             { return "addFailed" }
func (ParticipantsUpdated) kind() string   { return "participantsUpdated" }
func (RecordingStateChanged) kind() string { return "recordingStateChanged" }
func (StartRecordingFailed) kind() string  { return "startRecordingFailed" }
func (Unknown) kind() string               { return "unknown" }
func (Replied) kind() string               { return "replied" }
func (Wake) kind() string                  { return "wake" }

// bodies reads a body of each kind.
var bodies = map[string]func([]byte) (Body, error){
	"offered":               decodeBody[Offered],
	"dialled":               decodeBody[Dialled],
	"tombstone":             decodeBody[Tombstone],
	"filesFiled":            decodeBody[FilesFiled],
	"filesLost":             decodeBody[FilesLost],
	"connected":             decodeBody[Connected],
	"disconnected":          decodeBody[Disconnected],
	"answerFailed":          decodeBody[AnswerFailed],
	"createCallFailed":      decodeBody[CreateCallFailed],
	"playStarted":           decodeBody[PlayStarted],
	"playCompleted":         decodeBody[PlayCompleted],
	"playFailed":            decodeBody[PlayFailed],
	"playCanceled":          decodeBody[PlayCanceled],
	"recognized":            decodeBody[Recognized],
	"recognizeFailed":       decodeBody[RecognizeFailed],
	"recognizeCanceled":     decodeBody[RecognizeCanceled],
	"added":                 decodeBody[Added],
	"addFailed":             decodeBody[AddFailed],
	"participantsUpdated":   decodeBody[ParticipantsUpdated],
	"recordingStateChanged": decodeBody[RecordingStateChanged],
	"startRecordingFailed":  decodeBody[StartRecordingFailed],
	"unknown":               decodeBody[Unknown],
	"replied":               decodeBody[Replied],
	"wake":                  decodeBody[Wake],
}

func decodeBody[B Body](doc []byte) (Body, error) {
	var b B
	if len(doc) == 0 {
		return b, nil
	}
	err := json.Unmarshal(doc, &b)
	return b, err
}

// Kind names what happened, as the history does: "connected", "replied" ….
func (e Event) Kind() string {
	if e.Body == nil {
		return ""
	}
	return e.Body.kind()
}

// stored is an Event as the history row holds it.
type storedEvent struct {
	Kind string `json:"kind"`
	plainEvent
	Body json.RawMessage `json:"body,omitempty"`
}

type plainEvent Event

// MarshalJSON writes the event with its kind, so that it can be read back.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.Body == nil {
		return nil, errors.New("event without a body")
	}
	body, err := json.Marshal(e.Body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(storedEvent{Kind: e.Kind(), plainEvent: plainEvent(e), Body: body})
}

// UnmarshalJSON reads what MarshalJSON wrote. A kind it does not know is an
// error: it was written by a later version.
func (e *Event) UnmarshalJSON(doc []byte) error {
	var s storedEvent
	if err := json.Unmarshal(doc, &s); err != nil {
		return err
	}
	readBody, ok := bodies[s.Kind]
	if !ok {
		return fmt.Errorf("event kind %q: not known to this version", s.Kind)
	}
	body, err := readBody(s.Body)
	if err != nil {
		return fmt.Errorf("event body %s: %w", s.Kind, err)
	}
	*e = Event(s.plainEvent)
	e.Body = body
	return nil
}
