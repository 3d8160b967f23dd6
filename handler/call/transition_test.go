package call

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

func TestClaim(t *testing.T) {
	l := offer(t)
	a := l.owed(outbox.VerbAnswer)
	if a.Owner != "run-1" || a.Leases != 1 || !a.FirstSent.Equal(t0) || !a.LeaseUntil.Equal(t0.Add(9*time.Second)) {
		t.Errorf("an answer belongs to its run for 9 s: %+v", a)
	}
	l = pressed(t)
	a = l.owed(outbox.VerbAdd)
	if !a.LeaseUntil.Equal(l.now.Add(30 * time.Second)) {
		t.Errorf("an invitation belongs to its run for 30 s: %+v", a)
	}
	lanes := l.c.Pending.Leased(a.Owner)
	if len(lanes) != 2 || len(lanes[outbox.LaneMedia]) != 1 || len(lanes[outbox.LaneParticipants]) != 1 {
		t.Errorf("lanes = %+v", lanes)
	}
	if !l.c.Pending.Owns(a.Owner, a) || l.c.Pending.Owns("somebody", a) {
		t.Error("only its run owns an action")
	}
	l.replies(outbox.VerbAdd, throttled(time.Second))
	if l.c.Pending.Owns(a.Owner, a) {
		t.Error("an answered send belongs to nobody any more")
	}
}

func TestLateAnswerEndsWithTheRinging(t *testing.T) {
	l := offer(t)
	l.replies(outbox.VerbAnswer, throttled(24*time.Second))
	l.passes(24 * time.Second)
	a := l.owed(outbox.VerbAnswer)
	// A request of 5 s must end by then; so none begins later than 25 s after the offer.
	if want := t0.Add(30 * time.Second); !a.LeaseUntil.Equal(want) {
		t.Errorf("until %v, want %v", a.LeaseUntil, want)
	}
}

func TestThrottledRequestsWaitLongerEachTime(t *testing.T) {
	l := greeted(t)
	l.happensTo(l.c.Wait.Media, PlayCompleted{})
	var waits []time.Duration
	for range 5 {
		l.replies(outbox.VerbRecognize, throttled(0))
		wait := l.owed(outbox.VerbRecognize).NotBefore.Sub(l.now)
		waits = append(waits, wait)
		l.passes(wait)
	}
	want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}
	if !slices.Equal(waits, want) {
		t.Errorf("waits = %v, want %v", waits, want)
	}
	for _, asked := range []time.Duration{0, 24 * time.Hour} {
		if got := outbox.ThrottleBackoff(asked, 1000); got != time.Minute {
			t.Errorf("waits %v, want at most a minute", got)
		}
	}
}

func TestWake(t *testing.T) {
	tests := []struct {
		name string
		from func(tester) *life
		then func(l *life)
		want time.Duration // from now; 0: never
	}{
		{"an answer is taken over when its owner's time is up", offer, nil, 9 * time.Second},
		{"a connection is waited for", answered, nil, limits.Connect},
		{"a throttled request may be sent again", offer, func(l *life) { l.replies(outbox.VerbAnswer, throttled(3*time.Second)) }, 3 * time.Second},
		{"a prompt is over some time", greeted, nil, limits.Prompt + flow.Prompt{Text: "Hello."}.Spoken()},
		{"people who talk are looked at", talking, nil, limits.KeepAlive},
		{"a hang-up is heard of", released, nil, limits.Hangup},
		{"a telephone has rung long enough", placed, nil, limits.Ring},
		{"a call of unknown fate is settled", unheardOf, nil, limits.Confirm},
		{"a throttled call may be placed", denied, nil, 5 * time.Second},
		{"a recording is lost", over, nil, limits.Recording},
		{"nothing is owed after the end", filed, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.from(t)
			if tt.then != nil {
				tt.then(l)
			}
			var got time.Duration
			if wake := l.c.Wake(); !wake.IsZero() {
				got = wake.Sub(l.now)
			}
			if got != tt.want {
				t.Errorf("wakes in %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSeenKeepsTheLatestKeys(t *testing.T) {
	l := offer(t)
	for range maxEventKeys {
		l.happens(Unknown{Type: "x"})
	}
	if len(l.c.RecentEventKeys) != maxEventKeys || l.c.HasEvent("offer") || !l.c.HasEvent("event-1") || l.c.HasEvent("") {
		t.Errorf("seen = %q", l.c.RecentEventKeys)
	}
}
