package call

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call/outbox"
)

func TestStartOfARecording(t *testing.T) {
	// recording: the agent has joined, and the recording is asked for.
	atRecordingWanted := func(t tester) *machine {
		m := atAgentRinging(t)
		m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
		m.reply(outbox.VerbCancelMedia, replyOK)
		return m
	}
	op := func(m *machine) int { return m.c.Recordings[0].Op }
	tests := []struct {
		name string
		then func(m *machine)
		want string
		rec  Recording // Op aside
	}{
		{"is asked for while people talk", func(m *machine) {}, "connected at talk, pending startRecording",
			Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"has the id that ACS's answer gives", func(m *machine) {
			m.reply(outbox.VerbStartRecording, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingWanted}},
		{"may get its id only from the callback", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback before ACS's answer proves it", func(m *machine) {
			start := m.pending(outbox.VerbStartRecording)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
			m.replyTo(start, replyNoResponse)
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback at the call's own address is known by ACS's id", func(m *machine) {
			m.reply(outbox.VerbStartRecording, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"or is the one that is waited for", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback of another recording is not its own", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-9", Active: true, Op: 99})
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"that stops is finished", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
			m.report(RecordingStateChanged{RecordingID: "rec-1", Op: op(m)})
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)}) // overtaken
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
		{"that does not start does not hold up the talk", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(StartRecordingFailed{Op: op(m)})
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"that ACS refuses does not hold up the talk", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyRefused("8523"))
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"that is refused and runs all the same runs", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyRefused("8523"))
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"throttled is a new send", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyThrottled(time.Second))
			m.wait(time.Second)
		}, "connected at talk, pending startRecording#2", Recording{Send: 2, Channels: "mixed", State: RecordingWanted}},
		{"of which nothing is heard is asked for again", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
		}, "connected at talk, pending startRecording#2", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"runs if ACS refuses the second request because it runs", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
			m.reply(outbox.VerbStartRecording, replyRefused("8559"))
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingStarted}},
		{"waits for the callback if ACS refuses the second request for another reason of state", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
			m.reply(outbox.VerbStartRecording, replyRefused("409"))
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"is not asked for a third time", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"unheard is repeated with its pair", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyNoResponse)
			m.wait(30 * time.Second)
			if a := m.pending(outbox.VerbStartRecording); a.Leases != 2 {
				m.t.Errorf("claimed %d times", a.Leases)
			}
		}, "connected at talk, pending startRecording", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"whose pair ACS has forgotten is a new send", func(m *machine) { m.wait(outbox.PairLife) },
			"connected at talk, pending startRecording#2", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"that runs when the call ends is finished", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
			m.report(Disconnected{})
		}, "ended completed, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
		{"that may run when the call ends is owed", func(m *machine) { m.report(Disconnected{}) },
			"ended completed", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"that was certainly not asked for when the call ends is none", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyThrottled(time.Minute))
			m.report(Disconnected{})
		}, "ended completed", Recording{Send: 2, Channels: "mixed", State: RecordingFailed}},
		{"that was refused while the call ended is none", func(m *machine) {
			start := m.pending(outbox.VerbStartRecording)
			m.report(Disconnected{})
			m.replyTo(start, replyRefused(CodeGone))
		}, "ended completed", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"that was taken while the call ended has the id of ACS's answer", func(m *machine) {
			start := m.pending(outbox.VerbStartRecording)
			m.report(Disconnected{})
			m.replyTo(start, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
		}, "ended completed, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingWanted}},
		{"is owed though ACS refused a send before the latest", func(m *machine) {
			first := m.pending(outbox.VerbStartRecording)
			m.wait(outbox.PairLife)
			m.report(Disconnected{})
			m.replyTo(first, replyRefused(CodeGone))
		}, "ended completed", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"that is heard of after the call's end was one", func(m *machine) {
			o := op(m)
			m.report(Disconnected{})
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: o})
		}, "ended completed, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := atRecordingWanted(t)
			tt.then(m)
			if got := summary(m.c); got != tt.want {
				t.Errorf("the call is %s\n             want %s", got, tt.want)
			}
			tt.rec.Op = op(m)
			if d := cmp.Diff([]Recording{tt.rec}, m.c.Recordings); d != "" {
				t.Errorf("recordings (-want +got):\n%s", d)
			}
			m.checkReplay()
		})
	}
}

