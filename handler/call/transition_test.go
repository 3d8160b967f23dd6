package call

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

func TestLeasesOfACall(t *testing.T) {
	m := atOffer(t)
	a := m.pending(outbox.VerbAnswer)
	if a.Owner != "run-1" || a.Leases != 1 || !a.FirstSent.Equal(t0) || !a.LeaseUntil.Equal(t0.Add(9*time.Second)) {
		t.Errorf("an answer belongs to its run for 9 s: %+v", a)
	}
	m = atInvitationSent(t)
	a = m.pending(outbox.VerbAdd)
	if !a.LeaseUntil.Equal(m.now.Add(30 * time.Second)) {
		t.Errorf("an invitation belongs to its run for 30 s: %+v", a)
	}
	lanes := m.c.Pending.Leased(a.Owner)
	if len(lanes) != 2 || len(lanes[outbox.LaneMedia]) != 1 || len(lanes[outbox.LaneParticipants]) != 1 {
		t.Errorf("lanes = %+v", lanes)
	}
	if !m.c.Pending.Owns(a.Owner, a) || m.c.Pending.Owns("somebody", a) {
		t.Error("only its run owns an action")
	}
	m.reply(outbox.VerbAdd, replyThrottled(time.Second))
	if m.c.Pending.Owns(a.Owner, a) {
		t.Error("an answered send belongs to nobody any more")
	}
}

func TestLeaseOfALateAnswerEndsWithTheRinging(t *testing.T) {
	m := atOffer(t)
	m.reply(outbox.VerbAnswer, replyThrottled(24*time.Second))
	m.wait(24 * time.Second)
	a := m.pending(outbox.VerbAnswer)
	// A request of 5 s must end by then; so none begins later than 25 s after the offer.
	if want := t0.Add(30 * time.Second); !a.LeaseUntil.Equal(want) {
		t.Errorf("until %v, want %v", a.LeaseUntil, want)
	}
}

func TestThrottledRequestsWaitLongerEachTime(t *testing.T) {
	m := atGreeting(t)
	m.reportFor(m.c.Wait.Media, PlayCompleted{})
	var waits []time.Duration
	for range 5 {
		m.reply(outbox.VerbRecognize, replyThrottled(0))
		wait := m.pending(outbox.VerbRecognize).NotBefore.Sub(m.now)
		waits = append(waits, wait)
		m.wait(wait)
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

func TestWakeIsTheNearestDeadlineOrLease(t *testing.T) {
	tests := []struct {
		name string
		from func(tester) *machine
		then func(m *machine)
		want time.Duration // from now; 0: never
	}{
		{"an answer is taken over when its owner's time is up", atOffer, nil, 9 * time.Second},
		{"a connection is waited for", atAnswered, nil, limits.Connect},
		{"a throttled request may be sent again", atOffer, func(m *machine) { m.reply(outbox.VerbAnswer, replyThrottled(3*time.Second)) }, 3 * time.Second},
		{"a prompt is over some time", atGreeting, nil, limits.Prompt + flow.Prompt{Text: "Hello."}.Spoken()},
		{"people who talk are looked at", atTalk, nil, limits.KeepAlive},
		{"a hang-up is heard of", atHangUp, nil, limits.Hangup},
		{"a telephone has rung long enough", atRinging, nil, limits.Ring},
		{"a call of unknown fate is settled", atCreateUnconfirmed, nil, limits.Confirm},
		{"a throttled call may be placed", atThrottled, nil, 5 * time.Second},
		{"a recording is lost", atEnd, nil, limits.Recording},
		{"nothing is owed after the end", atFiled, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.from(t)
			if tt.then != nil {
				tt.then(m)
			}
			var got time.Duration
			if wake := m.c.Wake(); !wake.IsZero() {
				got = wake.Sub(m.now)
			}
			if got != tt.want {
				t.Errorf("wakes in %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRecentEventKeysAreTheLatest(t *testing.T) {
	m := atOffer(t)
	for range maxEventKeys {
		m.report(Unknown{Type: "x"})
	}
	if len(m.c.RecentEventKeys) != maxEventKeys || m.c.HasEvent("offer") || !m.c.HasEvent("event-1") || m.c.HasEvent("") {
		t.Errorf("seen = %q", m.c.RecentEventKeys)
	}
}
