package scenario

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

var t0 = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestWithHistoryReplacesTheHistory(t *testing.T) {
	const text = "flow desk.json\n\n-- desk.json --\n{}\n"
	for name, before := range map[string]string{
		"a scenario without one": text,
		"a scenario with one":    text + "-- history --\ncall one: flow bar\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := string(WithHistory([]byte(before), "call one: flow desk\n"))
			if want := text + "-- history --\ncall one: flow desk\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestSortReplies(t *testing.T) {
	at := func(seconds int, op int, body call.Body, node string) call.Entry {
		return call.Entry{
			Now: t0.Add(time.Duration(seconds) * time.Second), Node: node,
			Event: call.Event{Ref: outbox.Ref{Op: op, Send: 1}, Body: body},
		}
	}
	adds := func(e call.Entry, op int) call.Entry {
		e.Actions = []outbox.Action{{Ref: outbox.Ref{Op: op, Send: 1}}}
		return e
	}
	begin := at(0, 1, call.Connected{}, "menu")
	tests := []struct {
		name    string
		history []call.Entry
		want    []int // operations
	}{
		{"replies at the same time are sorted", []call.Entry{
			begin, at(1, 4, call.Replied{}, "menu"), at(1, 3, call.Replied{}, "menu"), at(1, 2, call.Replied{}, "menu"),
		}, []int{1, 2, 3, 4}},
		{"replies at two times are not", []call.Entry{
			begin, at(1, 4, call.Replied{}, "menu"), at(2, 3, call.Replied{}, "menu"), at(2, 2, call.Replied{}, "menu"),
		}, []int{1, 4, 2, 3}},
		{"a reply goes before other events", []call.Entry{
			begin, at(1, 4, call.Replied{}, "menu"), at(1, 3, call.PlayStarted{}, "menu"), at(1, 2, call.Replied{}, "menu"),
		}, []int{1, 2, 4, 3}},
		{"a reply stays behind the transition that added its action", []call.Entry{
			begin, adds(at(1, 3, call.PlayStarted{}, "menu"), 2), at(1, 5, call.PlayStarted{}, "menu"), at(1, 2, call.Replied{}, "menu"),
		}, []int{1, 3, 2, 5}},
		{"a reply that changes the node keeps its place", []call.Entry{
			begin, at(1, 4, call.Replied{}, "menu"), at(1, 3, call.Replied{}, "end"), at(1, 2, call.Replied{}, "end"),
		}, []int{1, 4, 3, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.history {
				tt.history[i].Seq = i + 1
			}
			var got []int
			for _, entry := range sortReplies(tt.history) {
				got = append(got, entry.Event.Ref.Op)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("operations (-want +got):\n%s", d)
			}
		})
	}
}

// TestATransitionIsOneLine has what the histories of the scenarios do not have.
func TestATransitionIsOneLine(t *testing.T) {
	h := &historyText{began: t0, names: map[string]string{"4:+12065550100": "ann", "28:orgid:1": "desk"}}
	ref := outbox.Ref{Op: 2, Send: 1}
	tests := []struct {
		name  string
		entry call.Entry
		want  string
	}{
		{"an event with codes of the network, in an ended call", call.Entry{
			Now: t0.Add(75 * time.Second), State: call.StateEnded, Node: "menu",
			Event: call.Event{Ref: ref, Result: call.Result{Code: 603, SubCode: 560603, SIP: 603, Q850: 21}, Body: call.CreateCallFailed{}},
		}, "    75.0  createCallFailed 2 603/560603 SIP 603 Q.850 21  ended      menu"},
		{"a second send, and actions", call.Entry{
			Now: t0, State: call.StateConnected, Node: "menu", Event: call.Event{Ref: outbox.Ref{Op: 2, Send: 2}, Body: call.PlayStarted{}},
			Actions: []outbox.Action{
				{Ref: outbox.Ref{Op: 3, Send: 1}, Verb: outbox.VerbPlay, Prompt: &flow.Prompt{File: "https://a.example/b/c.wav"}, Loop: true},
				{Ref: outbox.Ref{Op: 4, Send: 1}, Verb: outbox.VerbRecognize, Target: "4:+12065550100", Prompt: &flow.Prompt{
					Text: "123456789 123456789 äöüßé",
				}},
			},
		}, `     0.0  playStarted 2.2                                 connected  menu       3 play c.wav in a loop; ` +
			`4 recognize ann "123456789 123456789 äöüß…"`},
		{"a refused reply, and a verdict of the gate", call.Entry{
			Now: t0, State: call.StateRinging, GateVerdict: &call.DialVerdict{Rule: "optedOut"},
			Event: call.Event{Ref: ref, Body: call.Replied{Verdict: call.VerdictRefused, Code: "8522"}},
		}, "     0.0  replied 2 refused 8522 gate allows: false optedOut ringing"},
		{"a check of participants", call.Entry{Now: t0, Event: call.Event{Ref: ref, Body: call.Replied{
			Verdict: call.VerdictOK, Connected: true, Participants: []call.Participant{{ID: "4:+12065550100"}, {ID: "4:+12065550101"}, {ID: "8:acs:x"}},
		}}}, "     0.0  replied 2 ok connected ann, +12065550101, 8:acs:x"},
		{"several keys", call.Entry{Now: t0, Event: call.Event{Ref: ref, Body: call.Recognized{Tones: []string{"one", "pound"}}}},
			"     0.0  recognized 2 one pound"},
		{"a choice", call.Entry{Now: t0, Event: call.Event{Ref: ref, Body: call.Recognized{Choice: "sales"}}},
			"     0.0  recognized 2 sales"},
		{"keys that were not enough", call.Entry{Now: t0, Event: call.Event{Ref: ref, Body: call.RecognizeFailed{Tones: []string{"one"}}}},
			"     0.0  recognizeFailed 2 one"},
		{"a lost recording", call.Entry{Now: t0, Event: call.Event{Body: call.FilesLost{Op: 2, Files: 3, Reason: "gone"}}},
			"     0.0  filesLost 2 files: 3, gone"},
		{"a recording that did not start", call.Entry{Now: t0, Event: call.Event{Body: call.StartRecordingFailed{Op: 2}}},
			"     0.0  startRecordingFailed 2"},
		{"an event of an unknown type", call.Entry{Now: t0, Event: call.Event{Body: call.Unknown{Type: "Bell"}}}, "     0.0  unknown Bell"},
		{"a link to a recording that is filed", call.Entry{Now: t0, Event: call.Event{Ref: ref, Body: call.Replied{
			Verdict: call.VerdictOK, Recording: call.RecordingFiled,
		}}}, "     0.0  replied 2 ok filed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := h.transition(tt.entry); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
