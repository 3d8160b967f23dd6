package events

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/acs"
)

// parseOne returns the only event of a document.
func parseOne(t *testing.T, doc string) Event {
	t.Helper()
	events, err := Parse([]byte(doc))
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v, want one", len(events), err)
	}
	return events[0]
}

// decodeJSON returns the values in doc, so that documents can be compared.
func decodeJSON(t *testing.T, doc []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return v
}

func TestParseKnowsEveryType(t *testing.T) {
	types := append(readCorpus(t).Types, typePrefix+"IncomingCall", typePrefix+"RecordingFileStatusUpdated", typePrefix+"CallStarted",
		typePrefix+"CallEnded", typePrefix+"CallParticipantAdded", typePrefix+"CallParticipantRemoved")
	if len(types) != 38+6 || len(newData) != len(types) {
		t.Fatalf("%d types, %d known, want %d", len(types), len(newData), 38+6)
	}
	for _, name := range types {
		e := parseOne(t, `{"id":"1","type":"`+name+`"}`)
		if got := typePrefix + e.Data.eventType(); got != name || e.Type != name {
			t.Errorf("%s is read as %s, %T, want its own type", name, e.Type, e.Data)
		}
	}
}

// A member whose name was misspelt here would be in Raw only.
func TestDataHasAFieldForEveryMember(t *testing.T) {
	for _, v := range readCorpus(t).Events {
		t.Run(v.Name, func(t *testing.T) {
			e := parseOne(t, string(v.Payload))
			data, err := json.Marshal(e.Data)
			if err != nil {
				t.Fatal(err)
			}
			var came struct{ Data map[string]any }
			if err := json.Unmarshal(v.Payload, &came); err != nil {
				t.Fatal(err)
			}
			got := decodeJSON(t, data).(map[string]any)
			for name := range came.Data {
				if _, ok := got[name]; !ok {
					t.Errorf("the fields of %T are %v, want %s among them", e.Data, got, name)
				}
			}
		})
	}
}

