package events

import (
	"encoding/json"
	"fmt"
	"strings"

	"switchboard/handler/acs"
)

// legacySubject begins the subject of every event of the first preview of 2021. These events have
// Event Grid's schema, with data in Pascal case. Members match in any case, so that only those with
// other names need a mapping.
//
// Source: "Call Automation APIs overview" of 2021-04, Azure Communication
// Services documentation: 9 samples of 5 types.
const legacySubject = "callLeg/"

// legacy reports whether e is an event of the first preview.
func (e envelope) legacy() bool {
	return e.Type == "" && strings.HasPrefix(e.Subject, legacySubject)
}

// legacyData has the members of all legacy events.
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

// legacyParticipant is a participant: an identifier, or an object that contains one.
type legacyParticipant struct {
	identifier  acs.Identifier
	participant acs.CallParticipant
}

// UnmarshalJSON reads both forms.
func (p *legacyParticipant) UnmarshalJSON(doc []byte) error {
	if err := decode(doc, &p.identifier); err != nil {
		return err
	}
	return decode(doc, &p.participant)
}

// subCodeCanceled is the sub code of a prompt that was canceled.
const subCodeCanceled = 8508

// appendLegacy appends the events of today's types that stand for e, an event of the first preview.
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
		e.Data = d.playEvent(common)
	case "InviteParticipantResult":
		return d.appendInvited(events, e, common), nil
	case "ParticipantsUpdated":
		updated := &ParticipantsUpdated{Common: common}
		for _, one := range d.Participants {
			updated.Participants = append(updated.Participants, one.participant)
		}
		e.Data = updated
	}
	if e.Data == nil { // such as Establishing and Terminating, which have no event today
		e.Data = &Unknown{data}
		return append(events, e), nil
	}
	e.Type = typePrefix + e.Data.eventType()
	return append(events, e), nil
}

// hasFailed reports whether the operation has failed. The result of one that has not may be missing.
func (d legacyData) hasFailed() bool {
	return strings.EqualFold(d.Status, "Failed") || d.ResultInfo != nil && d.ResultInfo.Code >= 300
}

// playEvent returns the data of today's event about a prompt, nil if there is none.
func (d legacyData) playEvent(common Common) Data {
	switch {
	case d.ResultInfo != nil && d.ResultInfo.SubCode == subCodeCanceled: // its Status is Completed, too
		return &PlayCanceled{common}
	case d.hasFailed():
		return &PlayFailed{Common: common}
	case strings.EqualFold(d.Status, "Completed"):
		return &PlayCompleted{common}
	case strings.EqualFold(d.Status, "Running"):
		return &PlayStarted{common}
	}
	return nil
}

// appendInvited appends an event for each participant, because today an invitation has one.
func (d legacyData) appendInvited(events []Event, e Event, common Common) []Event {
	for i, one := range d.Participants {
		e.Part = i
		if d.hasFailed() {
			e.Data = &AddParticipantFailed{common, one.identifier}
		} else {
			e.Data = &AddParticipantSucceeded{common, one.identifier}
		}
		e.Type = typePrefix + e.Data.eventType()
		events = append(events, e)
	}
	return events
}

// modernTone returns today's name of a tone: "one" for "Tone1". The names of the other tones are
// guessed from what follows "Tone"; the documentation shows "Tone1" only.
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
