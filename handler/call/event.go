package call

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Event is something that happened to a call: a report of ACS, the reply to an action, a request of our own,
// or the passing of time.
type Event struct {
	// Key identifies the event among those of its call: of several deliveries with one key, one counts. It
	// is empty for a Wake, which may come any number of times.
	Key string `json:"key,omitempty"`
	// At is the time of the event as its sender reports it; zero if it reports none.
	At time.Time `json:"at,omitzero"`

	ConnectionID  string `json:"connectionId,omitempty"`
	ServerCallID  string `json:"serverCallId,omitempty"`
	CorrelationID string `json:"correlationId,omitempty"`

	// Ref is the operation that the event belongs to, from its operationContext; zero if it belongs to none
	// of ours.
	Ref outbox.Ref `json:"ref,omitzero"`
	// Result is ACS's resultInformation; zero if there was none.
	Result Result `json:"result,omitzero"`
	Body   Body   `json:"-"`
}

// Result is how an operation or a call ended, in ACS's codes.
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

// Body is the part of an Event that depends on its kind.
type Body interface{ kind() string }

// Offered opens an inbound call: a person calls one of our lines.
type Offered struct {
	Line                string `json:"line"`                // raw id of the line that is called
	Caller              string `json:"caller"`              // raw id of the caller
	IncomingCallContext string `json:"incomingCallContext"` // needed to answer; valid for some 30 s
	// Flow is the flow that the call is taken through, in the version that it keeps until its end.
	Flow flow.Ref `json:"flow"`
	// Limits are the longest times that this call waits.
	Limits Limits `json:"limits"`
}

// Dialled opens an outbound call: a person is to be called.
type Dialled struct {
	Dial
	Flow   flow.Ref `json:"flow"`
	Limits Limits   `json:"limits"`
}

// Tombstone ends a call that was scheduled but whose row was never written, because the process that was
// opening it crashed, was too slow, or gave up. The call cannot be opened after that.
type Tombstone struct {
	Dial
}

// What ACS reports by callback.
type (
	// Connected: the call is up (CallConnected).
	Connected struct{}
	// Disconnected: the call has ended (CallDisconnected).
	Disconnected struct{}
	// AnswerFailed: the answer failed.
	AnswerFailed struct{}
	// CreateCallFailed: the dialled call was not connected.
	CreateCallFailed struct{}
	// PlayStarted: a prompt has begun.
	PlayStarted struct{}
	// PlayCompleted: a prompt was played to its end.
	PlayCompleted struct{}
	// PlayFailed: a prompt could not be played.
	PlayFailed struct{}
	// PlayCanceled: a prompt was stopped before its end.
	PlayCanceled struct{}
	// Recognized: keys were pressed or a choice was made (RecognizeCompleted).
	Recognized struct {
		Tones  []string `json:"tones,omitempty"` // "one", "pound" …, in the order pressed
		Choice string   `json:"choice,omitempty"`
		Speech string   `json:"speech,omitempty"`
	}
	// RecognizeFailed: nothing usable was recognized; Event.Result has the reason.
	RecognizeFailed struct {
		// Tones are the tones collected before the failure.
		Tones []string `json:"tones,omitempty"`
	}
	// RecognizeCanceled: the recognition was stopped before its end.
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
		Count        int           `json:"count"` // number of participants before the list was truncated
	}
	// RecordingStateChanged: a recording runs, or has stopped.
	RecordingStateChanged struct {
		RecordingID string `json:"recordingId"`
		Active      bool   `json:"active"`
		// Op is our operation that started the recording, from the address that the event was sent to; 0 if
		// unknown.
		Op int `json:"op,omitempty"`
	}
	// StartRecordingFailed: a recording did not start.
	StartRecordingFailed struct {
		RecordingID string `json:"recordingId,omitempty"`
		Op          int    `json:"op,omitempty"`
	}
	// FilesFiled: all files of a recording that ACS has reported are filed.
	FilesFiled struct {
		RecordingID string `json:"recordingId"`
		Op          int    `json:"op"`    // our operation that started the recording
		Files       int    `json:"files"` // number of files that ACS has reported
	}
	// FilesLost: at least one file of a recording will never come.
	FilesLost struct {
		RecordingID string `json:"recordingId"`
		Op          int    `json:"op"`    // our operation that started the recording
		Files       int    `json:"files"` // number of files that ACS has reported
		Reason      string `json:"reason"`
	}
	// Unknown: an event that this version does not use. The history keeps it.
	Unknown struct {
		Type string `json:"type"`
	}
)

