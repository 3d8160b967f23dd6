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
	ourCall   = call.ID("out-mine")
	otherCall = call.ID("out-theirs")
)

// mustReserve returns n with the call reserved.
func mustReserve(t *testing.T, n Number, id call.ID, now time.Time) Number {
	t.Helper()
	got, err := n.Reserve(id, now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestReserve(t *testing.T) {
	today := map[string]int{"20260304": 1}
	reservedByOther := Number{Schema: Schema, Call: otherCall, Since: t0.Add(-time.Hour), Dials: today}
	reservedByUs := Number{Schema: Schema, Call: ourCall, Since: t0, Dials: today}
	optedOut := Number{}.OptOut(otherCall, t0)
	tests := []struct {
		name string
		n    Number
		want Number
		err  error
	}{
		{"a free number is reserved and its dial counted", Number{}, reservedByUs, nil},
		{"a second reservation for the same call changes nothing", reservedByUs, reservedByUs, nil},
		{"a number reserved for another call is refused", reservedByOther, reservedByOther, ErrReserved},
		{"a released number is reserved and its dial added", reservedByOther.Release(otherCall, call.OutcomeBusy),
			Number{Schema: Schema, Call: ourCall, Since: t0, Dials: map[string]int{"20260304": 2}}, nil},
		{"a number that has opted out is refused", optedOut, optedOut, ErrOptedOut},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dials := maps.Clone(tt.n.Dials)
			got, err := tt.n.Reserve(ourCall, t0)
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

func TestNumberRelease(t *testing.T) {
	reserved := mustReserve(t, Number{}, ourCall, t0)
	twice := mustReserve(t, reserved.Release(ourCall, call.OutcomeBusy), ourCall, t0.Add(time.Hour))
	tests := []struct {
		name  string
		n     Number
		id    call.ID
		ended call.Outcome
		call  call.ID
		dials map[string]int
	}{
		{"a spent attempt leaves the dial counted", reserved, ourCall, call.OutcomeBusy, "", map[string]int{"20260304": 1}},
		{"an attempt that is not spent subtracts its dial", reserved, ourCall, call.OutcomeCancelled, "", map[string]int{}},
		{"only one dial is subtracted", twice, ourCall, call.OutcomeCancelled, "", map[string]int{"20260304": 1}},
		{"a second release changes nothing", twice.Release(ourCall, call.OutcomeCancelled), ourCall, call.OutcomeCancelled, "", map[string]int{"20260304": 1}},
		{"a release by another call changes nothing", reserved, otherCall, call.OutcomeCancelled, ourCall, map[string]int{"20260304": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dials := maps.Clone(tt.n.Dials)
			got := tt.n.Release(tt.id, tt.ended)
			if got.Call != tt.call || got.Since.IsZero() != (tt.call == "") {
				t.Errorf("reserved for %q since %v, want %q", got.Call, got.Since, tt.call)
			}
			if d := cmp.Diff(tt.dials, got.Dials); d != "" {
				t.Errorf("dials (-want +got):\n%s", d)
			}
			if d := cmp.Diff(dials, tt.n.Dials); d != "" {
				t.Errorf("its argument was changed (-before +after):\n%s", d)
			}
		})
	}

	t.Run("subtracts the dial from the day on which it was counted", func(t *testing.T) {
		midnight := time.Date(2026, 3, 4, 23, 59, 59, 0, time.UTC)
		n := mustReserve(t, Number{}, otherCall, midnight).Release(otherCall, call.OutcomeBusy)
		n = mustReserve(t, n, ourCall, midnight).Release(ourCall, call.OutcomeCancelled)
		if d := cmp.Diff(map[string]int{"20260304": 1}, n.Dials); d != "" {
			t.Errorf("dials (-want +got):\n%s", d)
		}
	})
}

func TestDialsAreCountedFor31Days(t *testing.T) {
	var n Number
	for day := range 40 {
		n = mustReserve(t, n, ourCall, t0.AddDate(0, 0, day)).Release(ourCall, call.OutcomeBusy)
	}
	last := t0.AddDate(0, 0, 39)
	for ago := range 33 {
		counted := n.Dials[last.AddDate(0, 0, -ago).Format("20060102")] == 1
		if counted != (ago < 31) {
			t.Errorf("dial of %d days ago counted: %t, want %t", ago, counted, ago < 31)
		}
	}
	if len(n.Dials) != 31 {
		t.Errorf("%d days are counted, want 31", len(n.Dials))
	}
}

func TestDialsAreCountedByTheDayInUTC(t *testing.T) {
	west := time.FixedZone("west", -8*60*60)
	n := mustReserve(t, Number{}, ourCall, time.Date(2026, 3, 4, 20, 0, 0, 0, west))
	if d := cmp.Diff(map[string]int{"20260305": 1}, n.Dials); d != "" {
		t.Errorf("dials (-want +got):\n%s", d)
	}
}

func TestOptOut(t *testing.T) {
	once := Number{}.OptOut(ourCall, t0)
	if d := cmp.Diff(Number{Schema: Schema, OptOuts: []OptOut{{At: t0, Call: ourCall}}}, once); d != "" {
		t.Errorf("number (-want +got):\n%s", d)
	}
	if again := once.OptOut(ourCall, t0.Add(time.Hour)); len(again.OptOuts) != 1 || !again.OptOuts[0].At.Equal(t0) {
		t.Errorf("twice in one call: opt-outs %+v, want one, at %v", again.OptOuts, t0)
	}
	if other := once.OptOut(otherCall, t0.Add(time.Hour)); len(other.OptOuts) != 2 || len(once.OptOuts) != 1 {
		t.Errorf("in two calls: opt-outs %+v, want two; before: %+v, want one", other.OptOuts, once.OptOuts)
	}

	t.Run("leaves the reservation as it is", func(t *testing.T) {
		n := mustReserve(t, Number{}, otherCall, t0).OptOut(ourCall, t0)
		if n.Call != otherCall || n.Release(otherCall, call.OutcomeBusy).Call != "" {
			t.Errorf("number = %+v", n)
		}
	})
}
