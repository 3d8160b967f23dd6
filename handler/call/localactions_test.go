package call

import (
	"slices"
	"switchboard/handler/call/outbox"
	"testing"
	"time"
)

func TestChangesOfOtherRows(t *testing.T) {
	// ended: a placed call is over, and its campaign is to know.
	ended := func(t tester) *life {
		l := placed(t)
		l.fails(busy)
		return l
	}
	tell(t, []story{
		{"are made one after another: the number comes free when the campaign knows", ended, func(l *life) {
			settle := l.owed(outbox.VerbSettle)
			lane := l.c.Pending.Leased(settle.Owner)[outbox.LaneLocal]
			if len(lane) != 2 || lane[0].Verb != outbox.VerbSettle || lane[1].Verb != outbox.VerbRelease {
				l.t.Errorf("to be done are %+v", lane)
			}
			l.replies(outbox.VerbSettle, done)
		}, "ended busy, pending release"},
		{"are done once", ended, func(l *life) {
			l.replies(outbox.VerbSettle, done)
			l.replies(outbox.VerbRelease, done)
			l.passes(time.Hour)
		}, "ended busy"},
		{"that came to nothing hold up those behind them", ended, func(l *life) {
			l.replies(outbox.VerbSettle, unheard)
		}, "ended busy, pending settle? release?"},
		{"are tried again after a moment, by a request of another key", ended, func(l *life) {
			first := l.owed(outbox.VerbSettle)
			l.replies(outbox.VerbSettle, unheard)
			l.passes(time.Second)
			again := l.owed(outbox.VerbSettle)
			key := func(a outbox.Action) string { return replyTo(a, l.now, done).Key }
			if again.Ref != first.Ref || again.Owner == first.Owner || key(again) == key(first) {
				l.t.Errorf("tried again as %+v after %+v", again, first)
			}
		}, "ended busy, pending settle release"},
		{"whose run has died are another's", ended, func(l *life) {
			first := l.owed(outbox.VerbSettle)
			l.passes(first.LeaseUntil.Sub(l.now))
			if again := l.owed(outbox.VerbSettle); again.Owner == first.Owner || again.Ref != first.Ref {
				l.t.Errorf("taken over as %+v from %+v", again, first)
			}
		}, "ended busy, pending settle release"},
		{"are done when the run that was thought dead says so", ended, func(l *life) {
			first := l.owed(outbox.VerbSettle)
			l.passes(first.LeaseUntil.Sub(l.now))
			l.answers(first, done)
		}, "ended busy, pending release"},
		{"that were done twice count once", ended, func(l *life) {
			first := l.owed(outbox.VerbSettle)
			l.passes(first.LeaseUntil.Sub(l.now))
			l.answers(l.owed(outbox.VerbSettle), done)
			l.answers(first, unheard)
		}, "ended busy, pending release"},
		{"are none of ACS's business", ended, func(l *life) {
			l.happensTo(l.owed(outbox.VerbSettle).Ref, PlayStarted{})
		}, "ended busy, pending settle release"},
		{"do not hold up the call", noticed, func(l *life) {
			l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"nine"}})
			l.replies(outbox.VerbOptOut, unheard)
			l.replies(outbox.VerbPlay, done)
			l.happensTo(l.c.Wait.Media, PlayCompleted{})
		}, "connected ending completed, pending optOut? hangUp"},
		{"that a call owed before its end come first", noticed, func(l *life) {
			l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"nine"}})
			l.replies(outbox.VerbOptOut, unheard)
			l.ends(Result{Code: 200})
		}, "ended abandoned, pending optOut? settle? release?"},
		{"of an answered call are those of its recording alone", over, nil, "ended completed"},
	})
}

func TestChangesOfOtherRowsAreTriedMoreAndMoreRarely(t *testing.T) {
	l := placed(t)
	l.fails(busy)
	var waits []time.Duration
	for range 12 {
		l.replies(outbox.VerbSettle, unheard)
		wait := l.owed(outbox.VerbSettle).NotBefore.Sub(l.now)
		waits = append(waits, wait/time.Second)
		l.passes(wait)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}; !slices.Equal(waits, want) {
		t.Errorf("waits = %v s, want %v s", waits, want)
	}
}
