package store

import (
	"context"
	"slices"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/digest"
	"switchboard/handler/table"
)

// loopWindow is how long an offer counts towards a loop.
const loopWindow = time.Minute

// loopRow counts the calls that were offered on one line with one correlation id.
type loopRow struct {
	Offers []loopOffer `json:"offers"`
}

type loopOffer struct {
	Call call.ID   `json:"call"`
	At   time.Time `json:"at"`
}

// count adds the offer, forgets those that are too old, and keeps at most so many.
func (r loopRow) add(id call.ID, now time.Time, most int) loopRow {
	var kept []loopOffer
	for _, o := range r.Offers {
		if now.Sub(o.At) < loopWindow {
			kept = append(kept, o)
		}
	}
	known := slices.ContainsFunc(kept, func(o loopOffer) bool { return o.Call == id })
	if !known && len(kept) < most {
		kept = append(kept, loopOffer{Call: id, At: now.UTC().Round(0)})
	}
	return loopRow{Offers: kept}
}

// Loops reports whether more than so many calls were offered on the line with this
// correlation id within a minute, and the call is not one of the first: then
// somebody forwards a call to us that we forward to them. It may be repeated.
func (s *Calls) IsLoop(ctx context.Context, line, correlationID string, id call.ID, now time.Time, most int) (bool, error) {
	key := table.Key{Partition: digest.Hex(digest.Size, line, correlationID), Row: "loop"}
	row, err := s.loops.Edit(ctx, key, func(r loopRow) (loopRow, error) { return r.add(id, now, most), nil })
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(row.Offers, func(o loopOffer) bool { return o.Call == id }), nil
}
