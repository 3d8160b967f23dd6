package call

import (
	"slices"
	"switchboard/handler/call/outbox"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecording(t *testing.T) {
	// recording: the agent has joined, and the recording is asked for.
	recording := func(t tester) *life {
		l := inviting(t)
		l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
		l.replies(outbox.VerbCancelMedia, done)
		return l
	}
	op := func(l *life) int { return l.c.Recordings[0].Op }
	tests := []struct {
		name string
		then func(l *life)
		want string
		rec  Recording // Op aside
	}{
		{"is asked for while people talk", func(l *life) {}, "connected at talk, pending startRecording",
			Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"has the id that ACS's answer gives", func(l *life) {
			l.replies(outbox.VerbStartRecording, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingWanted}},
		{"may get its id only from the callback", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback before ACS's answer proves it", func(l *life) {
			start := l.owed(outbox.VerbStartRecording)
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
			l.answers(start, unheard)
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback at the call's own address is known by ACS's id", func(l *life) {
			l.replies(outbox.VerbStartRecording, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"or is the one that is waited for", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback of another recording is not its own", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.happens(RecordingStateChanged{RecordingID: "rec-9", Active: true, Op: 99})
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"that stops is finished", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Op: op(l)})
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(l)}) // overtaken
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
		{"that does not start does not hold up the talk", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.happens(StartRecordingFailed{Op: op(l)})
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"that ACS refuses does not hold up the talk", func(l *life) {
			l.replies(outbox.VerbStartRecording, refuses("8523"))
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"that is refused and runs all the same runs", func(l *life) {
			l.replies(outbox.VerbStartRecording, refuses("8523"))
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
		}, "connected at talk, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"throttled is a new send", func(l *life) {
			l.replies(outbox.VerbStartRecording, throttled(time.Second))
			l.passes(time.Second)
		}, "connected at talk, pending startRecording#2", Recording{Send: 2, Channels: "mixed", State: RecordingWanted}},
		{"of which nothing is heard is asked for again", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.passes(limits.RecordingStart)
		}, "connected at talk, pending startRecording#2", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"runs if ACS refuses the second request because it runs", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.passes(limits.RecordingStart)
			l.replies(outbox.VerbStartRecording, refuses("8559"))
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingStarted}},
		{"waits for the callback if ACS refuses the second request for another reason of state", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.passes(limits.RecordingStart)
			l.replies(outbox.VerbStartRecording, refuses("409"))
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"is not asked for a third time", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.passes(limits.RecordingStart)
			l.replies(outbox.VerbStartRecording, done)
			l.passes(limits.RecordingStart)
		}, "connected at talk", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"unheard is repeated with its pair", func(l *life) {
			l.replies(outbox.VerbStartRecording, unheard)
			l.passes(30 * time.Second)
			if a := l.owed(outbox.VerbStartRecording); a.Leases != 2 {
				l.t.Errorf("claimed %d times", a.Leases)
			}
		}, "connected at talk, pending startRecording", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"whose pair ACS has forgotten is a new send", func(l *life) { l.passes(outbox.PairLife) },
			"connected at talk, pending startRecording#2", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"that runs when the call ends is finished", func(l *life) {
			l.replies(outbox.VerbStartRecording, done)
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
			l.happens(Disconnected{})
		}, "ended completed, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
		{"that may run when the call ends is owed", func(l *life) { l.happens(Disconnected{}) },
			"ended completed", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"that was certainly not asked for when the call ends is none", func(l *life) {
			l.replies(outbox.VerbStartRecording, throttled(time.Minute))
			l.happens(Disconnected{})
		}, "ended completed", Recording{Send: 2, Channels: "mixed", State: RecordingFailed}},
		{"that was refused while the call ended is none", func(l *life) {
			start := l.owed(outbox.VerbStartRecording)
			l.happens(Disconnected{})
			l.answers(start, refuses(CodeGone))
		}, "ended completed", Recording{Send: 1, Channels: "mixed", State: RecordingFailed}},
		{"that was taken while the call ended has the id of ACS's answer", func(l *life) {
			start := l.owed(outbox.VerbStartRecording)
			l.happens(Disconnected{})
			l.answers(start, Replied{Verdict: VerdictOK, RecordingID: "rec-1"})
		}, "ended completed, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingWanted}},
		{"is owed though ACS refused a send before the latest", func(l *life) {
			first := l.owed(outbox.VerbStartRecording)
			l.passes(outbox.PairLife)
			l.happens(Disconnected{})
			l.answers(first, refuses(CodeGone))
		}, "ended completed", Recording{Send: 2, Restarted: true, Channels: "mixed", State: RecordingWanted}},
		{"that is heard of after the call's end was one", func(l *life) {
			o := op(l)
			l.happens(Disconnected{})
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: o})
		}, "ended completed, pending link", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := recording(t)
			tt.then(l)
			if got := summary(l.c); got != tt.want {
				t.Errorf("the call is %s\n             want %s", got, tt.want)
			}
			tt.rec.Op = op(l)
			if d := cmp.Diff([]Recording{tt.rec}, l.c.Recordings); d != "" {
				t.Errorf("recordings (-want +got):\n%s", d)
			}
			l.replays()
		})
	}
}

