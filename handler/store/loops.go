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

// Offer is a call that is offered now.
type Offer struct {
	Line          string // raw id
	CorrelationID string
	Call          call.ID
	At            time.Time // now
}

// add returns r with the offer and without the offers that are older than loopWindow. If limit offers
// remain, the new one is not added.
func (r loopRow) add(offer loopOffer, limit int) loopRow {
	var kept []loopOffer
	for _, o := range r.Offers {
		if offer.At.Sub(o.At) < loopWindow {
			kept = append(kept, o)
		}
	}
	r.Offers = kept
	if !r.has(offer.Call) && len(kept) < limit {
		r.Offers = append(r.Offers, offer)
	}
	return r
}

// has reports whether the call was offered.
func (r loopRow) has(id call.ID) bool {
	return slices.ContainsFunc(r.Offers, func(o loopOffer) bool { return o.Call == id })
}

// IsLoop reports whether, within the last minute, limit calls with the offer's correlation id were offered on
// its line before this one. Then a call that leaves the line is probably forwarded to it again. It may be
// repeated.
func (s *Calls) IsLoop(ctx context.Context, o Offer, limit int) (bool, error) {
	key := table.Key{Partition: digest.Hex(digest.Size, o.Line, o.CorrelationID), Row: "loop"}
	added := loopOffer{Call: o.Call, At: o.At.UTC().Round(0)}
	row, err := s.loops.Edit(ctx, key, func(r loopRow) (loopRow, error) { return r.add(added, limit), nil })
	return err == nil && !row.has(o.Call), err
}
