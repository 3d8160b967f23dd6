package events

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/acs"
)

const (
	leg        = "531f3600-481f-41c8-8a75-3e8b2e8e6200"
	legacyUser = "8:acs:016a7064-0581-40b9-be73-6dde64d69d72_00000009-de04-ee58-740a-113a0d00330d"
	legacyJSON = `{"RawId":"` + legacyUser + `","CommunicationUser":{"Id":"` + legacyUser + `"},"PhoneNumber":null,"MicrosoftTeamsUser":null}`
)

// legacyEvent returns an event as the first preview sent it.
func legacyEvent(id, subject, name, data string) string {
	return `{"id":` + id + `,"topic":null,"subject":"callLeg/` + leg + `/` + subject + `","data":` + data + `,
		"eventType":"Microsoft.Communication.` + name + `","eventTime":"2021-05-05T20:08:39.0157964Z","metadataVersion":null,"dataVersion":null}`
}

// legacySamples are the samples of the preview's documentation, one of each.
var legacySamples = []struct {
	name, doc string
	want      []Data
}{
	{"a call that is being established",
		legacyEvent(`null`, "callState", "CallLegStateChanged", `{"ConversationId":null,"CallLegId":"`+leg+`","CallState":"Establishing"}`),
		nil},
	{"a call that is established",
		legacyEvent(`null`, "callState", "CallLegStateChanged", `{"ConversationId":"aHR0","CallLegId":"`+leg+`","CallState":"Established"}`),
		[]Data{&CallConnected{Common{CallConnectionID: leg, ServerCallID: "aHR0"}}}},
	{"a call that is being ended",
		legacyEvent(`null`, "callState", "CallLegStateChanged", `{"ConversationId":"aHR0","CallLegId":"`+leg+`","CallState":"Terminating"}`),
		nil},
	{"a call that has ended",
		legacyEvent(`null`, "callState", "CallLegStateChanged", `{"ConversationId":"aHR0","CallLegId":"`+leg+`","CallState":"Terminated"}`),
		[]Data{&CallDisconnected{Common{CallConnectionID: leg, ServerCallID: "aHR0"}}}},
	{"a key",
		legacyEvent(`null`, "dtmf", "DtmfReceived", `{"ToneInfo":{"SequenceId":1,"Tone":"Tone1"},"CallLegId":"`+leg+`"}`),
		[]Data{&ContinuousDTMFRecognitionToneReceived{Common{CallConnectionID: leg}, 1, acs.Tone1}}},
	{"a prompt that was played",
		legacyEvent(`null`, "playAudio", "PlayAudioResult", `{"ResultInfo":{"Code":200,"Subcode":0,"Message":"m"},"OperationContext":"o",
			"Status":"Completed","CallLegId":"`+leg+`"}`),
		[]Data{&PlayCompleted{Common{
			CallConnectionID: leg, OperationContext: "o", ResultInformation: &ResultInformation{Code: 200, Message: "m"},
		}}}},
	{"a prompt that was cancelled",
		legacyEvent(`null`, "playAudio", "PlayAudioResult", `{"ResultInfo":{"Code":400,"Subcode":8508,"Message":"m"},"OperationContext":"o",
			"Status":"Completed","CallLegId":"`+leg+`"}`),
		[]Data{&PlayCanceled{Common{
			CallConnectionID: leg, OperationContext: "o", ResultInformation: &ResultInformation{Code: 400, SubCode: 8508, Message: "m"},
		}}}},
	{"an invitation that was accepted",
		legacyEvent(`"52154ee2"`, "inviteParticipantResult", "InviteParticipantResult", `{"ResultInfo":null,"OperationContext":"o",
			"Status":"Completed","CallLegId":"`+leg+`","Participants":[`+legacyJSON+`]}`),
		[]Data{&AddParticipantSucceeded{Common{CallConnectionID: leg, OperationContext: "o"}, acs.CommunicationUser(legacyUser)}}},
	{"the participants of the call",
		legacyEvent(`null`, "participantsUpdated", "ParticipantsUpdated", `{"CallLegId":"`+leg+`","Participants":[
			{"Identifier":`+legacyJSON+`,"ParticipantId":"de7539f7","IsMuted":true}]}`),
		[]Data{&ParticipantsUpdated{
			Common: Common{CallConnectionID: leg}, Participants: []acs.CallParticipant{{Identifier: acs.CommunicationUser(legacyUser), IsMuted: true}},
		}}},
}

func TestParseReadsTheFirstPreviewAsCurrentEvents(t *testing.T) {
	for _, tt := range legacySamples {
		t.Run(tt.name, func(t *testing.T) {
			events, err := Parse([]byte(tt.doc))
			if err != nil {
				t.Fatal(err)
			}
			var got []Data
			for _, e := range events {
				if _, unknown := e.Data.(*Unknown); !unknown {
					got = append(got, e.Data)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestModernTone(t *testing.T) {
	for name, want := range map[string]acs.Tone{
		"Tone0": acs.Tone0, "Tone9": acs.Tone9, "ToneA": acs.ToneA, "TonePound": acs.TonePound, "ToneStar": acs.ToneAsterisk, "": "",
	} {
		if got := modernTone(name); got != want {
			t.Errorf("%s: tone = %s, want %s", name, got, want)
		}
	}
}

func TestParseReadsPromptsOfTheFirstPreview(t *testing.T) {
	for data, want := range map[string]Data{
		`{"Status":"Failed"}`:                                  &PlayFailed{},
		`{"Status":"Completed","ResultInfo":{"Code":500}}`:     &PlayFailed{Common: Common{ResultInformation: &ResultInformation{Code: 500}}},
		`{"Status":"Completed"}`:                               &PlayCompleted{},
		`{"Status":"Running"}`:                                 &PlayStarted{},
		`{"Status":"NotStarted","OperationContext":"ignored"}`: nil,
	} {
		e := parseOne(t, legacyEvent(`null`, "playAudio", "PlayAudioResult", data))
		if _, unknown := e.Data.(*Unknown); unknown && want == nil {
			continue
		}
		if d := cmp.Diff(want, e.Data); d != "" {
			t.Errorf("%s (-want +got):\n%s", data, d)
		}
	}
}
