package call

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call/outbox"
)

func TestEventsOfEveryKindSurviveJSON(t *testing.T) {
	written := map[string]bool{}
	for i, body := range everyBody() {
		e := Event{
			Key: "key", At: t0.Add(time.Duration(i)), Ref: outbox.Ref{Op: i, Send: 1}, ConnectionID: "conn-1",
			ServerCallID: "server-1", CorrelationID: "corr-1",
			Result: Result{Code: 400, SubCode: 8510, SIP: 486, Q850: 17, Message: "busy"}, Body: body,
		}
		doc, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var got Event
		if err := json.Unmarshal(doc, &got); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		if d := cmp.Diff(e, got); d != "" {
			t.Errorf("%s (-written +read):\n%s", e.Kind(), d)
		}
		written[e.Kind()] = true
	}
	for kind := range bodies {
		if !written[kind] {
			t.Errorf("no event of kind %s was tried", kind)
		}
	}
}

func TestUnreadableEventsAreErrorsAndChangeNothing(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"a kind of a later version", `{"kind":"sung"}`, `event kind "sung": not known to this version`},
		{"no kind", `{}`, `event kind "": not known to this version`},
		{"a body of another form", `{"kind":"recognized","body":[]}`, "event body recognized: "},
		{"no object", `[]`, "json: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := Event{Key: "before"}
			err := json.Unmarshal([]byte(tt.doc), &e)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error = %v, want %s…", err, tt.want)
			}
			if e.Key != "before" || e.Body != nil {
				t.Errorf("event = %+v, want it unchanged", e)
			}
		})
	}
	if _, err := json.Marshal(Event{}); err == nil {
		t.Error("an event without a body was written, want an error")
	}
}

func TestCallsAndEntriesSurviveJSON(t *testing.T) {
	for stage, from := range stages {
		t.Run(stage, func(t *testing.T) {
			m := from(t)
			var c Call
			if err := json.Unmarshal([]byte(storedJSON(t, m.c)), &c); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(normal(m.c), normal(c)); d != "" {
				t.Errorf("call (-written +read):\n%s", d)
			}
			entry := m.history[len(m.history)-1]
			text, err := json.Marshal(entry)
			if err != nil {
				t.Fatal(err)
			}
			var got Entry
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(entry, got); d != "" {
				t.Errorf("entry (-written +read):\n%s", d)
			}
		})
	}
}

func TestStoredCallGoesOnAsTheOneInMemory(t *testing.T) {
	for stage, from := range stages {
		there := from(t)
		for _, body := range everyBody() {
			inMemory, stored := there.fork(t), there.fork(t)
			stored.c = Call{}
			if err := json.Unmarshal([]byte(storedJSON(t, inMemory.c)), &stored.c); err != nil {
				t.Fatal(err)
			}
			inMemory.reportFor(inMemory.c.Wait.Media, body)
			stored.reportFor(stored.c.Wait.Media, body)
			if a, b := storedJSON(t, inMemory.c), storedJSON(t, stored.c); a != b {
				t.Errorf("%s at %s (-memory +stored):\n%s", Event{Body: body}.Kind(), stage, cmp.Diff(a, b))
			}
		}
	}
}

func FuzzEventJSON(f *testing.F) {
	for _, body := range everyBody() {
		doc, err := json.Marshal(Event{Key: "k", At: t0, Ref: outbox.Ref{Op: 1, Send: 2}, Body: body})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var e Event
		if json.Unmarshal(doc, &e) != nil {
			return
		}
		if e.Body == nil || bodies[e.Kind()] == nil {
			t.Fatalf("read without a body: %+v", e)
		}
		written, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var again Event
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatal(err)
		}
		twice, err := json.Marshal(again)
		if err != nil || string(twice) != string(written) {
			t.Fatalf("%v: written %s, then %s", err, written, twice)
		}
	})
}
