package campaign

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
)

const (
	mine   = call.ID("out-mine")
	theirs = call.ID("out-theirs")
)

func reserved(t *testing.T, n Number, id call.ID, now time.Time) Number {
	t.Helper()
	got, err := n.Reserve(id, now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestReserve(t *testing.T) {
	today := map[string]int{"20260304": 1}
	held := Number{Schema: Schema, Call: theirs, Since: t0.Add(-time.Hour), Dials: today}
	taken := Number{Schema: Schema, Call: mine, Since: t0, Dials: today}
	optedOut := Number{}.OptOut(theirs, t0)
	tests := []struct {
		name string
		n    Number
		want Number
		err  error
	}{
		{"a free number is taken, and its dial counted", Number{}, taken, nil},
		{"a number of ours is ours, and its dial counted once", taken, taken, nil},
		{"a number that is being dialled is not taken", held, held, ErrReserved},
		{"a number whose call has ended is taken", held.Release(theirs, true),
			Number{Schema: Schema, Call: mine, Since: t0, Dials: map[string]int{"20260304": 2}}, nil},
		{"a number that has opted out is not taken", optedOut, optedOut, ErrOptedOut},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dials := maps.Clone(tt.n.Dials)
			got, err := tt.n.Reserve(mine, t0)
			if !errors.Is(err, tt.err) {
				t.Errorf("error = %v, want %v", err, tt.err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("number (-want +got):\n%s", d)
			}
			if d := cmp.Diff(dials, tt.n.Dials); d != "" {
				t.Errorf("its argument was changed (-before +after):\n%s", d)
			}
		})
	}
}

func TestReleaseOfANumber(t *testing.T) {
	taken := reserved(t, Number{}, mine, t0)
	twice := reserved(t, taken.Release(mine, true), mine, t0.Add(time.Hour))
	tests := []struct {
		name  string
		n     Number
		id    call.ID
		spent bool
		call  call.ID
		dials map[string]int
	}{
		{"gives it back, and the dial has counted", taken, mine, true, "", map[string]int{"20260304": 1}},
		{"takes back a dial that did not count", taken, mine, false, "", map[string]int{}},
		{"takes back one dial alone", twice, mine, false, "", map[string]int{"20260304": 1}},
		{"again changes nothing", twice.Release(mine, false), mine, false, "", map[string]int{"20260304": 1}},
		{"by another call changes nothing", taken, theirs, false, mine, map[string]int{"20260304": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dials := maps.Clone(tt.n.Dials)
			got := tt.n.Release(tt.id, tt.spent)
			if got.Call != tt.call || got.Since.IsZero() != (tt.call == "") {
				t.Errorf("held by %q since %v", got.Call, got.Since)
			}
			if d := cmp.Diff(tt.dials, got.Dials); d != "" {
				t.Errorf("dials (-want +got):\n%s", d)
			}
			if d := cmp.Diff(dials, tt.n.Dials); d != "" {
				t.Errorf("its argument was changed (-before +after):\n%s", d)
			}
		})
	}

	t.Run("takes the dial back on the day on which it was counted", func(t *testing.T) {
		midnight := time.Date(2026, 3, 4, 23, 59, 59, 0, time.UTC)
		n := reserved(t, Number{}, theirs, midnight).Release(theirs, true)
		n = reserved(t, n, mine, midnight).Release(mine, false)
		if d := cmp.Diff(map[string]int{"20260304": 1}, n.Dials); d != "" {
			t.Errorf("dials (-want +got):\n%s", d)
		}
	})
}

func TestDialsAreCountedFor31Days(t *testing.T) {
	var n Number
	for day := range 40 {
		n = reserved(t, n, mine, t0.AddDate(0, 0, day)).Release(mine, true)
	}
	last := t0.AddDate(0, 0, 39)
	for ago := range 33 {
		counted := n.Dials[last.AddDate(0, 0, -ago).Format("20060102")] == 1
		if counted != (ago < 31) {
			t.Errorf("the dial of %d days ago is counted: %v", ago, counted)
		}
	}
	if len(n.Dials) != 31 {
		t.Errorf("%d days are counted", len(n.Dials))
	}
}

func TestDialsAreCountedByTheDayInUTC(t *testing.T) {
	west := time.FixedZone("west", -8*60*60)
	n := reserved(t, Number{}, mine, time.Date(2026, 3, 4, 20, 0, 0, 0, west))
	if d := cmp.Diff(map[string]int{"20260305": 1}, n.Dials); d != "" {
		t.Errorf("dials (-want +got):\n%s", d)
	}
}

func TestOptOut(t *testing.T) {
	once := Number{}.OptOut(mine, t0)
	if d := cmp.Diff(Number{Schema: Schema, OptOuts: []OptOut{{At: t0, Call: mine}}}, once); d != "" {
		t.Errorf("number (-want +got):\n%s", d)
	}
	if again := once.OptOut(mine, t0.Add(time.Hour)); len(again.OptOuts) != 1 || !again.OptOuts[0].At.Equal(t0) {
		t.Errorf("said again in one call: %+v", again.OptOuts)
	}
	if other := once.OptOut(theirs, t0.Add(time.Hour)); len(other.OptOuts) != 2 || len(once.OptOuts) != 1 {
		t.Errorf("said in two calls: %+v", other.OptOuts)
	}

	t.Run("leaves a reservation to its call", func(t *testing.T) {
		n := reserved(t, Number{}, theirs, t0).OptOut(mine, t0)
		if n.Call != theirs || n.Release(theirs, true).Call != "" {
			t.Errorf("number = %+v", n)
		}
	})
}
