package call

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestLocalActions(t *testing.T) {
	// atOutboundEnd returns an outbound call that has ended. Its local actions are on their way.
	atOutboundEnd := func(t tester) *machine {
		m := atRinging(t)
		m.reportCreateFailed(busy)
		return m
	}
	runCases(t, []testCase{
		{"are performed in order: the number is released after the attempt is settled", atOutboundEnd, func(m *machine) {
			settle := m.pending(outbox.VerbSettle)
			lane := m.c.Pending.Leased(settle.Owner)[outbox.LaneLocal]
			if len(lane) != 2 || lane[0].Verb != outbox.VerbSettle || lane[1].Verb != outbox.VerbRelease {
				m.t.Errorf("leased are %+v, want settle and release", lane)
			}
			m.reply(outbox.VerbSettle, replyOK)
		}, "ended busy, pending release"},
		{"are performed once", atOutboundEnd, func(m *machine) {
			m.reply(outbox.VerbSettle, replyOK)
			m.reply(outbox.VerbRelease, replyOK)
			m.wait(time.Hour)
		}, "ended busy"},
		{"that failed hold back those behind them", atOutboundEnd, func(m *machine) {
			m.reply(outbox.VerbSettle, replyNoResponse)
		}, "ended busy, pending settle? release?"},
		{"that failed are repeated after a wait, and their reply has another key", atOutboundEnd, func(m *machine) {
			first := m.pending(outbox.VerbSettle)
			m.reply(outbox.VerbSettle, replyNoResponse)
			m.wait(time.Second)
			again := m.pending(outbox.VerbSettle)
			key := func(a outbox.Action) string { return replyEvent(a, m.now, replyOK).Key }
			if again.Ref != first.Ref || again.Owner == first.Owner || key(again) == key(first) {
				m.t.Errorf("leased anew as %+v, before as %+v", again, first)
			}
		}, "ended busy, pending settle release"},
		{"whose lease has ended are leased by another run", atOutboundEnd, func(m *machine) {
			first := m.pending(outbox.VerbSettle)
			m.wait(first.LeaseUntil.Sub(m.now))
			if again := m.pending(outbox.VerbSettle); again.Owner == first.Owner || again.Ref != first.Ref {
				m.t.Errorf("leased anew as %+v, before as %+v", again, first)
			}
		}, "ended busy, pending settle release"},
		{"are confirmed by the reply of a run whose lease has ended", atOutboundEnd, func(m *machine) {
			first := m.pending(outbox.VerbSettle)
			m.wait(first.LeaseUntil.Sub(m.now))
			m.replyTo(first, replyOK)
		}, "ended busy, pending release"},
		{"that were performed twice count once", atOutboundEnd, func(m *machine) {
			first := m.pending(outbox.VerbSettle)
			m.wait(first.LeaseUntil.Sub(m.now))
			m.replyTo(m.pending(outbox.VerbSettle), replyOK)
			m.replyTo(first, replyNoResponse)
		}, "ended busy, pending release"},
		{"are not confirmed by events of ACS", atOutboundEnd, func(m *machine) {
			m.reportFor(m.pending(outbox.VerbSettle).Ref, PlayStarted{})
		}, "ended busy, pending settle release"},
		{"do not hold up the flow", atNotice, func(m *machine) {
			m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"nine"}})
			m.reply(outbox.VerbOptOut, replyNoResponse)
			m.reply(outbox.VerbPlay, replyOK)
			m.reportFor(m.c.Wait.Media, PlayCompleted{})
		}, "connected ending completed, pending optOut? hangUp"},
		{"that were pending before the call's end come first", atNotice, func(m *machine) {
			m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"nine"}})
			m.reply(outbox.VerbOptOut, replyNoResponse)
			m.reportDisconnected(Result{Code: 200})
		}, "ended abandoned, pending optOut? settle? release?"},
		{"of an inbound call are those of its recording alone", atEnd, nil, "ended completed"},
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