func TestTwoRecordingsAreStartedOneAfterTheOther(t *testing.T) {
	m := &machine{t: t, c: Call{ID: "in-1"}, now: t0, flow: parse(`{"name":"f","start":"r1","nodes":{
		"r1":{"kind":"record","next":"r2"},"r2":{"kind":"record","channels":"unmixed","next":"p"},
		"p":{"kind":"play","prompt":{"text":"!"},"next":"end"},"end":{"kind":"hangup"}}}`)}
	m.report(offered)
	run := func() string { m.report(Connected{}); return "run-2" }()
	if got := m.c.Pending.Leased(run)[outbox.LaneRecording]; len(got) != 2 {
		t.Fatalf("claimed %d", len(got))
	}
	m.reply(outbox.VerbStartRecording, replyThrottled(time.Second))
	var pending []string
	for _, a := range m.c.Pending {
		if a.Verb == outbox.VerbStartRecording {
			pending = append(pending, a.Ref.String()+" "+a.Owner)
		}
	}
	// The second must not be sent before the first; its owner has not sent it yet.
	if want := []string{"2.2 ", "3.1 "}; !slices.Equal(pending, want) {
		t.Errorf("owed %q, want %q", pending, want)
	}
	m.wait(time.Second)
	if got := len(m.c.Pending.Leased("run-4")[outbox.LaneRecording]); got != 2 {
		t.Errorf("then %d are claimed: %+v", got, m.c.Pending)
	}
	m.checkReplay()
}