func TestTwoRecordingsAreStartedOneAfterTheOther(t *testing.T) {
	l := &life{t: t, c: Call{ID: "in-1"}, now: t0, flow: parse(`{"name":"f","start":"r1","nodes":{
		"r1":{"kind":"record","next":"r2"},"r2":{"kind":"record","channels":"unmixed","next":"p"},
		"p":{"kind":"play","prompt":{"text":"!"},"next":"end"},"end":{"kind":"hangup"}}}`)}
	l.happens(offered)
	run := func() string { l.happens(Connected{}); return "run-2" }()
	if got := l.c.Pending.Leased(run)[outbox.LaneRecording]; len(got) != 2 {
		t.Fatalf("claimed %d", len(got))
	}
	l.replies(outbox.VerbStartRecording, throttled(time.Second))
	var owed []string
	for _, a := range l.c.Pending {
		if a.Verb == outbox.VerbStartRecording {
			owed = append(owed, a.Ref.String()+" "+a.Owner)
		}
	}
	// The second must not be sent before the first; its owner has not sent it yet.
	if want := []string{"2.2 ", "3.1 "}; !slices.Equal(owed, want) {
		t.Errorf("owed %q, want %q", owed, want)
	}
	l.passes(time.Second)
	if got := len(l.c.Pending.Leased("run-4")[outbox.LaneRecording]); got != 2 {
		t.Errorf("then %d are claimed: %+v", got, l.c.Pending)
	}
	l.replays()
}