func TestMarshalJSONReturnsReceivedEventsUnchanged(t *testing.T) {
	for _, doc := range []string{
		`{"id":"1","type":"Microsoft.Communication.CallConnected","specVersion":"1.0","traceparent":"00","data":{"callConnectionId":"c","new":{"a":[1]}}}`,
		`{"id":"1","type":"Microsoft.Communication.SomethingNew","data":[1]}`,
		`{"id":"1","eventType":"Microsoft.Communication.IncomingCall","eventTime":"2026-11-20T08:15:48Z","data":{"to":{"kind":"hologram","rawId":"99:h"}}}`,
		`{"data":null}`,
	} {
		e := parseOne(t, doc)
		got, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(decodeJSON(t, []byte(doc)), decodeJSON(t, got)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestMarshalJSONWritesNewEventsAsCloudEvents(t *testing.T) {
	e := Event{
		ID: "1", Source: "calling/callConnections/c", Time: time.Date(2026, 11, 20, 8, 15, 48, 0, time.UTC),
		Data: &AddParticipantFailed{
			Common: Common{CallConnectionID: "c", ResultInformation: &ResultInformation{
				Code: 486, SubCode: 560486, SIPDetails: &ResultDetails{Code: 486, Message: "Busy Here"},
			}},
			Participant: acs.PhoneNumber("+14255550123"),
		},
	}
	got, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1","source":"calling/callConnections/c","specversion":"1.0","type":"Microsoft.Communication.AddParticipantFailed",
		"time":"2026-11-20T08:15:48Z","datacontenttype":"application/json","data":{"callConnectionId":"c","resultInformation":{"code":486,
		"subCode":560486,"message":"","sipDetails":{"code":486,"message":"Busy Here"}},"participant":{"kind":"phoneNumber",
		"rawId":"4:+14255550123","phoneNumber":{"value":"+14255550123","isAnonymous":false}}}}`
	if d := cmp.Diff(decodeJSON(t, []byte(want)), decodeJSON(t, got)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := json.Marshal(Event{}); err == nil {
		t.Error("an event without data was written, want an error")
	}

	e = parseOne(t, string(got))
	e.Data.(*AddParticipantFailed).CallConnectionID = "d" // Raw does not have this change
	again, err := json.Marshal(e)
	if err != nil || !strings.Contains(string(again), `"callConnectionId":"d"`) {
		t.Errorf("%s, %v, want the changed callConnectionId", again, err)
	}
}

func TestParseReadsEventsOfEventGrid(t *testing.T) {
	const user = `{"rawId":"8:acs:r_u","communicationUser":{"id":"8:acs:r_u"}}`
	tests := []struct {
		name, data string
		want       Data
	}{
		{"IncomingCall", `{"to":{"kind":"unknown","rawId":"28:orgid:28ab0f1c"},"from":{"rawId":"4:+14255550123"},"onBehalfOfCallee":` + user + `,
			"callerDisplayName":"Robin","serverCallId":"s","correlationId":"c","incomingCallContext":"i",
			"customContext":{"sipHeaders":{"userToUser":"u"},"voipHeaders":{"k":"v"}}}`,
			&IncomingCall{
				To: acs.TeamsApp("28ab0f1c"), From: acs.PhoneNumber("+14255550123"), OnBehalfOfCallee: acs.CommunicationUser("8:acs:r_u"),
				CallerDisplayName: "Robin", ServerCallID: "s", CorrelationID: "c", IncomingCallContext: "i",
				CustomContext: CustomContext{map[string]string{"userToUser": "u"}, map[string]string{"k": "v"}},
			}},
		{"RecordingFileStatusUpdated", `{"recordingStorageInfo":{"recordingChunks":[{"documentId":"d","index":1,"endReason":"SessionEnded",
			"contentLocation":"https://c","metadataLocation":"https://m","deleteLocation":"https://d"}]},"recordingStartTime":"2026-11-20T08:15:48Z",
			"recordingDurationMs":9000,"recordingContentType":"Audio","recordingChannelType":"Unmixed","recordingFormatType":"Wav",
			"sessionEndReason":"CallEnded","storageType":"AzureBlob","recordingId":"r"}`,
			&RecordingFileStatusUpdated{
				RecordingStorageInfo: struct {
					RecordingChunks []RecordingChunk `json:"recordingChunks"`
				}{[]RecordingChunk{{"d", 1, "SessionEnded", "https://c", "https://m", "https://d"}}},
				RecordingStartTime: time.Date(2026, 11, 20, 8, 15, 48, 0, time.UTC), RecordingDurationMs: 9000,
				RecordingContentType: "Audio", RecordingChannelType: "Unmixed", RecordingFormatType: "Wav", SessionEndReason: "CallEnded",
				StorageType: "AzureBlob", RecordingID: "r",
			}},
		{"CallStarted", `{"startedBy":{"communicationIdentifier":` + user + `,"role":"Presenter"},"serverCallId":"s","correlationId":"c",
			"group":{"id":"g"},"isTwoParty":true}`,
			&CallStarted{CallDetails{
				StartedBy: CallUser{acs.CommunicationUser("8:acs:r_u"), "Presenter"}, ServerCallID: "s", CorrelationID: "c",
				Group: &CallID{"g"}, IsTwoParty: true,
			}}},
		{"CallEnded", `{"room":{"id":"r"},"isRoomsCall":true,"endedBy":{"communicationIdentifier":` + user + `,"type":"Participant","name":"n"},
			"reason":{"code":200,"subCode":7000,"phrase":"p"},"callDurationInSeconds":12.5,"durationOfCall":"13"}`,
			&CallEnded{
				CallDetails: CallDetails{Room: &CallID{"r"}, IsRoomsCall: true},
				EndedBy:     &CallEndedBy{acs.CommunicationUser("8:acs:r_u"), "Participant", "n"},
				Reason:      &CallReason{200, 7000, "p"}, CallDurationInSeconds: 12.5, DurationOfCall: 13,
			}},
		{"CallParticipantAdded", `{"user":{"communicationIdentifier":` + user + `,"role":"Attendee"},"displayName":"d","participantId":"p","userAgent":"a"}`,
			&CallParticipantAdded{CallParticipantDetails{
				User: CallUser{acs.CommunicationUser("8:acs:r_u"), "Attendee"}, DisplayName: "d", ParticipantID: "p", UserAgent: "a",
			}}},
		{"CallParticipantRemoved", `{"startedBy":` + user + `,"user":` + user + `,"endpointType":"e"}`,
			&CallParticipantRemoved{CallParticipantDetails{
				CallDetails: CallDetails{StartedBy: CallUser{Identifier: acs.CommunicationUser("8:acs:r_u")}},
				User:        CallUser{Identifier: acs.CommunicationUser("8:acs:r_u")}, EndpointType: "e",
			}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			grid := parseOne(t, `[{"id":"1","topic":"/subscriptions/x","subject":"s","eventType":"Microsoft.Communication.`+tt.name+`",
				"eventTime":"2026-11-20T08:15:48.5Z","data":`+tt.data+`,"dataVersion":"1.0","metadataVersion":"1"}]`)
			cloud := parseOne(t, `{"id":"1","source":"/subscriptions/x","subject":"s","type":"Microsoft.Communication.`+tt.name+`",
				"time":"2026-11-20T08:15:48.5Z","data":`+tt.data+`,"specversion":"1.0"}`)
			if d := cmp.Diff(tt.want, grid.Data); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			grid.Raw, cloud.Raw = nil, nil
			if d := cmp.Diff(grid, cloud); d != "" {
				t.Errorf("Event Grid's schema and CloudEvents (-grid +cloud):\n%s", d)
			}
		})
	}
}

func TestRecordingSubject(t *testing.T) {
	for subject, want := range map[string][3]string{
		"/recording/call/08fa54ac/recordingId/eyJQbGF0":  {"08fa54ac", "eyJQbGF0", ""},
		"/recording/call/08fa54ac/serverCallId/aHR0cHM6": {"08fa54ac", "", "aHR0cHM6"},
		"/recording/call": {}, "": {}, "/caller/4:+1/recipient/28:orgid:a": {},
	} {
		if a, b, c := RecordingSubject(subject); [3]string{a, b, c} != want {
			t.Errorf("%s: %q, want %q", subject, [3]string{a, b, c}, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	c := readCorpus(f)
	for _, e := range c.Events {
		f.Add([]byte(e.Payload))
	}
	for _, e := range c.Edge {
		f.Add([]byte(e.Input))
	}
	for _, e := range legacySamples {
		f.Add([]byte(e.doc))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := Parse(body)
		if err != nil {
			return
		}
		for _, e := range events {
			if _, err := json.Marshal(e); err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
			e.Raw = nil
			doc, err := json.Marshal(e)
			if err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
			again, err := Parse(doc)
			if err != nil || len(again) != 1 {
				t.Fatalf("%s: %d events, %v, want one", doc, len(again), err)
			}
			if _, unknown := e.Data.(*Unknown); !unknown && reflect.TypeOf(again[0].Data) != reflect.TypeOf(e.Data) {
				t.Errorf("data of type %T, want %T", again[0].Data, e.Data)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	body := read(b, "../../../callbacks/testdata/callconnected.json")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
