package campaign

import (
	"errors"
	"maps"
	"slices"
	"time"

	"switchboard/handler/call"
)

// Number is what is known of one telephone number, over all campaigns.
type Number struct {
	Schema int `json:"schema"`

	// Call is the attempt under way, Since when it was reserved. Empty: none.
	Call  call.ID   `json:"call,omitempty"`
	Since time.Time `json:"since,omitzero"`

	Dials   map[string]int `json:"dials,omitempty"` // by day in UTC, as 20260102
	OptOuts []OptOut       `json:"optOuts,omitempty"`
}

// OptOut is a person's word that they do not want to be called.
type OptOut struct {
	At   time.Time `json:"at"`
	Call call.ID   `json:"call"` // in which they said so
}

// Why a number cannot be reserved.
var (
	// ErrTaken: another attempt at the number is under way.
	ErrReserved = errors.New("number is being dialled")
	// ErrOptedOut: whoever has the number does not want to be called.
	ErrOptedOut = errors.New("number has opted out")
)

// daysOfDials is for how many days dials are counted, today among them.
const daysOfDials = 31

func day(t time.Time) string { return t.UTC().Format("20060102") }

// Reserve is the number with the call reserved on it and its dial counted.
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

// Release is the number without the call's reservation. A dial that did not count
// is taken back.
func (n Number) Release(id call.ID, spent bool) Number {
	if n.Call != id {
		return n
	}
	if d := day(n.Since); !spent && n.Dials[d] > 0 {
		n.Dials = maps.Clone(n.Dials)
		if n.Dials[d]--; n.Dials[d] == 0 {
			delete(n.Dials, d)
		}
	}
	n.Call, n.Since = "", time.Time{}
	return n
}

// maxOptOuts is how many times somebody's word is kept: the first and the latest.
// Once is enough, and a row has an end.
const maxOptOuts = 8

// OptOut is the number after its owner's word, which counts once for each call.
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
