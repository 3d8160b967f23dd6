package call

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecording(t *testing.T) {
	// recording: the agent has joined, and the recording is asked for.
	recording := func(t tester) *life {
		l := inviting(t)
		l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
		l.replies(CancelMedia, done)
		return l
	}
	op := func(l *life) int { return l.c.Recordings[0].Op }
	tests := []struct {
		name string
		then func(l *life)
		want string
		rec  Recording // Op aside
	}{
		{"is asked for while people talk", func(l *life) {}, "connected at talk, owes startRecording",
			Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"has the id that ACS's answer gives", func(l *life) {
			l.replies(StartRecord, Replied{Verdict: Done, RecordingID: "rec-1"})
		}, "connected at talk", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingWanted}},
		{"may get its id only from the callback", func(l *life) {
			l.replies(StartRecord, done)
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
		}, "connected at talk", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback before ACS's answer proves it", func(l *life) {
			start := l.owed(StartRecord)
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
			l.answers(start, unheard)
		}, "connected at talk", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback at the call's own address is known by ACS's id", func(l *life) {
			l.replies(StartRecord, Replied{Verdict: Done, RecordingID: "rec-1"})
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true})
		}, "connected at talk", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"or is the one that is waited for", func(l *life) {
			l.replies(StartRecord, done)
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true})
		}, "connected at talk", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"a callback of another recording is not its own", func(l *life) {
			l.replies(StartRecord, done)
			l.happens(RecordingChanged{RecordingID: "rec-9", Active: true, Op: 99})
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"that stops is finished", func(l *life) {
			l.replies(StartRecord, done)
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
			l.happens(RecordingChanged{RecordingID: "rec-1", Op: op(l)})
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true, Op: op(l)}) // overtaken
		}, "connected at talk", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
		{"that does not start does not hold up the talk", func(l *life) {
			l.replies(StartRecord, done)
			l.happens(RecordingFailed{Op: op(l)})
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingNone}},
		{"that ACS refuses does not hold up the talk", func(l *life) {
			l.replies(StartRecord, refuses("8523"))
		}, "connected at talk", Recording{Send: 1, Channels: "mixed", State: RecordingNone}},
		{"that is refused and runs all the same runs", func(l *life) {
			l.replies(StartRecord, refuses("8523"))
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
		}, "connected at talk", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingStarted}},
		{"throttled is a new send", func(l *life) {
			l.replies(StartRecord, throttled(time.Second))
			l.passes(time.Second)
		}, "connected at talk, owes startRecording#2", Recording{Send: 2, Channels: "mixed", State: RecordingWanted}},
		{"of which nothing is heard is asked for again", func(l *life) {
			l.replies(StartRecord, done)
			l.passes(limits.RecordingStart)
		}, "connected at talk, owes startRecording#2", Recording{Send: 2, Again: true, Channels: "mixed", State: RecordingWanted}},
		{"runs if ACS refuses the second request because it runs", func(l *life) {
			l.replies(StartRecord, done)
			l.passes(limits.RecordingStart)
			l.replies(StartRecord, refuses("8559"))
		}, "connected at talk", Recording{Send: 2, Again: true, Channels: "mixed", State: RecordingStarted}},
		{"waits for the callback if ACS refuses the second request for another reason of state", func(l *life) {
			l.replies(StartRecord, done)
			l.passes(limits.RecordingStart)
			l.replies(StartRecord, refuses("409"))
		}, "connected at talk", Recording{Send: 2, Again: true, Channels: "mixed", State: RecordingWanted}},
		{"is not asked for a third time", func(l *life) {
			l.replies(StartRecord, done)
			l.passes(limits.RecordingStart)
			l.replies(StartRecord, done)
			l.passes(limits.RecordingStart)
		}, "connected at talk", Recording{Send: 2, Again: true, Channels: "mixed", State: RecordingNone}},
		{"unheard is repeated with its pair", func(l *life) {
			l.replies(StartRecord, unheard)
			l.passes(30 * time.Second)
			if a := l.owed(StartRecord); a.Claims != 2 {
				l.t.Errorf("claimed %d times", a.Claims)
			}
		}, "connected at talk, owes startRecording", Recording{Send: 1, Channels: "mixed", State: RecordingWanted}},
		{"whose pair ACS has forgotten is a new send", func(l *life) { l.passes(pairLife) },
			"connected at talk, owes startRecording#2", Recording{Send: 2, Again: true, Channels: "mixed", State: RecordingWanted}},
		{"that runs when the call ends is finished", func(l *life) {
			l.replies(StartRecord, done)
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true, Op: op(l)})
			l.happens(Disconnected{})
		}, "ended completed", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
		{"that never ran when the call ends is none", func(l *life) { l.happens(Disconnected{}) },
			"ended completed", Recording{Send: 1, Channels: "mixed", State: RecordingNone}},
		{"that is heard of after the call's end was one", func(l *life) {
			o := op(l)
			l.happens(Disconnected{})
			l.happens(RecordingChanged{RecordingID: "rec-1", Active: true, Op: o})
		}, "ended completed", Recording{Send: 1, ID: "rec-1", Channels: "mixed", State: RecordingFinished}},
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
	if got := l.c.Claimed(run)[LaneRecording]; len(got) != 2 {
		t.Fatalf("claimed %d", len(got))
	}
	l.replies(StartRecord, throttled(time.Second))
	var owed []string
	for _, a := range l.c.Pending {
		if a.Verb == StartRecord {
			owed = append(owed, a.Ref.String()+" "+a.By)
		}
	}
	// The second must not be sent before the first; its owner has not sent it yet.
	if want := []string{"2.2 ", "3.1 "}; !slices.Equal(owed, want) {
		t.Errorf("owed %q, want %q", owed, want)
	}
	l.passes(time.Second)
	if got := len(l.c.Claimed("run-4")[LaneRecording]); got != 2 {
		t.Errorf("then %d are claimed: %+v", got, l.c.Pending)
	}
	l.replays()
}
