package campaign

import (
	"errors"
	"slices"
	"time"

	"switchboard/handler/call"
)

// Line is the row of a line: the legs that hold a place on it, and its limit.
//
// The limit adapts by additive increase, multiplicative decrease (AIMD). BackOff halves it when
// ACS refuses a call for this line; every growAfter without a refusal adds one, until the
// configured limit is reached again.
type Line struct {
	Schema int `json:"schema"`
	// Limit is the number of legs that the line could hold at the time Changed. 0: the
	// configured limit applies.
	Limit int `json:"limit,omitempty"`
	// Changed is when Limit was last lowered.
	Changed time.Time `json:"changed,omitzero"`
	// NotBefore is the time until which ACS has asked to wait.
	NotBefore time.Time `json:"notBefore,omitzero"`
	Holders   []Holder  `json:"holders,omitempty"`
}

// Holder is one leg that holds a place on a line.
type Holder struct {
	Call  call.ID   `json:"call"`
	Leg   int       `json:"leg"` // number of the operation that rings this leg
	Since time.Time `json:"since"`
}

// ErrLineFull means that a line is at its limit, or must not be dialled from before NotBefore.
var ErrLineFull = errors.New("line is full")

const (
	// growAfter is the time without a refusal after which a limit grows by one.
	growAfter = time.Minute
	// backOffOnce is the time in which several refusals halve a limit only once.
	backOffOnce = 30 * time.Second
)

// limitAt returns the number of legs that the line may hold now. Setting is the configured
// limit.
func (l Line) limitAt(setting int, now time.Time) int {
	if l.Limit == 0 {
		return setting
	}
	return min(setting, l.Limit+int(max(now.Sub(l.Changed), 0)/growAfter)) // clocks differ
}

// HasPlace reports whether the line can hold one more leg now. Setting is the configured limit.
func (l Line) HasPlace(setting int, now time.Time) bool { return l.Places(setting, now) > 0 }

// Places returns the number of legs that the line can hold now beside those that it holds. Setting is the
// configured limit.
func (l Line) Places(setting int, now time.Time) int {
	if now.Before(l.NotBefore) {
		return 0
	}
	return max(l.limitAt(setting, now)-len(l.Holders), 0)
}

// IsFull reports whether the line holds as many legs as it may. Setting is the configured limit.
func (l Line) IsFull(setting int, now time.Time) bool {
	return len(l.Holders) >= l.limitAt(setting, now)
}

// Hold returns the line with the holder added, or ErrLineFull. A holder that is there already
// keeps its place.
func (l Line) Hold(h Holder, setting int) (Line, error) {
	if slices.ContainsFunc(l.Holders, h.same) {
		return l, nil
	}
	if !l.HasPlace(setting, h.Since) {
		return l, ErrLineFull
	}
	l.Schema, l.Holders = Schema, append(slices.Clone(l.Holders), h)
	return l, nil
}

// same reports whether both are the same leg.
func (h Holder) same(other Holder) bool { return h.Call == other.Call && h.Leg == other.Leg }

// Release returns the line without the holder; h.Since does not matter.
func (l Line) Release(h Holder) Line {
	l.Holders = slices.DeleteFunc(slices.Clone(l.Holders), h.same)
	return l
}

// BackOff returns the line after ACS refused a call because there were too many: nothing is
// dialled from it before notBefore, and its limit at the time now is halved, to 1 at least.
// Setting is the configured limit. Refusals within backOffOnce halve the limit once. A refusal
// whose notBefore is not later than the one before changes nothing: it is a repetition, or
// belongs to a request that was sent before the first refusal arrived.
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