func TestFilesOfARecording(t *testing.T) {
	// asked: the call has ended, and of the recording nothing was heard but that ACS took the request.
	atEndWithoutID := func(t tester) *machine {
		m := atAgentRinging(t)
		m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
		m.reply(outbox.VerbStartRecording, replyOK)
		m.report(Disconnected{})
		return m
	}
	// linking: ACS has told the recording's id late, and the recording's row is to know.
	atLink := func(t tester) *machine {
		m := atEndWithoutID(t)
		m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: m.c.Recordings[0].Op})
		return m
	}
	op := func(m *machine) int { return m.c.Recordings[0].Op }
	reportFiled := func(m *machine, op int, id string) {
		m.apply(Event{Key: "kept", Body: FilesFiled{RecordingID: id, Op: op}})
	}
	reportLost := func(m *machine, reason string) {
		m.apply(Event{Key: "gone", Body: FilesLost{RecordingID: "rec-1", Op: op(m), Reason: reason}})
	}
	replyLinked := func(m *machine, state RecordingState, reason string) {
		if got := m.pending(outbox.VerbLink).Recording; got != op(m) {
			m.t.Errorf("linked is recording %d", got)
		}
		m.reply(outbox.VerbLink, Replied{Verdict: VerdictOK, Recording: state, Reason: reason})
	}
	tests := []struct {
		name   string
		from   func(tester) *machine
		then   func(m *machine)
		want   string // the call
		state  RecordingState
		reason string
	}{
		{"is owed when the call has ended", atEnd, func(m *machine) {}, "ended completed", RecordingFinished, ""},
		{"is paid when the files are where they belong", atEnd, func(m *machine) { reportFiled(m, op(m), "rec-1") },
			"ended completed", RecordingFiled, ""},
		{"is known by ACS's id", atEnd, func(m *machine) { reportFiled(m, 0, "rec-1") }, "ended completed", RecordingFiled, ""},
		{"is not paid by another recording", atEnd, func(m *machine) { reportFiled(m, 99, "rec-9") },
			"ended completed", RecordingFinished, ""},
		{"may be paid while people talk", atTalk, func(m *machine) { reportFiled(m, op(m), "rec-1") },
			"connected at talk", RecordingFiled, ""},
		{"that is paid during the call is not owed at its end", atTalk, func(m *machine) {
			reportFiled(m, op(m), "rec-1")
			m.report(Disconnected{})
		}, "ended completed", RecordingFiled, ""},
		{"that is paid is not asked for, nor linked", atLink, func(m *machine) { reportFiled(m, op(m), "rec-1") },
			"ended completed", RecordingFiled, ""},
		{"is lost when ACS has nothing any more", atEnd, func(m *machine) { reportLost(m, "deleted") },
			"ended completed", RecordingLost, "deleted"},
		{"is paid by files that come after all", atEnd, func(m *machine) {
			reportLost(m, "deleted")
			reportFiled(m, op(m), "rec-1")
		}, "ended completed", RecordingFiled, ""},
		{"stays paid, whatever is said later", atEnd, func(m *machine) {
			reportFiled(m, op(m), "rec-1")
			reportLost(m, "deleted")
		}, "ended completed", RecordingFiled, ""},
		{"is owed without an id", atEndWithoutID, func(m *machine) {}, "ended completed", RecordingWanted, ""},
		{"gets its id late, and is linked", atLink, func(m *machine) {},
			"ended completed, pending link", RecordingFinished, ""},
		{"is owed when it is linked to a recording that is not filed yet", atLink, func(m *machine) {
			replyLinked(m, "", "")
		}, "ended completed", RecordingFinished, ""},
		{"is paid when it is linked to a recording that was filed", atLink, func(m *machine) {
			replyLinked(m, RecordingFiled, "")
		}, "ended completed", RecordingFiled, ""},
		{"is lost when it is linked to a recording that was lost", atLink, func(m *machine) {
			replyLinked(m, RecordingLost, "deleted")
		}, "ended completed", RecordingLost, "deleted"},
		{"is linked in the end", atLink, func(m *machine) {
			m.reply(outbox.VerbLink, replyNoResponse)
			m.wait(time.Second)
		}, "ended completed, pending link", RecordingFinished, ""},
		{"is none when ACS says late that it did not start", atEndWithoutID, func(m *machine) {
			m.report(StartRecordingFailed{Op: op(m)})
		}, "ended completed", RecordingFailed, ""},
		{"is lost when its time is over", atEnd, func(m *machine) { m.wait(limits.Recording) },
			"ended completed", RecordingLost, "no file came in time"},
		{"is not lost before", atEnd, func(m *machine) { m.wait(limits.Recording - time.Second) },
			"ended completed", RecordingFinished, ""},
		{"is lost though ACS never told its id", atEndWithoutID, func(m *machine) { m.wait(limits.Recording) },
			"ended completed", RecordingLost, "no file came in time, and ACS never told its id"},
		{"that counts as lost gets its id, and is linked", atEndWithoutID, func(m *machine) {
			m.wait(limits.Recording)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Op: op(m)})
		}, "ended completed, pending link", RecordingLost, "no file came in time, and ACS never told its id"},
		{"that counts as lost is paid by the file that it is linked to", atEndWithoutID, func(m *machine) {
			m.wait(limits.Recording)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Op: op(m)})
			replyLinked(m, RecordingFiled, "")
		}, "ended completed", RecordingFiled, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.from(t)
			tt.then(m)
			if got := summary(m.c); got != tt.want {
				t.Errorf("the call is %s\n             want %s", got, tt.want)
			}
			if r := m.c.Recordings[0]; r.State != tt.state || r.Reason != tt.reason {
				t.Errorf("the recording is %s (%s), want %s (%s)", r.State, r.Reason, tt.state, tt.reason)
			}
			wantOutstanding := tt.state == RecordingWanted || tt.state == RecordingFinished
			if got := m.c.HasWork(); got != (wantOutstanding || m.c.Active()) {
				t.Errorf("owes %v, is busy %v", got, m.c.Active())
			}
			m.checkReplay()
		})
	}
}
