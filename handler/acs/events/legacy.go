package events

import (
	"encoding/json"
	"fmt"
	"strings"

	"switchboard/handler/acs"
)

// legacySubject begins the subject of every event of the first preview of 2021,
// which came in Event Grid's schema with data in Pascal case. Members match in
// any case, so that only other names need a mapping.
//
// Source: "Call Automation APIs overview" of 2021-04, Azure Communication
// Services documentation: 9 samples of 5 types.
const legacySubject = "callLeg/"

// legacy reports whether e is an event of the first preview.
func (e envelope) legacy() bool {
	return e.Type == "" && strings.HasPrefix(e.Subject, legacySubject)
}

// legacyData is the union of the members that those events have.
type legacyData struct {
	CallLegID        string
	ConversationID   string
	CallState        string
	OperationContext string
	Status           string
	ResultInfo       *ResultInformation
	ToneInfo         struct {
		SequenceID int
		Tone       string
	}
	Participants []legacyParticipant
}

// legacyParticipant is an identifier, bare or with what is known of it.
type legacyParticipant struct {
	bare  acs.Identifier
	known acs.CallParticipant
}

func (p *legacyParticipant) UnmarshalJSON(doc []byte) error {
	if err := decode(doc, &p.bare); err != nil {
		return err
	}
	return decode(doc, &p.known)
}

// canceled is the sub code of a prompt that was cut short.
const canceled = 8508

// appendLegacy appends what an event of the first preview says today.
func appendLegacy(events []Event, e Event, data json.RawMessage) ([]Event, error) {
	var d legacyData
	if len(data) > 0 {
		if err := decode(data, &d); err != nil {
			return nil, err
		}
	}
	common := Common{
		CallConnectionID: d.CallLegID, ServerCallID: d.ConversationID, OperationContext: d.OperationContext,
		ResultInformation: d.ResultInfo,
	}
	name, _ := strings.CutPrefix(e.Type, typePrefix)
	switch name {
	case "CallLegStateChanged":
		switch d.CallState {
		case "Established":
			e.Data = &CallConnected{common}
		case "Terminated":
			e.Data = &CallDisconnected{common}
		}
	case "DtmfReceived":
		e.Data = &ContinuousDTMFRecognitionToneReceived{common, d.ToneInfo.SequenceID, modernTone(d.ToneInfo.Tone)}
	case "PlayAudioResult":
		e.Data = d.played(common)
	case "InviteParticipantResult":
		return d.appendInvited(events, e, common), nil
	case "ParticipantsUpdated":
		updated := &ParticipantsUpdated{Common: common}
		for _, one := range d.Participants {
			updated.Participants = append(updated.Participants, one.known)
		}
		e.Data = updated
	}
	if e.Data == nil { // among them: Establishing and Terminating, which are no events today
		e.Data = &Unknown{data}
		return append(events, e), nil
	}
	e.Type = typePrefix + e.Data.eventType()
	return append(events, e), nil
}

// failed reports whether an operation came to nothing. A result may be missing
// where it did not.
func (d legacyData) failed() bool {
	return strings.EqualFold(d.Status, "Failed") || d.ResultInfo != nil && d.ResultInfo.Code >= 300
}

func (d legacyData) played(common Common) Data {
	switch {
	case d.ResultInfo != nil && d.ResultInfo.SubCode == canceled: // its Status is Completed all the same
		return &PlayCanceled{common}
	case d.failed():
		return &PlayFailed{Common: common}
	case strings.EqualFold(d.Status, "Completed"):
		return &PlayCompleted{common}
	case strings.EqualFold(d.Status, "Running"):
		return &PlayStarted{common}
	}
	return nil
}

// appendInvited appends an event for each participant, because today an
// invitation is for one.
func (d legacyData) appendInvited(events []Event, e Event, common Common) []Event {
	for i, one := range d.Participants {
		e.Part = i
		if d.failed() {
			e.Data = &AddParticipantFailed{common, one.bare}
		} else {
			e.Data = &AddParticipantSucceeded{common, one.bare}
		}
		e.Type = typePrefix + e.Data.eventType()
		events = append(events, e)
	}
	return events
}

// modernTone is today's name of a tone: "Tone1" was "one". Of the others only
// what follows "Tone" is a guess; the documentation shows no more.
func modernTone(name string) acs.Tone {
	name, _ = strings.CutPrefix(name, "Tone")
	digits := []acs.Tone{
		acs.Tone0, acs.Tone1, acs.Tone2, acs.Tone3, acs.Tone4, acs.Tone5, acs.Tone6, acs.Tone7, acs.Tone8, acs.Tone9,
	}
	for i, tone := range digits {
		if name == fmt.Sprint(i) {
			return tone
		}
	}
	if name = strings.ToLower(name); name == "star" {
		return acs.ToneAsterisk
	}
	return acs.Tone(name)
}
