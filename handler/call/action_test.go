package call

import (
	"slices"
	"testing"
	"time"
)

func TestKindsOfActions(t *testing.T) {
	kinds := map[Repeat][]Verb{
		Once:    {Create, Add},
		Paired:  {Answer, StartRecord, HangUp},
		Plain:   {PlayPrompt, Recognize, CancelMedia, Look},
		Storage: {SlowLine, OptOut, Link, Settle, Release},
	}
	for kind, verbs := range kinds {
		for _, v := range verbs {
			if got := v.Repeat(); got != kind {
				t.Errorf("%s is of kind %v, want %v", v, got, kind)
			}
			if got := v.Lane() == LaneStorage; got != (kind == Storage) {
				t.Errorf("%s is in lane %s", v, v.Lane())
			}
		}
	}
}

func TestChangesOfOtherRows(t *testing.T) {
	// ended: a placed call is over, and its campaign is to know.
	ended := func(t tester) *life {
		l := placed(t)
		l.fails(busy)
		return l
	}
	tell(t, []story{
		{"are made one after another: the number comes free when the campaign knows", ended, func(l *life) {
			settle := l.owed(Settle)
			lane := l.c.Claimed(settle.By)[LaneStorage]
			if len(lane) != 2 || lane[0].Verb != Settle || lane[1].Verb != Release {
				l.t.Errorf("to be done are %+v", lane)
			}
			l.replies(Settle, done)
		}, "ended busy, owes release"},
		{"are done once", ended, func(l *life) {
			l.replies(Settle, done)
			l.replies(Release, done)
			l.passes(time.Hour)
		}, "ended busy"},
		{"that came to nothing hold up those behind them", ended, func(l *life) {
			l.replies(Settle, unheard)
		}, "ended busy, owes settle? release?"},
		{"are tried again after a moment, by a request of another key", ended, func(l *life) {
			first := l.owed(Settle)
			l.replies(Settle, unheard)
			l.passes(time.Second)
			again := l.owed(Settle)
			key := func(a Action) string { return replyTo(a, l.now, done).Key }
			if again.Ref != first.Ref || again.By == first.By || key(again) == key(first) {
				l.t.Errorf("tried again as %+v after %+v", again, first)
			}
		}, "ended busy, owes settle release"},
		{"whose run has died are another's", ended, func(l *life) {
			first := l.owed(Settle)
			l.passes(first.Until.Sub(l.now))
			if again := l.owed(Settle); again.By == first.By || again.Ref != first.Ref {
				l.t.Errorf("taken over as %+v from %+v", again, first)
			}
		}, "ended busy, owes settle release"},
		{"are done when the run that was thought dead says so", ended, func(l *life) {
			first := l.owed(Settle)
			l.passes(first.Until.Sub(l.now))
			l.answers(first, done)
		}, "ended busy, owes release"},
		{"that were done twice count once", ended, func(l *life) {
			first := l.owed(Settle)
			l.passes(first.Until.Sub(l.now))
			l.answers(l.owed(Settle), done)
			l.answers(first, unheard)
		}, "ended busy, owes release"},
		{"are none of ACS's business", ended, func(l *life) {
			l.happensTo(l.owed(Settle).Ref, PlayStarted{})
		}, "ended busy, owes settle release"},
		{"do not hold up the call", noticed, func(l *life) {
			l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"nine"}})
			l.replies(OptOut, unheard)
			l.replies(PlayPrompt, done)
			l.happensTo(l.c.Wait.Media, PlayCompleted{})
		}, "connected ending completed, owes optOut? hangUp"},
		{"that a call owed before its end come first", noticed, func(l *life) {
			l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"nine"}})
			l.replies(OptOut, unheard)
			l.ends(Result{Code: 200})
		}, "ended abandoned, owes optOut? settle? release?"},
		{"of an answered call are those of its recording alone", over, nil, "ended completed"},
	})
}

func TestChangesOfOtherRowsAreTriedMoreAndMoreRarely(t *testing.T) {
	l := placed(t)
	l.fails(busy)
	var waits []time.Duration
	for range 12 {
		l.replies(Settle, unheard)
		wait := l.owed(Settle).NotBefore.Sub(l.now)
		waits = append(waits, wait/time.Second)
		l.passes(wait)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}; !slices.Equal(waits, want) {
		t.Errorf("waits = %v s, want %v s", waits, want)
	}
}
