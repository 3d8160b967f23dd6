// Package store keeps calls, recordings and campaigns in tables: Calls, Recordings and Ledger. It decides
// nothing: packages call, filing and campaign say what a call, a recording or a contact is after an event.
//
// Its one rule: a call or a recording with outstanding work is on the worklist, also if a process crashes
// between any two writes. It is scheduled before its own row is written with work, and Unschedule rewrites
// that row before it removes the work item.
package store

import (
	"context"
	"errors"
	"fmt"

	"switchboard/handler/call"
	"switchboard/handler/table"
)

// Names of the tables.
const (
	// Partition: call id; rows: the call, its history. The counts of loops have partitions of their own.
	TableCalls = "calls"
	// Partition: shard; row: call id, or key of a recording.
	TableWorklist = "worklist"
	// One partition; rows: campaigns, replies.
	TableCampaigns = "campaigns"
	// Partition: campaign and shard; rows: contacts, entries of the due index, attempts, counters.
	TableContacts   = "contacts"
	TableNumbers    = "numbers"    // partition: number in E.164
	TableLines      = "lines"      // partition: raw id
	TableRecordings = "recordings" // partition: key of the recording
)

const callRow = "call"

// Calls keeps calls, and the worklist of calls and recordings. The row and the history of a call are in one
// partition, so that a transition is one transaction. All methods may be called concurrently, by any number of
// processes.
type Calls struct {
	rows     table.Rows
	calls    *table.Table[call.Call]
	entries  *table.Table[call.Entry]
	worklist *table.Table[WorkItem]
	loops    *table.Table[loopRow]

	unreadable table.UnreadableLog
}

// NewCalls returns the Calls in the given tables.
func NewCalls(calls, worklist table.Rows) *Calls {
	return &Calls{
		rows:     calls,
		calls:    table.NewVersioned[call.Call](calls, call.Schema),
		entries:  table.NewTable[call.Entry](calls),
		worklist: table.NewTable[WorkItem](worklist),
		loops:    table.NewTable[loopRow](calls),
	}
}

func callKey(id call.ID) table.Key { return table.Key{Partition: string(id), Row: callRow} }
func entryKey(id call.ID, seq int) table.Key {
	return table.Key{Partition: string(id), Row: fmt.Sprintf("h|%08d", seq)}
}

// Load returns the call's row. Errors: ErrNotFound, ErrNewer.
func (s *Calls) Load(ctx context.Context, id call.ID) (table.Row[call.Call], error) {
	row, err := s.calls.Get(ctx, callKey(id))
	if err != nil {
		return table.Row[call.Call]{}, fmt.Errorf("call %s: %w", id, err)
	}
	return row, nil
}

// Commit writes a transition in one transaction, and returns the call's row as it is then: the call's row on
// condition that it is still the one that was loaded (or that there is none, for a Row without an ETag), and
// the history entry. It fails with ErrConflict if another process wrote the call. After any other error it is
// not known whether it was applied; Committed reports that.
func (s *Calls) Commit(ctx context.Context, loaded table.Row[call.Call], t call.Transition) (Written, error) {
	tx := table.Begin(s.rows)
	key := callKey(t.After.ID)
	if loaded.ETag == "" {
		s.calls.InsertIn(tx, key, t.After)
	} else {
		s.calls.ReplaceIn(tx, loaded, t.After)
	}
	s.entries.InsertIn(tx, entryKey(t.After.ID, t.Entry.Seq), t.Entry)
	written, err := tx.Commit(ctx)
	if err != nil {
		return Written{}, err
	}
	return Written{Row: table.Row[call.Call]{Key: key, Value: t.After, ETag: written[0].ETag}, Size: written[0].Size}, nil
}

// Written is the row of a call as it was written, and the length of its document in bytes.
type Written struct {
	Row  table.Row[call.Call]
	Size int
}

// Committed reports whether the history holds the entry: whether a Commit that failed was applied.
func (s *Calls) Committed(ctx context.Context, id call.ID, entry call.Entry) (bool, error) {
	row, err := s.entries.Get(ctx, entryKey(id, entry.Seq))
	if errors.Is(err, table.ErrNotFound) {
		return false, nil
	}
	return err == nil && row.Value.Owner == entry.Owner, err
}

// History returns the history entries of a call, the first one first.
func (s *Calls) History(ctx context.Context, id call.ID) ([]call.Entry, error) {
	var entries []call.Entry
	for row, err := range s.entries.List(ctx, table.WithPrefix(string(id), "h|")) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, row.Value)
	}
	return entries, nil
}
