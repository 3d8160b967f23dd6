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
		t.Errorf("answer = %+v, want it leased to run-1 for 9 s", a)
	}
	m = atInvitationSent(t)
	a = m.pending(outbox.VerbAdd)
	if !a.LeaseUntil.Equal(m.now.Add(30 * time.Second)) {
		t.Errorf("invitation = %+v, want it leased for 30 s", a)
	}
	lanes := m.c.Pending.Leased(a.Owner)
	if len(lanes) != 2 || len(lanes[outbox.LaneMedia]) != 1 || len(lanes[outbox.LaneParticipants]) != 1 {
		t.Errorf("lanes = %+v", lanes)
	}
	if !m.c.Pending.Owns(a.Owner, a) || m.c.Pending.Owns("another", a) {
		t.Error("Owns is not true for the owner alone")
	}
	m.reply(outbox.VerbAdd, replyThrottled(time.Second))
	if m.c.Pending.Owns(a.Owner, a) {
		t.Error("Owns = true for a send that was throttled")
	}
}

func TestLeaseOfALateAnswerEndsWithTheRinging(t *testing.T) {
	m := atOffer(t)
	m.reply(outbox.VerbAnswer, replyThrottled(24*time.Second))
	m.wait(24 * time.Second)
	a := m.pending(outbox.VerbAnswer)
	// A request of 5 s must end by then; so none begins later than 25 s after the offer.
	if want := t0.Add(30 * time.Second); !a.LeaseUntil.Equal(want) {
		t.Errorf("the lease ends at %v, want %v", a.LeaseUntil, want)
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
			t.Errorf("wait = %v, want a minute at most", got)
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
		{"the lease of an answer ends", atOffer, nil, 9 * time.Second},
		{"a connection is late", atAnswered, nil, limits.Connect},
		{"a throttled request may be sent again", atOffer, func(m *machine) { m.reply(outbox.VerbAnswer, replyThrottled(3*time.Second)) }, 3 * time.Second},
		{"a prompt is late", atGreeting, nil, limits.Prompt + flow.Prompt{Text: "Hello."}.Spoken()},
		{"a talk is due to be checked", atTalk, nil, limits.KeepAlive},
		{"a hang-up is late", atHangUp, nil, limits.Hangup},
		{"a telephone has rung long enough", atRinging, nil, limits.Ring},
		{"a CreateCall is not confirmed", atCreateUnconfirmed, nil, limits.Confirm},
		{"a throttled CreateCall may be sent again", atThrottled, nil, 5 * time.Second},
		{"a recording is lost", atEnd, nil, limits.Recording},
		{"a call without work never wakes", atFiled, nil, 0},
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
				t.Errorf("wakes after %v, want %v", got, tt.want)
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
		t.Errorf("recent event keys = %q", m.c.RecentEventKeys)
	}
}
