package call

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call/outbox"
)

func TestStartOfARecording(t *testing.T) {
	// atRecordingWanted returns a call that an agent has joined. The start of the recording is on its way.
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
		rec  Recording // without Op
	}{
		{"is started while agent and caller talk", func(m *machine) {}, "connected at talk, pending startRecording",
			Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"gets its id from the reply", func(m *machine) {
			m.reply(outbox.VerbStartRecording, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingWanted}},
		{"gets its id from the callback if the reply has none", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"is confirmed by a callback before the reply", func(m *machine) {
			start := m.pending(outbox.VerbStartRecording)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
			m.replyTo(start, replyNoResponse)
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"is found by ACS's id if the callback names no operation", func(m *machine) {
			m.reply(outbox.VerbStartRecording, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"is the one that has not started if the callback names neither operation nor known id", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"ignores the callback of another recording", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-9", Active: true, Op: 99})
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"is finished when it stops", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
			m.report(RecordingStateChanged{RecordingID: "rec-1", Op: op(m)})
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)}) // late
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
		{"that does not start does not hold up the flow", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(StartRecordingFailed{Op: op(m)})
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"that is refused does not hold up the flow", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyRefused("8523"))
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"that is refused and reported as running runs", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyRefused("8523"))
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"that is throttled becomes a new send", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyThrottled(time.Second))
			m.wait(time.Second)
		}, "connected at talk, pending startRecording#2", Recording{Send: 2, Channels: "mixed", State: RecordingWanted}},
		{"that does not start in time is asked for again", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
		}, "connected at talk, pending startRecording#2", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"runs if the second request is refused because it runs", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
			m.reply(outbox.VerbStartRecording, replyRefused("8559"))
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingStarted}},
		{"waits for the callback if the second request is refused for another state", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
			m.reply(outbox.VerbStartRecording, replyRefusedStatus(409))
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"is not asked for a third time", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
			m.reply(outbox.VerbStartRecording, replyOK)
			m.wait(limits.RecordingStart)
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"without response is repeated with its pair", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyNoResponse)
			m.wait(30 * time.Second)
			if a := m.pending(outbox.VerbStartRecording); a.Leases != 2 {
				m.t.Errorf("leases = %d, want 2", a.Leases)
			}
		}, "connected at talk, pending startRecording", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"whose pair is too old becomes a new send", func(m *machine) { m.wait(outbox.PairLife) },
			"connected at talk, pending startRecording#2", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"that runs when the call ends is finished", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(m)})
			m.report(Disconnected{})
		}, "ended completed, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
		{"that may run when the call ends is outstanding", func(m *machine) { m.report(Disconnected{}) },
			"ended completed", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"that was not sent when the call ends has failed", func(m *machine) {
			m.reply(outbox.VerbStartRecording, replyThrottled(time.Minute))
			m.report(Disconnected{})
		}, "ended completed", Recording{Send: 2, Channels: "mixed", State: RecordingFailed}},
		{"that is refused after the call's end has failed", func(m *machine) {
			start := m.pending(outbox.VerbStartRecording)
			m.report(Disconnected{})
			m.replyTo(start, replyRefused(CodeGone))
		}, "ended completed", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"gets its id from a reply after the call's end", func(m *machine) {
			start := m.pending(outbox.VerbStartRecording)
			m.report(Disconnected{})
			m.replyTo(start, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
		}, "ended completed, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingWanted}},
		{"is outstanding though an earlier send is refused", func(m *machine) {
			first := m.pending(outbox.VerbStartRecording)
			m.wait(outbox.PairLife)
			m.report(Disconnected{})
			m.replyTo(first, replyRefused(CodeGone))
		}, "ended completed", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"that is reported after the call's end is finished", func(m *machine) {
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
		t.Fatalf("leased are %d starts, want 2", len(got))
	}
	m.reply(outbox.VerbStartRecording, replyThrottled(time.Second))
	var pending []string
	for _, a := range m.c.Pending {
		if a.Verb == outbox.VerbStartRecording {
			pending = append(pending, a.Ref.String()+" "+a.Owner)
		}
	}
	// The second must not be sent before the first. It was not sent yet, so its lease has ended.
	if want := []string{"2.2 ", "3.1 "}; !slices.Equal(pending, want) {
		t.Errorf("pending = %q, want %q", pending, want)
	}
	m.wait(time.Second)
	if got := len(m.c.Pending.Leased("run-4")[outbox.LaneRecording]); got != 2 {
		t.Errorf("leased after the wait are %d starts, want 2: %+v", got, m.c.Pending)
	}
	m.checkReplay()
}

func TestFilesOfARecording(t *testing.T) {
	// atEndWithoutID returns an ended call. ACS has accepted the start of its recording and reported
	// nothing.
	atEndWithoutID := func(t tester) *machine {
		m := atAgentRinging(t)
		m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
		m.reply(outbox.VerbStartRecording, replyOK)
		m.report(Disconnected{})
		return m
	}
	// atLink returns such a call after ACS has reported the id. The link is on its way.
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
			m.t.Errorf("the link is of operation %d, want %d", got, op(m))
		}
		m.reply(outbox.VerbLink, Replied{Verdict: VerdictOK, Recording: state, Reason: reason})
	}
	tests := []struct {
		name   string
		from   func(tester) *machine
		then   func(m *machine)
		want   string // the call's summary
		state  RecordingState
		reason string
	}{
		{"are outstanding when the call has ended", atEnd, func(m *machine) {}, "ended completed", RecordingFinished, ""},
		{"are filed", atEnd, func(m *machine) { reportFiled(m, op(m), "rec-1") },
			"ended completed", RecordingFiled, ""},
		{"are filed by ACS's id", atEnd, func(m *machine) { reportFiled(m, 0, "rec-1") }, "ended completed", RecordingFiled, ""},
		{"are not filed by those of another recording", atEnd, func(m *machine) { reportFiled(m, 99, "rec-9") },
			"ended completed", RecordingFinished, ""},
		{"may be filed while agent and caller talk", atTalk, func(m *machine) { reportFiled(m, op(m), "rec-1") },
			"connected at talk", RecordingFiled, ""},
		{"that are filed during the call are not outstanding at its end", atTalk, func(m *machine) {
			reportFiled(m, op(m), "rec-1")
			m.report(Disconnected{})
		}, "ended completed", RecordingFiled, ""},
		{"that are filed need no link", atLink, func(m *machine) { reportFiled(m, op(m), "rec-1") },
			"ended completed", RecordingFiled, ""},
		{"are lost when ACS has deleted them", atEnd, func(m *machine) { reportLost(m, "deleted") },
			"ended completed", RecordingLost, "deleted"},
		{"that were lost are filed if they come after all", atEnd, func(m *machine) {
			reportLost(m, "deleted")
			reportFiled(m, op(m), "rec-1")
		}, "ended completed", RecordingFiled, ""},
		{"stay filed although they are reported as lost later", atEnd, func(m *machine) {
			reportFiled(m, op(m), "rec-1")
			reportLost(m, "deleted")
		}, "ended completed", RecordingFiled, ""},
		{"are outstanding without an id", atEndWithoutID, func(m *machine) {}, "ended completed", RecordingWanted, ""},
		{"are linked when the id comes late", atLink, func(m *machine) {},
			"ended completed, pending link", RecordingFinished, ""},
		{"are outstanding when the linked recording is not filed yet", atLink, func(m *machine) {
			replyLinked(m, "", "")
		}, "ended completed", RecordingFinished, ""},
		{"are filed when the linked recording is", atLink, func(m *machine) {
			replyLinked(m, RecordingFiled, "")
		}, "ended completed", RecordingFiled, ""},
		{"are lost when the linked recording is", atLink, func(m *machine) {
			replyLinked(m, RecordingLost, "deleted")
		}, "ended completed", RecordingLost, "deleted"},
		{"are linked after a link that failed", atLink, func(m *machine) {
			m.reply(outbox.VerbLink, replyNoResponse)
			m.wait(time.Second)
		}, "ended completed, pending link", RecordingFinished, ""},
		{"do not exist if ACS reports late that the recording did not start", atEndWithoutID, func(m *machine) {
			m.report(StartRecordingFailed{Op: op(m)})
		}, "ended completed", RecordingFailed, ""},
		{"are lost when their time has ended", atEnd, func(m *machine) { m.wait(limits.Recording) },
			"ended completed", RecordingLost, "no file came in time"},
		{"are not lost before", atEnd, func(m *machine) { m.wait(limits.Recording - time.Second) },
			"ended completed", RecordingFinished, ""},
		{"are lost although ACS never reported an id", atEndWithoutID, func(m *machine) { m.wait(limits.Recording) },
			"ended completed", RecordingLost, "no file came in time, and ACS never reported its id"},
		{"that are lost are linked when the id comes", atEndWithoutID, func(m *machine) {
			m.wait(limits.Recording)
			m.report(RecordingStateChanged{RecordingID: "rec-1", Op: op(m)})
		}, "ended completed, pending link", RecordingLost, "no file came in time, and ACS never reported its id"},
		{"that are lost are filed when the linked recording is", atEndWithoutID, func(m *machine) {
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
				t.Errorf("HasWork = %v, want %v", got, wantOutstanding || m.c.Active())
			}
			m.checkReplay()
		})
	}
}