func TestDebt(t *testing.T) {
	// asked: the call has ended, and of the recording nothing was heard but that ACS took the request.
	asked := func(t tester) *life {
		l := inviting(t)
		l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
		l.replies(outbox.VerbStartRecording, done)
		l.happens(Disconnected{})
		return l
	}
	// linking: ACS has told the recording's id late, and the recording's row is to know.
	linking := func(t tester) *life {
		l := asked(t)
		l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: l.c.Recordings[0].Op})
		return l
	}
	op := func(l *life) int { return l.c.Recordings[0].Op }
	kept := func(l *life, op int, id string) {
		l.move(Event{Key: "kept", Body: FilesFiled{RecordingID: id, Op: op}})
	}
	gone := func(l *life, reason string) {
		l.move(Event{Key: "gone", Body: FilesLost{RecordingID: "rec-1", Op: op(l), Reason: reason}})
	}
	linked := func(l *life, state RecordingState, reason string) {
		if got := l.owed(outbox.VerbLink).Recording; got != op(l) {
			l.t.Errorf("linked is recording %d", got)
		}
		l.replies(outbox.VerbLink, Replied{Verdict: VerdictOK, Recording: state, Reason: reason})
	}
	tests := []struct {
		name   string
		from   func(tester) *life
		then   func(l *life)
		want   string // the call
		state  RecordingState
		reason string
	}{
		{"is owed when the call has ended", over, func(l *life) {}, "ended completed", RecordingFinished, ""},
		{"is paid when the files are where they belong", over, func(l *life) { kept(l, op(l), "rec-1") },
			"ended completed", RecordingFiled, ""},
		{"is known by ACS's id", over, func(l *life) { kept(l, 0, "rec-1") }, "ended completed", RecordingFiled, ""},
		{"is not paid by another recording", over, func(l *life) { kept(l, 99, "rec-9") },
			"ended completed", RecordingFinished, ""},
		{"may be paid while people talk", talking, func(l *life) { kept(l, op(l), "rec-1") },
			"connected at talk", RecordingFiled, ""},
		{"that is paid during the call is not owed at its end", talking, func(l *life) {
			kept(l, op(l), "rec-1")
			l.happens(Disconnected{})
		}, "ended completed", RecordingFiled, ""},
		{"that is paid is not asked for, nor linked", linking, func(l *life) { kept(l, op(l), "rec-1") },
			"ended completed", RecordingFiled, ""},
		{"is lost when ACS has nothing any more", over, func(l *life) { gone(l, "deleted") },
			"ended completed", RecordingLost, "deleted"},
		{"is paid by files that come after all", over, func(l *life) {
			gone(l, "deleted")
			kept(l, op(l), "rec-1")
		}, "ended completed", RecordingFiled, ""},
		{"stays paid, whatever is said later", over, func(l *life) {
			kept(l, op(l), "rec-1")
			gone(l, "deleted")
		}, "ended completed", RecordingFiled, ""},
		{"is owed without an id", asked, func(l *life) {}, "ended completed", RecordingWanted, ""},
		{"gets its id late, and is linked", linking, func(l *life) {},
			"ended completed, pending link", RecordingFinished, ""},
		{"is owed when it is linked to a recording that is not filed yet", linking, func(l *life) {
			linked(l, "", "")
		}, "ended completed", RecordingFinished, ""},
		{"is paid when it is linked to a recording that was filed", linking, func(l *life) {
			linked(l, RecordingFiled, "")
		}, "ended completed", RecordingFiled, ""},
		{"is lost when it is linked to a recording that was lost", linking, func(l *life) {
			linked(l, RecordingLost, "deleted")
		}, "ended completed", RecordingLost, "deleted"},
		{"is linked in the end", linking, func(l *life) {
			l.replies(outbox.VerbLink, unheard)
			l.passes(time.Second)
		}, "ended completed, pending link", RecordingFinished, ""},
		{"is none when ACS says late that it did not start", asked, func(l *life) {
			l.happens(StartRecordingFailed{Op: op(l)})
		}, "ended completed", RecordingFailed, ""},
		{"is lost when its time is over", over, func(l *life) { l.passes(limits.Recording) },
			"ended completed", RecordingLost, "no file came in time"},
		{"is not lost before", over, func(l *life) { l.passes(limits.Recording - time.Second) },
			"ended completed", RecordingFinished, ""},
		{"is lost though ACS never told its id", asked, func(l *life) { l.passes(limits.Recording) },
			"ended completed", RecordingLost, "no file came in time, and ACS never told its id"},
		{"that counts as lost gets its id, and is linked", asked, func(l *life) {
			l.passes(limits.Recording)
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Op: op(l)})
		}, "ended completed, pending link", RecordingLost, "no file came in time, and ACS never told its id"},
		{"that counts as lost is paid by the file that it is linked to", asked, func(l *life) {
			l.passes(limits.Recording)
			l.happens(RecordingStateChanged{RecordingID: "rec-1", Op: op(l)})
			linked(l, RecordingFiled, "")
		}, "ended completed", RecordingFiled, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.from(t)
			tt.then(l)
			if got := summary(l.c); got != tt.want {
				t.Errorf("the call is %s\n             want %s", got, tt.want)
			}
			if r := l.c.Recordings[0]; r.State != tt.state || r.Reason != tt.reason {
				t.Errorf("the recording is %s (%s), want %s (%s)", r.State, r.Reason, tt.state, tt.reason)
			}
			owed := tt.state == RecordingWanted || tt.state == RecordingFinished
			if got := l.c.HasWork(); got != (owed || l.c.Active()) {
				t.Errorf("owes %v, is busy %v", got, l.c.Active())
			}
			l.replays()
		})
	}
}
