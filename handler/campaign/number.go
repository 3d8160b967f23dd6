package campaign

import (
	"errors"
	"maps"
	"slices"
	"time"

	"switchboard/handler/call"
)

// Number is the row of one telephone number, for all campaigns.
type Number struct {
	Schema int `json:"schema"`

	// Call is the call that the number is reserved for; empty if there is none.
	Call call.ID `json:"call,omitempty"`
	// Since is when the number was reserved; zero if it is not.
	Since time.Time `json:"since,omitzero"`

	Dials   map[string]int `json:"dials,omitempty"` // counted dials by day in UTC, such as 20260102
	OptOuts []OptOut       `json:"optOuts,omitempty"`
}

// OptOut is a person's request not to be called any more.
type OptOut struct {
	At   time.Time `json:"at"`
	Call call.ID   `json:"call"` // the call in which the person opted out
}

// The reasons why a number cannot be reserved.
var (
	// ErrReserved: the number is reserved for another call.
	ErrReserved = errors.New("number is being dialled")
	// ErrOptedOut: the number has opted out of all campaigns.
	ErrOptedOut = errors.New("number has opted out")
)

// daysOfDials is the number of days whose dials are kept, including today.
const daysOfDials = 31

// day returns the key of Number.Dials for the day of t.
func day(t time.Time) string { return t.UTC().Format("20060102") }

// Reserve returns n with the call reserved and its dial counted; n as it is if it is reserved
// for this call already. The error is ErrReserved or ErrOptedOut.
func (n Number) Reserve(id call.ID, now time.Time) (Number, error) {
	switch {
	case len(n.OptOuts) > 0:
		return n, ErrOptedOut
	case n.Call == id:
		return n, nil
	case n.Call != "":
		return n, ErrReserved
	}
	n.Schema, n.Call, n.Since = Schema, id, now
	oldest := day(now.AddDate(0, 0, 1-daysOfDials))
	n.Dials = maps.Clone(n.Dials)
	maps.DeleteFunc(n.Dials, func(d string, _ int) bool { return d < oldest })
	if n.Dials == nil {
		n.Dials = map[string]int{}
	}
	n.Dials[day(now)]++
	return n, nil
}

// Release returns n without the reservation of the call, which has ended with the outcome. The
// dial is subtracted again unless the outcome spends it. A number that is not reserved for this
// call stays as it is.
func (n Number) Release(id call.ID, ended call.Outcome) Number {
	if n.Call != id {
		return n
	}
	if d := day(n.Since); !ended.Spends() && n.Dials[d] > 0 {
		n.Dials = maps.Clone(n.Dials)
		if n.Dials[d]--; n.Dials[d] == 0 {
			delete(n.Dials, d)
		}
	}
	n.Call, n.Since = "", time.Time{}
	return n
}

// maxOptOuts is the number of opt-outs that are kept: the first and the latest. One is enough
// to refuse a number, and the size of a row is limited.
const maxOptOuts = 8

// OptOut returns n with an opt-out in the call added. A call adds one opt-out only.
func (n Number) OptOut(id call.ID, at time.Time) Number {
	if slices.ContainsFunc(n.OptOuts, func(o OptOut) bool { return o.Call == id }) {
		return n
	}
	n.Schema = Schema
	n.OptOuts = append(slices.Clone(n.OptOuts), OptOut{At: at, Call: id})
	if len(n.OptOuts) > maxOptOuts {
		n.OptOuts = slices.Delete(n.OptOuts, 1, 2)
	}
	return n
}
