package campaign

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestHold(t *testing.T) {
	one, two := Holder{Call: "a", Leg: 1, Since: t0}, Holder{Call: "a", Leg: 2, Since: t0}
	three := Holder{Call: "b", Leg: 1, Since: t0}
	full := Line{Holders: []Holder{one, two}}
	tests := []struct {
		name string
		l    Line
		h    Holder
		want []Holder
		err  error
	}{
		{"an empty line has a place", Line{}, one, []Holder{one}, nil},
		{"two legs of one call hold two places", Line{Holders: []Holder{one}}, two, []Holder{one, two}, nil},
		{"a full line has no place", full, three, []Holder{one, two}, ErrLineFull},
		{"a leg on a full line keeps its place", full, one, []Holder{one, two}, nil},
		{"a line has no place before NotBefore", Line{NotBefore: t0.Add(time.Second)}, one, nil, ErrLineFull},
		{"a line has places again at NotBefore", Line{NotBefore: t0}, one, []Holder{one}, nil},
		{"a lowered limit counts", Line{Limit: 1, Changed: t0, Holders: []Holder{one}}, two,
			[]Holder{one}, ErrLineFull},
		{"a limit above the configured one does not count",
			Line{Limit: 9, Changed: t0, Holders: []Holder{one, two}}, three, []Holder{one, two}, ErrLineFull},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.l.Holders)
			got, err := tt.l.Hold(tt.h, 2)
			if !errors.Is(err, tt.err) || !slices.Equal(got.Holders, tt.want) {
				t.Errorf("holders %v, error %v, want %v, %v", got.Holders, err, tt.want, tt.err)
			}
			if !slices.Equal(tt.l.Holders, before) {
				t.Errorf("holders of the argument = %v, want %v", tt.l.Holders, before)
			}
		})
	}
}

func TestLineRelease(t *testing.T) {
	one, two := Holder{Call: "a", Leg: 1, Since: t0}, Holder{Call: "a", Leg: 2, Since: t0}
	l := Line{Holders: []Holder{one, two}}
	for range 2 { // the second release changes nothing
		if got := l.Release(one); !slices.Equal(got.Holders, []Holder{two}) {
			t.Errorf("holders %v, want %v", got.Holders, []Holder{two})
		}
	}
	if !slices.Equal(l.Holders, []Holder{one, two}) {
		t.Errorf("holders of the argument = %v, want %v", l.Holders, []Holder{one, two})
	}
	later := Holder{Call: "a", Leg: 1, Since: t0.Add(time.Hour)} // the caller may not know Since
	if got := l.Release(later).Release(one); !slices.Equal(got.Holders, []Holder{two}) {
		t.Errorf("holders %v, want %v", got.Holders, []Holder{two})
	}
}

func TestBackOff(t *testing.T) {
	const setting = 8
	wait := func(d time.Duration) time.Time { return t0.Add(d) }
	backOff := func(l Line, until, now time.Duration) Line { return l.BackOff(wait(until), setting, wait(now)) }
	const s, m = time.Second, time.Minute
	backedOff := backOff(Line{}, 5*s, 0)
	tests := []struct {
		name  string
		l     Line
		at    time.Duration // after t0
		limit int
	}{
		{"the configured limit applies at first", Line{}, 0, 8},
		{"a refusal halves the limit", backedOff, 0, 4},
		{"a refusal within 30 s does not halve it again", backOff(backedOff, 6*s, s), s, 4},
		{"a refusal after 30 s halves it again", backOff(backedOff, 40*s, 30*s), 30 * s, 2},
		{"a repeated refusal counts once", backOff(backedOff, 5*s, 45*s), 45 * s, 4},
		{"a minute without a refusal adds one", backedOff, m, 5},
		{"every further minute adds one", backedOff, 3 * m, 7},
		{"it grows up to the configured limit", backedOff, time.Hour, 8},
		{"a clock that is behind leaves the limit as it is", backedOff, -10 * m, 4},
		{"the limit is halved from what it has grown to", backOff(backedOff, 2*m+s, 2*m), 2 * m, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.l.limitAt(setting, t0.Add(tt.at)); got != tt.limit {
				t.Errorf("the limit is %d, want %d", got, tt.limit)
			}
		})
	}
	if backedOff.HasPlace(setting, wait(5*time.Second-1)) || !backedOff.HasPlace(setting, wait(5*time.Second)) {
		t.Errorf("it waits until %v, want %v", backedOff.NotBefore, wait(5*time.Second))
	}

	t.Run("never lowers the limit below 1", func(t *testing.T) {
		var l Line
		for n := range 10 {
			now := t0.Add(time.Duration(n) * backOffOnce)
			if l = l.BackOff(now.Add(time.Second), 2, now); l.limitAt(2, now) != 1 {
				t.Fatalf("limit = %d, want 1", l.limitAt(2, now))
			}
		}
	})
	t.Run("never brings NotBefore forward", func(t *testing.T) {
		l := Line{}.BackOff(wait(time.Minute), setting, t0).BackOff(wait(time.Second), setting, t0)
		if !l.NotBefore.Equal(wait(time.Minute)) {
			t.Errorf("it waits until %v, want %v", l.NotBefore, wait(time.Minute))
		}
	})
}
