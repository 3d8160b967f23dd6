package call

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestLocalActions(t *testing.T) {
	// ended: a placed call is over, and its campaign is to know.
	atOutboundEnd := func(t tester) *machine {
		m := atRinging(t)
		m.reportCreateFailed(busy)
		return m
	}
	runCases(t, []testCase{
		{"are made one after another: the number comes free when the campaign knows", atOutboundEnd, func(m *machine) {
			settle := m.pending(outbox.VerbSettle)
			lane := m.c.Pending.Leased(settle.Owner)[outbox.LaneLocal]
			if len(lane) != 2 || lane[0].Verb != outbox.VerbSettle || lane[1].Verb != outbox.VerbRelease {
				m.t.Errorf("to be done are %+v", lane)
			}
			m.reply(outbox.VerbSettle, replyOK)
		}, "ended busy, pending release"},
		{"are done once", atOutboundEnd, func(m *machine) {
			m.reply(outbox.VerbSettle, replyOK)
			m.reply(outbox.VerbRelease, replyOK)
			m.wait(time.Hour)
		}, "ended busy"},
		{"that came to nothing hold up those behind them", atOutboundEnd, func(m *machine) {
			m.reply(outbox.VerbSettle, replyNoResponse)
		}, "ended busy, pending settle? release?"},
		{"are tried again after a moment, by a request of another key", atOutboundEnd, func(m *machine) {
			first := m.pending(outbox.VerbSettle)
			m.reply(outbox.VerbSettle, replyNoResponse)
			m.wait(time.Second)
			again := m.pending(outbox.VerbSettle)
			key := func(a outbox.Action) string { return replyEvent(a, m.now, replyOK).Key }
			if again.Ref != first.Ref || again.Owner == first.Owner || key(again) == key(first) {
				m.t.Errorf("tried again as %+v after %+v", again, first)
			}
		}, "ended busy, pending settle release"},
		{"whose run has died are another's", atOutboundEnd, func(m *machine) {
			first := m.pending(outbox.VerbSettle)
			m.wait(first.LeaseUntil.Sub(m.now))
			if again := m.pending(outbox.VerbSettle); again.Owner == first.Owner || again.Ref != first.Ref {
				m.t.Errorf("taken over as %+v from %+v", again, first)
			}
		}, "ended busy, pending settle release"},
		{"are done when the run that was thought dead says so", atOutboundEnd, func(m *machine) {
			first := m.pending(outbox.VerbSettle)
			m.wait(first.LeaseUntil.Sub(m.now))
			m.replyTo(first, replyOK)
		}, "ended busy, pending release"},
		{"that were done twice count once", atOutboundEnd, func(m *machine) {
			first := m.pending(outbox.VerbSettle)
			m.wait(first.LeaseUntil.Sub(m.now))
			m.replyTo(m.pending(outbox.VerbSettle), replyOK)
			m.replyTo(first, replyNoResponse)
		}, "ended busy, pending release"},
		{"are none of ACS's business", atOutboundEnd, func(m *machine) {
			m.reportFor(m.pending(outbox.VerbSettle).Ref, PlayStarted{})
		}, "ended busy, pending settle release"},
		{"do not hold up the call", atNotice, func(m *machine) {
			m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"nine"}})
			m.reply(outbox.VerbOptOut, replyNoResponse)
			m.reply(outbox.VerbPlay, replyOK)
			m.reportFor(m.c.Wait.Media, PlayCompleted{})
		}, "connected ending completed, pending optOut? hangUp"},
		{"that a call owed before its end come first", atNotice, func(m *machine) {
			m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"nine"}})
			m.reply(outbox.VerbOptOut, replyNoResponse)
			m.reportDisconnected(Result{Code: 200})
		}, "ended abandoned, pending optOut? settle? release?"},
		{"of an answered call are those of its recording alone", atEnd, nil, "ended completed"},
	})
}

func TestLocalActionsAreRepeatedAtGrowingIntervals(t *testing.T) {
	m := atRinging(t)
	m.reportCreateFailed(busy)
	var waits []time.Duration
	for range 12 {
		m.reply(outbox.VerbSettle, replyNoResponse)
		wait := m.pending(outbox.VerbSettle).NotBefore.Sub(m.now)
		waits = append(waits, wait/time.Second)
		m.wait(wait)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}; !slices.Equal(waits, want) {
		t.Errorf("waits = %v s, want %v s", waits, want)
	}
}
