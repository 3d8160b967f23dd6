package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/digest"
	"switchboard/handler/table"
)

// WorkKind is the kind of a work item.
type WorkKind string

// The kinds of work items.
const (
	WorkCall      WorkKind = "call"
	WorkRecording WorkKind = "recording"
)

// WorkItem is a row of the worklist: a call or a recording with outstanding work, to be attended to at Due.
type WorkItem struct {
	Kind    WorkKind  `json:"kind"`
	ID      string    `json:"id"` // of the call, or key of the recording
	Due     time.Time `json:"due"`
	Written time.Time `json:"written"` // when the item was scheduled; Postpone keeps it

	// Dial is set for an outbound call that may have no row yet. It holds what is needed to release what was
	// reserved for the call if its row is never written.
	Dial *call.Dial `json:"dial,omitempty"`
}

// Columns returns Due and Kind, which queries compare.
func (w WorkItem) Columns() map[string]any {
	return map[string]any{"Due": w.Due, "Kind": string(w.Kind)}
}

// Shards is the number of partitions of the worklist.
const Shards = 16

func workKey(id string) table.Key { return table.Key{Partition: ShardOf(id), Row: id} }

// Shard returns the name of the n-th partition of the worklist.
func Shard(n int) string { return fmt.Sprintf("%02x", n%Shards) }

// IsShard reports whether the worklist has a partition of this name.
func IsShard(name string) bool {
	for n := range Shards {
		if Shard(n) == name {
			return true
		}
	}
	return false
}

// ShardOf returns the name of the partition that holds the item of a call or a recording.
func ShardOf(id string) string { return "0" + digest.Hex(1, id)[:1] }

// Schedule puts the call on the worklist as the item, of which Due and Written must be set, and Dial for a call
// that is about to be dialled and has no row yet. It may be repeated.
func (s *Calls) Schedule(ctx context.Context, id call.ID, item WorkItem) error {
	item.Kind, item.ID = WorkCall, string(id)
	return schedule(ctx, s.worklist, item)
}

// schedule writes an item.
func schedule(ctx context.Context, worklist *table.Table[WorkItem], item WorkItem) error {
	item.Due, item.Written = item.Due.UTC(), item.Written.UTC()
	return worklist.Put(ctx, workKey(item.ID), item)
}

// Due returns the items of a shard that are due at now, the earliest first. Items that cannot be read are
// returned as well: they are not to be attended to, but put off (see PutOff).
func (s *Calls) Due(
	ctx context.Context, shard string, now time.Time,
) (due []table.Row[WorkItem], unreadable []*table.UnreadableError, err error) {
	isDue := table.Condition{Column: "Due", Op: table.OpLe, Value: now.UTC()}
	for item, err := range s.worklist.List(ctx, table.Query{Partition: shard, Where: []table.Condition{isDue}}) {
		if bad, ok := errors.AsType[*table.UnreadableError](err); ok {
			s.unreadable.Log(ctx, bad)
			unreadable = append(unreadable, bad)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		due = append(due, item)
	}
	slices.SortStableFunc(due, func(a, b table.Row[WorkItem]) int { return a.Value.Due.Compare(b.Value.Due) })
	return due, unreadable, nil
}

// PutOff changes when an item that cannot be read is due, and leaves its document as it is. If another
// process wrote the item after it was read, that item stays, and PutOff returns no error.
func (s *Calls) PutOff(ctx context.Context, item *table.UnreadableError, due time.Time) error {
	columns := maps.Clone(item.Entity.Columns)
	columns["Due"] = due.UTC()
	return IgnoreConflict(s.worklist.ReplaceColumns(ctx, item.Entity, columns))
}

// Worklist returns all items of the worklist that can be read.
func (s *Calls) Worklist(ctx context.Context) ([]WorkItem, error) {
	var all []WorkItem
	for n := range Shards {
		for item, err := range s.worklist.List(ctx, table.Query{Partition: Shard(n)}) {
			if s.unreadable.Skip(ctx, err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			all = append(all, item.Value)
		}
	}
	return all, nil
}

// Postpone changes when the item is due. If another process wrote the item after it was read, that item
// stays, and Postpone returns no error.
func (s *Calls) Postpone(ctx context.Context, item table.Row[WorkItem], due time.Time) error {
	next := item.Value
	next.Due = due.UTC()
	return IgnoreConflict(s.worklist.Replace(ctx, item, next))
}

// Unschedule removes the call from the worklist, unless it has outstanding work. If another process gives it
// work or schedules it at the same time, it stays on the worklist, and Unschedule returns no error. It may
// be repeated.
func (s *Calls) Unschedule(ctx context.Context, id call.ID) error {
	return unschedule(ctx, s.worklist, string(id), func() (hasWork bool, err error) {
		row, err := s.Load(ctx, id)
		if err != nil || row.Value.HasWork() {
			return true, err
		}
		next := row.Value
		next.WorkDue = time.Time{}
		err = s.calls.Replace(ctx, row, next)
		return err != nil, IgnoreConflict(err)
	})
}

// unschedule deletes the work item of a call or a recording, after rewrite has written the row of that call
// or recording anew. A process that is about to write the same row with new work then loses the race, and
// schedules it before it tries again. The item stays if rewrite reports outstanding work or a lost race, or
// if another process has scheduled it since.
func unschedule(
	ctx context.Context, worklist *table.Table[WorkItem], id string, rewrite func() (hasWork bool, err error),
) error {
	item, err := worklist.Get(ctx, workKey(id))
	if errors.Is(err, table.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if hasWork, err := rewrite(); hasWork || err != nil {
		return err
	}
	return IgnoreConflict(worklist.Delete(ctx, item))
}

// IgnoreConflict returns err, or nil if err means that another process wrote, inserted or deleted the row.
func IgnoreConflict(err error) error {
	if errors.Is(err, table.ErrConflict) || errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrExists) {
		return nil
	}
	return err
}
