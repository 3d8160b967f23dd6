package campaign

import (
	"errors"
	"slices"
	"time"

	"switchboard/handler/call"
)

// Line is what is known of a line: how many calls to telephones it may hold, and
// which it holds.
type Line struct {
	Schema int `json:"schema"`
	// Limit is how many calls it may hold, as of Changed; it grows back. 0: as many
	// as the settings say.
	Limit     int       `json:"limit,omitempty"`
	Changed   time.Time `json:"changed,omitzero"`
	NotBefore time.Time `json:"notBefore,omitzero"` // ACS asked us to wait until then
	Holders   []Holder  `json:"holders,omitempty"`
}

// Holder is one leg that holds a place on a line.
type Holder struct {
	Call  call.ID   `json:"call"`
	Leg   int       `json:"leg"` // the operation that rings it
	Since time.Time `json:"since"`
}

// ErrFull means that a line holds as many calls as it may, or has to wait.
var ErrLineFull = errors.New("line is full")

const (
	// growEvery is after what time without a complaint a limit grows by one.
	growAfter = time.Minute
	// slowOnce is for how long one complaint stands for all.
	backOffOnce = 30 * time.Second
)

// most is how many calls the line may hold now, by a setting of so many.
func (l Line) limitAt(setting int, now time.Time) int {
	if l.Limit == 0 {
		return setting
	}
	return min(setting, l.Limit+int(max(now.Sub(l.Changed), 0)/growAfter)) // clocks differ
}

// Room reports whether the line could hold one more call.
func (l Line) Room(setting int, now time.Time) bool {
	return len(l.Holders) < l.limitAt(setting, now) && !now.Before(l.NotBefore)
}

// Hold is the line with one more holder, or ErrFull.
func (l Line) Hold(h Holder, setting int) (Line, error) {
	if slices.ContainsFunc(l.Holders, h.same) {
		return l, nil
	}
	if !l.Room(setting, h.Since) {
		return l, ErrLineFull
	}
	l.Schema, l.Holders = Schema, append(slices.Clone(l.Holders), h)
	return l, nil
}

func (h Holder) same(other Holder) bool { return h.Call == other.Call && h.Leg == other.Leg }

// Release is the line without the holder.
func (l Line) Release(h Holder) Line {
	l.Holders = slices.DeleteFunc(slices.Clone(l.Holders), h.same)
	return l
}

// Slow is the line after a complaint that it has too many calls: nothing is dialled
// before the given time, and it may hold half as many as it held at most, but one.
// A complaint that asks for no more than an earlier one changes nothing: it is that
// one again, or of calls that were on their way when it came.
func (l Line) BackOff(notBefore time.Time, setting int, now time.Time) Line {
	if !notBefore.After(l.NotBefore) {
		return l
	}
	l.Schema, l.NotBefore = Schema, notBefore
	if l.Limit == 0 || now.Sub(l.Changed) >= backOffOnce {
		l.Limit, l.Changed = max(l.limitAt(setting, now)/2, 1), now
	}
	return l
}
