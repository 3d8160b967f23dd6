package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/digest"
	"switchboard/handler/table"
)

// WorkKind is the kind of what has outstanding work.
type WorkKind string

// The kinds of work items.
const (
	WorkCall      WorkKind = "call"
	WorkRecording WorkKind = "recording"
)

// WorkItem is a row of the worklist: a call or a recording with outstanding work, which must be looked at by Due.
type WorkItem struct {
	Kind    WorkKind  `json:"kind"`
	ID      string    `json:"id"` // of the call, or key of the recording
	Due     time.Time `json:"due"`
	Written time.Time `json:"written"` // when the row was made or Due was moved nearer

	// Dial is what an outbound call is placed for, as long as the call's own row may be missing: it says what may
	// have been reserved for a call whose row was never written.
	Dial *call.Dial `json:"dial,omitempty"`
}

// Columns makes Due and Kind columns that a query can compare.
func (w WorkItem) Columns() map[string]any {
	return map[string]any{"Due": w.Due, "Kind": string(w.Kind)}
}

// Shards is how many partitions the list of what owes something has.
const Shards = 16

func workKey(id string) table.Key { return table.Key{Partition: shard(id), Row: id} }

// shard spreads ids over the partitions of a list.
func shard(id string) string { return "0" + digest.Hex(1, id)[:1] }

// Shard returns the name of the n-th partition.
func Shard(n int) string { return fmt.Sprintf("%02x", n%Shards) }

// List makes sure that the call is looked at by due. Dial is for a call that is
// about to be dialled, and has no row yet; else it is nil. It may be repeated.
func (s *Calls) Schedule(ctx context.Context, id call.ID, due, now time.Time, dial *call.Dial) error {
	row := WorkItem{Kind: WorkCall, ID: string(id), Due: due.UTC(), Written: now.UTC(), Dial: dial}
	return s.worklist.Put(ctx, workKey(row.ID), row)
}

// Due returns rows of the shard that are due, at most limit of them.
func (s *Calls) Due(ctx context.Context, shard string, now time.Time, limit int) ([]table.Row[WorkItem], error) {
	var due []table.Row[WorkItem]
	query := table.Query{Partition: shard, Where: []table.Condition{{Column: "Due", Op: table.Le, Value: now.UTC()}}, Limit: limit}
	for row, err := range s.worklist.List(ctx, query) {
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
func (s *Calls) Worklist(ctx context.Context) ([]WorkItem, error) {
	var all []WorkItem
	for n := range Shards {
		for row, err := range s.worklist.List(ctx, table.Query{Partition: Shard(n)}) {
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
func (s *Calls) Postpone(ctx context.Context, row table.Row[WorkItem], due time.Time) error {
	next := row.Value
	next.Due = due.UTC()
	return IgnoreConflict(s.worklist.Replace(ctx, row, next))
}

// Unlist takes a call that owes nothing off the list. The order keeps it on the
// list if somebody makes it owe something meanwhile: they write the live row
// first, and their write of the call's row fails or makes ours fail. A call that
// somebody has touched meanwhile stays listed, without an error.
func (s *Calls) Unschedule(ctx context.Context, id call.ID) error {
	return unschedule(ctx, s.worklist, string(id), func() (owes bool, err error) {
		row, err := s.Load(ctx, id)
		if err != nil || row.Value.HasWork() {
			return true, err
		}
		next := row.Value
		next.Scheduled = false
		err = s.calls.Replace(ctx, row, next)
		return err != nil, IgnoreConflict(err)
	})
}

// unlist deletes a live row after rewrite has written the row of what it stands
// for anew, so that whoever is about to write that row loses the race, comes back
// and finds that it has to be listed. If it owes something, or somebody has touched
// either row meanwhile, it stays listed.
func unschedule(ctx context.Context, live *table.Table[WorkItem], id string, rewrite func() (owes bool, err error)) error {
	listed, err := live.Get(ctx, workKey(id))
	if errors.Is(err, table.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if owes, err := rewrite(); owes || err != nil {
		return err
	}
	return IgnoreConflict(live.Delete(ctx, listed))
}

// unlessTouched drops the errors that say that somebody else wrote, made or deleted the row.
func IgnoreConflict(err error) error {
	if errors.Is(err, table.ErrConflict) || errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrExists) {
		return nil
	}
	return err
}
