package event

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
)

const callID = call.ID("in-aebagbafaydqqcik")

func TestParseCallbacksReadsTheDocumentedEvent(t *testing.T) {
	got, err := ParseCallbacks(read(t, "../../callbacks/testdata/callconnected.json"), callID, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []call.Event{{
		At:           time.Date(2026, 11, 20, 8, 15, 48, 123456700, time.UTC),
		ConnectionID: "421f0b00-d97f-49ad-a6ff-3f8c05dc64d7",
		ServerCallID: "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuc2t5cGUuY29tL2FwaS92Mi9jcC9jb252LXVzZWEyLTAxLmNvbnYuc2t5cGUuY29t" +
			"L2NvbnYvQzNuT3lkY3E0VTZCV0gtcG1GNmc1Zz9pPTQmZT02Mzc5ODYwMDMzNDQ2MTA5MzM=",
		CorrelationID: "53be6977-d832-4c42-8527-fb2aa4a78b74",
		Ref:           outbox.Ref{Op: 1, Send: 1},
		Result:        call.Result{Code: 200},
		Body:          call.Connected{},
	}}
	if len(got) == 1 {
		want[0].Key = got[0].Key
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// callbackEvent returns an event of a type with these data.
func callbackEvent(name, data string) string {
	return fmt.Sprintf(`{"id":"e1","type":"Microsoft.Communication.%s","data":%s}`, name, data)
}

func TestParseCallbacksReadsEveryType(t *testing.T) {
	const agent = `{"kind":"teamsExtensionUser","rawId":"8:acs:r_t_u","teamsExtensionUser":{"userId":"u","tenantId":"t","resourceId":"r"}}`
	tests := []struct {
		name, data string
		op         int
		want       call.Body
	}{
		{"CallConnected", `{}`, 0, call.Connected{}},
		{"CallDisconnected", `{}`, 0, call.Disconnected{}},
		{"AnswerFailed", `{}`, 0, call.AnswerFailed{}},
		{"CreateCallFailed", `{}`, 0, call.CreateCallFailed{}},
		{"PlayStarted", `{}`, 0, call.PlayStarted{}},
		{"PlayCompleted", `{}`, 0, call.PlayCompleted{}},
		{"PlayFailed", `{"failedPlaySourceIndex":1}`, 0, call.PlayFailed{}},
		{"PlayCanceled", `{}`, 0, call.PlayCanceled{}},
		{"RecognizeCompleted", `{"recognitionType":"dtmf","dtmfResult":{"tones":["one","pound"]}}`, 0,
			call.Recognized{Tones: []string{"one", "pound"}}},
		{"RecognizeCompleted", `{"recognitionType":"choices","choiceResult":{"label":"Confirm","recognizedPhrase":"yes","confidence":0.9}}`, 0,
			call.Recognized{Choice: "Confirm"}},
		{"RecognizeCompleted", `{"recognitionType":"speech","speechResult":{"speech":"an agent"}}`, 0, call.Recognized{Speech: "an agent"}},
		{"RecognizeFailed", `{"dtmfResult":{"tones":["two"]}}`, 0, call.RecognizeFailed{Tones: []string{"two"}}},
		{"RecognizeCanceled", `{}`, 0, call.RecognizeCanceled{}},
		{"AddParticipantSucceeded", `{"participant":` + agent + `}`, 0, call.Added{Participant: "8:acs:r_t_u"}},
		{"AddParticipantFailed", `{"participant":{"phoneNumber":{"value":"+1"}}}`, 0, call.AddFailed{Participant: "4:+1"}},
		{"ParticipantsUpdated", `{"sequenceNumber":7,"participants":[{"identifier":` + agent + `,"isMuted":true},
			{"identifier":{"rawId":"4:+1"},"isOnHold":true}]}`, 0,
			call.ParticipantsUpdated{Sequence: 7, Count: 2, Participants: []call.Participant{
				{ID: "8:acs:r_t_u", Muted: true}, {ID: "4:+1", OnHold: true},
			}}},
		{"RecordingStateChanged", `{"recordingId":"r","state":"active","startDateTime":"2026-11-20T08:15:48Z"}`, 5,
			call.RecordingStateChanged{RecordingID: "r", Active: true, Op: 5}},
		{"RecordingStateChanged", `{"recordingId":"r","state":"inactive"}`, 0, call.RecordingStateChanged{RecordingID: "r"}},
		{"StartRecordingFailed", `{"recordingId":"r"}`, 5, call.StartRecordingFailed{RecordingID: "r", Op: 5}},
		{"CallTransferAccepted", `{}`, 5, call.Unknown{Type: "Microsoft.Communication.CallTransferAccepted"}},
		{"SomethingNew", `[1]`, 0, call.Unknown{Type: "Microsoft.Communication.SomethingNew"}},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.data, func(t *testing.T) {
			got, err := ParseCallbacks([]byte(callbackEvent(tt.name, tt.data)), callID, tt.op)
			if err != nil || len(got) != 1 {
				t.Fatalf("events %v, %v, want one", got, err)
			}
			if d := cmp.Diff(tt.want, got[0].Body); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestRefOfAnOperationContext(t *testing.T) {
	tests := []struct {
		name, context string
		want          outbox.Ref
	}{
		{"of this call", string(callID) + "/12.3", outbox.Ref{Op: 12, Send: 3}},
		{"of another call", "in-other/12.3", outbox.Ref{}},
		{"of a call whose id begins with that of this call", string(callID) + "x/12.3", outbox.Ref{}},
		{"of an application", "order-8812/attempt 1", outbox.Ref{}},
		{"none", "", outbox.Ref{}},
		{"without a number of the request", string(callID) + "/12", outbox.Ref{}},
		{"with operation 0", string(callID) + "/0.1", outbox.Ref{}},
		{"with a sign", string(callID) + "/+1.1", outbox.Ref{}},
		{"with a third number", string(callID) + "/1.1.1", outbox.Ref{}},
		{"with a number that is too large", string(callID) + "/99999999999999999999.1", outbox.Ref{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCallbacks([]byte(callbackEvent("PlayCompleted", fmt.Sprintf(`{"operationContext":%q}`, tt.context))), callID, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Ref != tt.want {
				t.Errorf("ref = %v, want %v", got[0].Ref, tt.want)
			}
		})
	}
}

func TestResultOfAnEvent(t *testing.T) {
	const busy = `{"resultInformation":{"code":486,"subCode":560486,"message":"Busy here.",
		"sipDetails":{"code":486,"message":"Busy Here"},"q850Details":{"code":17,"message":"User busy"}}}`
	for data, want := range map[string]call.Result{
		busy:                         {Code: 486, SubCode: 560486, SIP: 486, Q850: 17, Message: "Busy here."},
		`{"resultInformation":null}`: {},
		`{}`:                         {},
		`{"resultInformation":{"code":"?","subCode":7000,"sipDetails":null}}`: {SubCode: 7000},
	} {
		got, err := ParseCallbacks([]byte(callbackEvent("CallDisconnected", data)), callID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Result != want {
			t.Errorf("%s: %+v, want %+v", data, got[0].Result, want)
		}
	}
}

func TestKeyOfACallback(t *testing.T) {
	key := func(doc string) string {
		t.Helper()
		got, err := ParseCallbacks([]byte(doc), callID, 0)
		if err != nil || len(got) != 1 {
			t.Fatalf("events %v, %v, want one", got, err)
		}
		return got[0].Key
	}
	const event = `{"id":"e1","type":"T","time":"2026-11-20T08:15:48Z","data":{"callConnectionId":"a"}}`
	const noID = `{"type":"T","subject":"s","time":"2026-11-20T08:15:48Z","data":{"callConnectionId":"a","x":1}}`
	tests := []struct {
		name, one, other string
		same             bool
	}{
		{"delivered twice", event, event, true},
		{"alone and in a list", event, "[" + event + "]", true},
		{"in another order", event, `{"data":{"callConnectionId":"a"},"time":"2026-11-20T08:15:48Z","type":"T","id":"e1"}`, true},
		{"another id", event, strings.Replace(event, "e1", "e2", 1), false},
		{"another connection", event, strings.Replace(event, `"a"`, `"b"`, 1), false},
		{"without an id, delivered twice", noID, strings.Replace(noID, `,"x"`, `, "x"`, 1), true},
		{"without an id, another type", noID, strings.Replace(noID, "T", "U", 1), false},
		{"without an id, another subject", noID, strings.Replace(noID, `"s"`, `"t"`, 1), false},
		{"without an id, another time", noID, strings.Replace(noID, ":48Z", ":49Z", 1), false},
		{"without an id, other data", noID, strings.Replace(noID, `"x":1`, `"x":2`, 1), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := key(tt.one) == key(tt.other); got != tt.same {
				t.Errorf("keys %q and %q, want them equal: %t", key(tt.one), key(tt.other), tt.same)
			}
		})
	}
}

func TestParseCallbacksReadsListsAndSingleEvents(t *testing.T) {
	a, b := callbackEvent("CallConnected", `{}`), callbackEvent("ParticipantsUpdated", `null`)
	for doc, want := range map[string]int{
		"[]": 0, "null": 0, a: 1, " \n" + a: 1, "[" + a + "]": 1, "[ " + a + " , " + b + " ]": 2, `{}`: 1,
	} {
		if got, err := ParseCallbacks([]byte(doc), callID, 0); err != nil || len(got) != want {
			t.Errorf("%s: %d events, %v; want %d", doc, len(got), err, want)
		}
	}
	for _, doc := range []string{"", "nonsense", `"text"`, "7", "[7]", "[null]", "[[]]", "[" + a, a + a, a + " x"} {
		if got, err := ParseCallbacks([]byte(doc), callID, 0); err == nil {
			t.Errorf("%s: %+v, want an error", doc, got)
		}
	}
}

func TestParseCallbacksBoundsItsValues(t *testing.T) {
	long := strings.Repeat("ü", maxText)
	list := func(n int, element string) string { return strings.TrimSuffix(strings.Repeat(element+",", n), ",") }
	docs := []string{
		callbackEvent("ParticipantsUpdated", `{"participants":[`+list(100, `{"identifier":{"rawId":"`+long+`"}}`)+`]}`),
		callbackEvent("RecognizeCompleted", `{"dtmfResult":{"tones":[`+list(100, `"`+long+`"`)+`]},"choiceResult":{"label":"`+long+`"},
			"speechResult":{"speech":"`+long+`"},"callConnectionId":"`+long+`","serverCallId":"`+long+`","correlationId":"`+long+`",
			"resultInformation":{"message":"`+long+`"}}`),
		callbackEvent(long, `{}`),
	}
	for _, doc := range docs {
		got, err := ParseCallbacks([]byte(doc), callID, 0)
		if err != nil {
			t.Fatal(err)
		}
		checkBounded(t, got[0])
	}
	got, _ := ParseCallbacks([]byte(docs[0]), callID, 0)
	if u, ok := got[0].Body.(call.ParticipantsUpdated); !ok || u.Count != 100 || len(u.Participants) != maxParticipants {
		t.Errorf("%d of %d participants, want %d of 100", len(u.Participants), u.Count, maxParticipants)
	}
}

// checkBounded checks that an event fits into a row: 15 properties of 30,000 UTF-16 units each.
func checkBounded(t *testing.T, e call.Event) {
	t.Helper()
	doc, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCount(doc); n > 15*30000 {
		t.Errorf("%s has %d characters, want %d at most", e.Kind(), n, 15*30000)
	}
}

func TestParseCallbacksReadsALegacyInvitationOfTwoAsTwoEvents(t *testing.T) {
	doc := `{"id":"1","subject":"callLeg/531f3600/inviteParticipantResult","eventType":"Microsoft.Communication.InviteParticipantResult",
		"eventTime":"2021-05-05T20:08:39.0157964Z","data":{"ResultInfo":{"Code":480},"Status":"Failed","CallLegId":"531f3600","Participants":[
		{"CommunicationUser":{"Id":"8:acs:user"}},{"PhoneNumber":{"Value":"+14255550123"}}]}}`
	got, err := ParseCallbacks([]byte(doc), callID, 0)
	if err != nil || len(got) != 2 {
		t.Fatalf("events %v, %v, want two", got, err)
	}
	if got[0].Key == got[1].Key {
		t.Errorf("two events have the key %q, want two", got[0].Key)
	}
	if d := cmp.Diff(call.Body(call.AddFailed{Participant: "4:+14255550123"}), got[1].Body); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// corpus holds events, and what Microsoft's JavaScript client reads from them.
type corpus struct {
	Types  []string
	Events []struct {
		Name    string
		Payload json.RawMessage
		Parsed  struct{ CallConnectionID, ServerCallID, CorrelationID string }
	}
	Edge []struct {
		Name  string
		Input json.RawMessage
		Error any
	}
}

// readCorpus returns the recorded corpus.
func readCorpus(t testing.TB) (c corpus) {
	t.Helper()
	if err := json.Unmarshal(read(t, "../../test/wire/testdata/events.json"), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Events) == 0 || len(c.Edge) == 0 {
		t.Fatalf("%d events, %d edge cases, want some of both", len(c.Events), len(c.Edge))
	}
	return c
}

func TestParseCallbacksReadsWhatTheOfficialClientReads(t *testing.T) {
	for _, e := range readCorpus(t).Events {
		t.Run(e.Name, func(t *testing.T) {
			got, err := ParseCallbacks(e.Payload, callID, 0)
			if err != nil || len(got) != 1 {
				t.Fatalf("events %v, %v, want one", got, err)
			}
			g := got[0]
			if g.ConnectionID != e.Parsed.CallConnectionID || g.ServerCallID != e.Parsed.ServerCallID ||
				g.CorrelationID != e.Parsed.CorrelationID || g.Ref != (outbox.Ref{}) || g.At.IsZero() {
				t.Errorf("event %+v, want the ids of %+v, a time and no reference", g, e.Parsed)
			}
			name, _, _ := strings.Cut(e.Name, "/")
			if u, ok := g.Body.(call.Unknown); ok && u.Type != "Microsoft.Communication."+name {
				t.Errorf("type = %q, want %s", u.Type, name)
			}
		})
	}
}

func TestParseCallbacksReadsOddBodiesAsTheOfficialClientDoes(t *testing.T) {
	for _, e := range readCorpus(t).Edge {
		t.Run(e.Name, func(t *testing.T) {
			got, err := ParseCallbacks(e.Input, callID, 0)
			switch {
			case e.Name == "text-not-json":
				if err == nil {
					t.Errorf("events %v, want an error", got)
				}
			case err != nil:
				t.Error(err)
			case e.Error == nil && len(got) == 0:
				t.Error("no event, want one, as the official client reads")
			}
		})
	}
}

func FuzzParseCallbacks(f *testing.F) {
	f.Add(read(f, "../../callbacks/testdata/callconnected.json"), 0)
	c := readCorpus(f)
	for _, e := range c.Events {
		f.Add([]byte(e.Payload), 1)
	}
	for _, e := range c.Edge {
		f.Add([]byte(e.Input), 0)
	}
	f.Fuzz(func(t *testing.T, body []byte, op int) {
		events, err := ParseCallbacks(body, callID, op)
		if err != nil {
			return
		}
		for _, e := range events {
			if e.Body == nil || e.Key == "" {
				t.Errorf("event %+v, want a body and a key", e)
			}
			checkBounded(t, e)
			doc, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var again call.Event
			if err := json.Unmarshal(doc, &again); err != nil {
				t.Fatalf("the event cannot be read back: %v", err)
			}
			if d := cmp.Diff(e, again); d != "" {
				t.Errorf("written and read back (-want +got):\n%s", d)
			}
		}
	})
}

func BenchmarkParseCallbacks(b *testing.B) {
	body := read(b, "../../callbacks/testdata/callconnected.json")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseCallbacks(body, callID, 0); err != nil {
			b.Fatal(err)
		}
	}
}
