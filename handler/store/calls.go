package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"switchboard/handler/call"
)

// Names of the tables, before the prefix from the settings.
const (
	TableCalls = "calls" // partition: call id; rows: callRow, history, events (and the rows of loops.go)
	TableLive  = "live"  // partition: shard; row: call id
)

// ErrNewer means that a row was written by a later version of the program. It
// must be left alone, and whoever asked must ask again later.
var ErrNewer = errors.New("written by a later version")

const callRow = "call"

// Calls keeps calls: each with its row, its history and the events it has seen
// in one partition, so that a transition is one transaction; and the list of
// those that still owe something.
type Calls struct {
	rows    Rows
	calls   *Table[call.Call]
	stored  *Table[json.RawMessage] // the same rows, to be read
	entries *Table[call.Entry]
	events  *Table[eventRow]
	live    *Table[Live]
	loops   *Table[loopRow]
}

// eventRow says that an event was committed, by whom and as which row of history.
type eventRow struct {
	Run string `json:"run"`
	Seq int    `json:"seq"`
}

// NewCalls keeps calls in the given tables.
func NewCalls(calls, live Rows) *Calls {
	return &Calls{
		rows:    calls,
		calls:   NewTable[call.Call](calls),
		stored:  NewTable[json.RawMessage](calls),
		entries: NewTable[call.Entry](calls),
		events:  NewTable[eventRow](calls),
		live:    NewTable[Live](live),
		loops:   NewTable[loopRow](calls),
	}
}

func callKey(id call.ID) Key              { return Key{string(id), callRow} }
func entryKey(id call.ID, seq int) Key    { return Key{string(id), fmt.Sprintf("h|%08d", seq)} }
func eventKey(id call.ID, key string) Key { return Key{string(id), "e|" + HashKey(key)} }

// Load returns the call's row. Errors: ErrNotFound, ErrNewer.
func (s *Calls) Load(ctx context.Context, id call.ID) (Row[call.Call], error) {
	stored, err := s.stored.Get(ctx, callKey(id))
	if err != nil {
		return Row[call.Call]{}, err
	}
	// A later version may have changed anything but this.
	var head struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(stored.Value, &head); err != nil {
		return Row[call.Call]{}, fmt.Errorf("call %s: %w", id, err)
	}
	if head.Schema > call.Schema {
		return Row[call.Call]{}, fmt.Errorf("call %s, schema %d: %w", id, head.Schema, ErrNewer)
	}
	row := Row[call.Call]{Key: stored.Key, ETag: stored.ETag}
	if err := json.Unmarshal(stored.Value, &row.Value); err != nil {
		return Row[call.Call]{}, fmt.Errorf("call %s: %w", id, err)
	}
	return row, nil
}

// Commit writes one transition: the call's row on condition that it is still the
// one that was loaded (or that there is none, for a Row without an ETag), the
// history entry, and the row of the event if it has a key. It is all or nothing.
// ErrConflict: somebody else wrote, or the event was committed before. After any
// other error it is not known whether it was applied. Committed tells.
func (s *Calls) Commit(ctx context.Context, from Row[call.Call], to call.Call, entry call.Entry) error {
	tx := Begin(s.rows)
	if from.ETag == "" {
		s.calls.InsertIn(tx, callKey(to.ID), to)
	} else {
		s.calls.ReplaceIn(tx, from, to)
	}
	s.entries.InsertIn(tx, entryKey(to.ID, entry.Seq), entry)
	if key := entry.Event.Key; key != "" {
		s.events.InsertIn(tx, eventKey(to.ID, key), eventRow{Run: entry.Run, Seq: entry.Seq})
	}
	return tx.Commit(ctx)
}

// Committed reports, after a Commit that failed, whether the transition or
// another with the same event stands in the call's history.
func (s *Calls) Committed(ctx context.Context, id call.ID, entry call.Entry) (bool, error) {
	var err error
	if key := entry.Event.Key; key != "" {
		_, err = s.events.Get(ctx, eventKey(id, key))
	} else {
		var row Row[call.Entry]
		row, err = s.entries.Get(ctx, entryKey(id, entry.Seq))
		if err == nil && row.Value.Run != entry.Run {
			return false, nil
		}
	}
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// History returns the entries of a call, from the first on.
func (s *Calls) History(ctx context.Context, id call.ID) ([]call.Entry, error) {
	var entries []call.Entry
	for row, err := range s.entries.List(ctx, Query{Partition: string(id), From: "h|", Before: "h}"}) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, row.Value)
	}
	return entries, nil
}

// Live is the row of something that owes something: somebody must look at it by Due.
type Live struct {
	ID      string    `json:"id"`
	Due     time.Time `json:"due"`
	Written time.Time `json:"written"` // when the row was made or made sooner
}

// Columns makes Due a column, to be asked by.
func (l Live) Columns() map[string]any { return map[string]any{"Due": l.Due} }

// Shards is how many partitions the list of what owes something has.
const Shards = 16

func liveKey(id string) Key { return Key{shard(id), id} }

// shard spreads ids over the partitions of a list.
func shard(id string) string { return "0" + HashKey(id)[:1] }

// Shard returns the name of the n-th partition.
func Shard(n int) string { return fmt.Sprintf("%02x", n%Shards) }

// List makes sure that the call is looked at by due. It may be repeated.
func (s *Calls) List(ctx context.Context, id call.ID, due, now time.Time) error {
	return s.live.Put(ctx, liveKey(string(id)), Live{ID: string(id), Due: due.UTC(), Written: now.UTC()})
}

// Due returns rows of the shard that are due, at most limit of them.
func (s *Calls) Due(ctx context.Context, shard string, now time.Time, limit int) ([]Row[Live], error) {
	var due []Row[Live]
	query := Query{Partition: shard, Where: []Condition{{Column: "Due", Op: Le, Value: now.UTC()}}, Limit: limit}
	for row, err := range s.live.List(ctx, query) {
		if err != nil {
			return nil, err
		}
		if due = append(due, row); len(due) == limit {
			break
		}
	}
	return due, nil
}

// AllLive returns every row of what owes something.
func (s *Calls) AllLive(ctx context.Context) ([]Live, error) {
	var all []Live
	for n := range Shards {
		for row, err := range s.live.List(ctx, Query{Partition: Shard(n)}) {
			if err != nil {
				return nil, err
			}
			all = append(all, row.Value)
		}
	}
	return all, nil
}

// Postpone sets anew by when the row is to be looked at, unless somebody has
// touched it since it was read: then that one's time stands.
func (s *Calls) Postpone(ctx context.Context, row Row[Live], due time.Time) error {
	next := row.Value
	next.Due = due.UTC()
	return unlessTouched(s.live.Replace(ctx, row, next))
}

// Unlist takes a call that owes nothing off the list. The order keeps it on the
// list if somebody makes it owe something meanwhile: they write the live row
// first, and their write of the call's row fails or makes ours fail. A call that
// somebody has touched meanwhile stays listed, without an error.
func (s *Calls) Unlist(ctx context.Context, id call.ID) error {
	listed, err := s.live.Get(ctx, liveKey(string(id)))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	row, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	if row.Value.Owes() {
		return nil
	}
	next := row.Value
	next.Listed = false
	if err := s.calls.Replace(ctx, row, next); err != nil {
		return unlessTouched(err)
	}
	return unlessTouched(s.live.Delete(ctx, listed))
}

// unlessTouched drops the errors that say that somebody else wrote or deleted the row.
func unlessTouched(err error) error {
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
