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
		{"an empty line takes a leg", Line{}, one, []Holder{one}, nil},
		{"every leg of a call has a place of its own", Line{Holders: []Holder{one}}, two, []Holder{one, two}, nil},
		{"a full line takes no more", full, three, []Holder{one, two}, ErrLineFull},
		{"but a leg that has its place keeps it", full, one, []Holder{one, two}, nil},
		{"a line that has to wait takes nobody", Line{NotBefore: t0.Add(time.Second)}, one, nil, ErrLineFull},
		{"until it has waited", Line{NotBefore: t0}, one, []Holder{one}, nil},
		{"a line that was slowed takes fewer", Line{Limit: 1, Changed: t0, Holders: []Holder{one}}, two,
			[]Holder{one}, ErrLineFull},
		{"a line takes no more than the settings say, whatever it took before",
			Line{Limit: 9, Changed: t0, Holders: []Holder{one, two}}, three, []Holder{one, two}, ErrLineFull},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.l.Holders)
			got, err := tt.l.Hold(tt.h, 2)
			if !errors.Is(err, tt.err) || !slices.Equal(got.Holders, tt.want) {
				t.Errorf("held by %v, error %v", got.Holders, err)
			}
			if !slices.Equal(tt.l.Holders, before) {
				t.Errorf("its argument was changed to %v", tt.l.Holders)
			}
		})
	}
}

func TestReleaseOfALine(t *testing.T) {
	one, two := Holder{Call: "a", Leg: 1, Since: t0}, Holder{Call: "a", Leg: 2, Since: t0}
	l := Line{Holders: []Holder{one, two}}
	for range 2 { // again changes nothing
		if got := l.Release(one); !slices.Equal(got.Holders, []Holder{two}) {
			t.Errorf("held by %v", got.Holders)
		}
	}
	if !slices.Equal(l.Holders, []Holder{one, two}) {
		t.Errorf("its argument was changed to %v", l.Holders)
	}
	later := Holder{Call: "a", Leg: 1, Since: t0.Add(time.Hour)} // whoever gives back may not know since when
	if got := l.Release(later).Release(one); !slices.Equal(got.Holders, []Holder{two}) {
		t.Errorf("held by %v", got.Holders)
	}
}

func TestSlow(t *testing.T) {
	const setting = 8
	wait := func(d time.Duration) time.Time { return t0.Add(d) }
	slow := func(l Line, until, now time.Duration) Line { return l.BackOff(wait(until), setting, wait(now)) }
	const s, m = time.Second, time.Minute
	slowed := slow(Line{}, 5*s, 0)
	tests := []struct {
		name string
		l    Line
		at   time.Duration // after t0
		most int
	}{
		{"it holds as many as the settings say", Line{}, 0, 8},
		{"a complaint halves that", slowed, 0, 4},
		{"one that comes at once belongs to it", slow(slowed, 6*s, s), s, 4},
		{"one that comes later is another", slow(slowed, 40*s, 30*s), 30 * s, 2},
		{"one that is written down twice counts once", slow(slowed, 5*s, 45*s), 45 * s, 4},
		{"after a minute without complaints it holds one more", slowed, m, 5},
		{"and after each one more", slowed, 3 * m, 7},
		{"until it holds as many as the settings say", slowed, time.Hour, 8},
		{"by a clock that is behind it holds what it held", slowed, -10 * m, 4},
		{"half is of what it has grown to", slow(slowed, 2*m+s, 2*m), 2 * m, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.l.limitAt(setting, t0.Add(tt.at)); got != tt.most {
				t.Errorf("it holds %d, want %d", got, tt.most)
			}
		})
	}
	if slowed.Room(setting, wait(5*time.Second-1)) || !slowed.Room(setting, wait(5*time.Second)) {
		t.Errorf("it waits until %v", slowed.NotBefore)
	}

	t.Run("never leaves it without a place", func(t *testing.T) {
		var l Line
		for n := range 10 {
			now := t0.Add(time.Duration(n) * backOffOnce)
			if l = l.BackOff(now.Add(time.Second), 2, now); l.limitAt(2, now) != 1 {
				t.Fatalf("it holds %d", l.limitAt(2, now))
			}
		}
	})
	t.Run("never waits less than it was told before", func(t *testing.T) {
		l := Line{}.BackOff(wait(time.Minute), setting, t0).BackOff(wait(time.Second), setting, t0)
		if !l.NotBefore.Equal(wait(time.Minute)) {
			t.Errorf("it waits until %v", l.NotBefore)
		}
	})
}
