package store

import (
	"context"
	"slices"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/digest"
	"switchboard/handler/table"
)

// loopWindow is how long an offer counts.
const loopWindow = time.Minute

// loopRow holds the latest calls that were offered on one line with one correlation id.
type loopRow struct {
	Offers []loopOffer `json:"offers"`
}

type loopOffer struct {
	Call call.ID   `json:"call"`
	At   time.Time `json:"at"`
}

// add returns r with the offer and without the offers that are older than loopWindow. If limit offers
// remain, the new one is not added.
func (r loopRow) add(id call.ID, now time.Time, limit int) loopRow {
	var kept []loopOffer
	for _, o := range r.Offers {
		if now.Sub(o.At) < loopWindow {
			kept = append(kept, o)
		}
	}
	known := slices.ContainsFunc(kept, func(o loopOffer) bool { return o.Call == id })
	if !known && len(kept) < limit {
		kept = append(kept, loopOffer{Call: id, At: now.UTC().Round(0)})
	}
	return loopRow{Offers: kept}
}

// IsLoop reports whether, within the last minute, limit calls with this correlation id were offered on the
// line before this one. Then a call that leaves the line is probably forwarded to it again. It may be
// repeated.
func (s *Calls) IsLoop(
	ctx context.Context, line, correlationID string, id call.ID, now time.Time, limit int,
) (bool, error) {
	key := table.Key{Partition: digest.Hex(digest.Size, line, correlationID), Row: "loop"}
	row, err := s.loops.Edit(ctx, key, func(r loopRow) (loopRow, error) { return r.add(id, now, limit), nil })
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(row.Offers, func(o loopOffer) bool { return o.Call == id }), nil
}