// Participant is one end of a call, as ACS lists it.
type Participant struct {
	ID     string `json:"id"` // raw id
	Muted  bool   `json:"muted,omitempty"`
	OnHold bool   `json:"onHold,omitempty"`
}

// Replied is the reply to an action, or the news that none came.
type Replied struct {
	Verdict Verdict `json:"verdict"`
	// Code is ACS's error code of a refusal, e.g. "8522"; empty if it gave none.
	Code string `json:"code,omitempty"`
	// Status is the HTTP status of a refusal; 0 if our own client refused the request.
	Status int `json:"status,omitempty"`
	// RetryAfter is how long ACS asks a throttled request to wait.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	// RecordingID is ACS's id of a recording that was started; the reply may lack it.
	RecordingID string `json:"recordingId,omitempty"`
	// Participants are the participants of the call, in the reply to a check of participants.
	Participants []Participant `json:"participants,omitempty"`
	// Connected reports that an outbound call is answered, in the reply to a check of participants.
	Connected bool `json:"connected,omitempty"`
	// Recording is the state of a recording whose files are filed or lost already, in the reply to a link.
	Recording RecordingState `json:"recording,omitempty"`
	// Files is the number of files that ACS has reported of that recording.
	Files int `json:"files,omitempty"`
	// Reason is why that recording is lost.
	Reason string `json:"reason,omitempty"`
}

// Verdict is what is known of a request after it was sent.
type Verdict string

// The verdicts. VerdictRefused and VerdictThrottled are certain: the request was not performed.
const (
	VerdictOK         Verdict = "ok"         // ACS accepted it
	VerdictRefused    Verdict = "refused"    // ACS refused it, and would refuse it again
	VerdictThrottled  Verdict = "throttled"  // ACS refused it for the time being (429)
	VerdictNoResponse Verdict = "noResponse" // no response, or a 5xx: it may have been performed
)

// Wake carries nothing but the time: deadlines may be past, and actions without an owner may be leased.
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

// bodies holds the type of each kind of body.
var bodies = bodyTypes(
	Offered{}, Dialled{}, Tombstone{}, Connected{}, Disconnected{}, AnswerFailed{}, CreateCallFailed{}, PlayStarted{},
	PlayCompleted{}, PlayFailed{}, PlayCanceled{}, Recognized{}, RecognizeFailed{}, RecognizeCanceled{}, Added{},
	AddFailed{}, ParticipantsUpdated{}, RecordingStateChanged{}, StartRecordingFailed{}, FilesFiled{}, FilesLost{},
	Unknown{}, Replied{}, Wake{},
)

// bodyTypes returns the types of the bodies, by their kinds.
func bodyTypes(all ...Body) map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, b := range all {
		types[b.kind()] = reflect.TypeOf(b)
	}
	return types
}

// decodeBody reads a body of the kind. An empty document is the zero body. An unknown kind is an error: a
// later version wrote it.
func decodeBody(kind string, doc []byte) (Body, error) {
	typ, ok := bodies[kind]
	if !ok {
		return nil, fmt.Errorf("event kind %q: not known to this version", kind)
	}
	body := reflect.New(typ)
	if len(doc) > 0 {
		if err := json.Unmarshal(doc, body.Interface()); err != nil {
			return nil, fmt.Errorf("event body %s: %w", kind, err)
		}
	}
	return body.Elem().Interface().(Body), nil
}

// Kind returns the event's kind as it is stored: "connected", "replied" ….
func (e Event) Kind() string {
	if e.Body == nil {
		return ""
	}
	return e.Body.kind()
}

// storedEvent is an Event as a history row holds it.
type storedEvent struct {
	Kind string `json:"kind"`
	plainEvent
	Body json.RawMessage `json:"body,omitempty"`
}

// plainEvent is an Event without its methods, so that its JSON is that of its fields.
type plainEvent Event

// MarshalJSON writes the event with its kind, so that UnmarshalJSON can read it.
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

// UnmarshalJSON reads what MarshalJSON wrote. An unknown kind is an error: a later version wrote it.
func (e *Event) UnmarshalJSON(doc []byte) error {
	var s storedEvent
	if err := json.Unmarshal(doc, &s); err != nil {
		return err
	}
	body, err := decodeBody(s.Kind, s.Body)
	if err != nil {
		return err
	}
	*e = Event(s.plainEvent)
	e.Body = body
	return nil
}
