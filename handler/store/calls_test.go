package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/faulttest"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/azurite"
)

var t0 = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// dueNow is an item that is due as soon as it is written.
var dueNow = store.WorkItem{Due: t0, Written: t0}

// onEveryTable runs a test over tables in memory and on Azurite.
func onEveryTable(t *testing.T, test func(t *testing.T, calls, worklist table.Rows)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, tabletest.NewMemory(), tabletest.NewMemory()) })
	t.Run("azurite", func(t *testing.T) {
		account, err := table.Open(azurite.AccountForTest(t).ConnectionString(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := account.Create(t.Context(), store.TableCalls, store.TableWorklist); err != nil {
			t.Fatal(err)
		}
		test(t, account.Table(store.TableCalls), account.Table(store.TableWorklist))
	})
}

// transition returns the transition of c after an event with this key.
func transition(c call.Call, key, run string) call.Transition {
	next := c
	next.Schema, next.ID, next.Seq, next.Updated = call.Schema, "in-1", c.Seq+1, t0
	return call.Transition{Before: c, After: next, Entry: call.Entry{
		Seq: next.Seq, Now: t0, Owner: run, Event: call.Event{Key: key, Body: call.Wake{}}, Rules: call.RulesVersion, State: c.State,
	}}
}

// firstCommit commits the transition that opens a call, and returns it and the row.
func firstCommit(t *testing.T, calls *store.Calls) (call.Transition, table.Row[call.Call]) {
	t.Helper()
	first := transition(call.Call{State: call.StateRinging}, "offer", "run-1")
	if _, err := calls.Commit(t.Context(), table.Row[call.Call]{}, first); err != nil {
		t.Fatal(err)
	}
	row, err := calls.Load(t.Context(), "in-1")
	if err != nil {
		t.Fatal(err)
	}
	return first, row
}

// wantCommitted checks whether the entry counts as committed.
func wantCommitted(t *testing.T, calls *store.Calls, entry call.Entry, want bool, when string) {
	t.Helper()
	if committed, err := calls.Committed(t.Context(), "in-1", entry); err != nil || committed != want {
		t.Errorf("Committed %s: %v, %v, want %v", when, committed, err, want)
	}
}

// wantHistory checks the entries of the call's history.
func wantHistory(t *testing.T, calls *store.Calls, want ...call.Entry) {
	t.Helper()
	history, err := calls.History(t.Context(), "in-1")
	if d := cmp.Diff(want, history); err != nil || d != "" {
		t.Errorf("history: %v (-want +got):\n%s", err, d)
	}
}

func TestFirstTransitionOfACall(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		calls := store.NewCalls(rows, worklist)
		if _, err := calls.Load(t.Context(), "in-1"); !errors.Is(err, table.ErrNotFound) {
			t.Fatalf("before the first commit: %v, want %v", err, table.ErrNotFound)
		}
		first, row := firstCommit(t, calls)
		if d := cmp.Diff(first.After, row.Value); d != "" {
			t.Errorf("call (-written +read):\n%s", d)
		}
		if _, err := calls.Commit(t.Context(), table.Row[call.Call]{}, first); !errors.Is(err, table.ErrConflict) {
			t.Errorf("second commit without a row: %v, want %v", err, table.ErrConflict)
		}
		wantHistory(t, calls, first.Entry)
	})
}

func TestTransitionsOfACall(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		calls, ctx := store.NewCalls(rows, worklist), t.Context()
		first, row := firstCommit(t, calls)
		second := transition(row.Value, "connected", "run-2")
		written, err := calls.Commit(ctx, row, second)
		if err != nil {
			t.Fatal(err)
		}
		late := transition(row.Value, "played", "run-3")
		if _, err := calls.Commit(ctx, row, late); !errors.Is(err, table.ErrConflict) {
			t.Errorf("commit after a lost race: %v, want %v", err, table.ErrConflict)
		}
		wantCommitted(t, calls, late.Entry, false, "after a lost race")
		if row, err = calls.Load(ctx, "in-1"); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(row, written.Row); d != "" || written.Size == 0 {
			t.Errorf("Commit returned %d bytes and the row (-read +returned):\n%s", written.Size, d)
		}
		wantHistory(t, calls, first.Entry, second.Entry)
	})
}

func TestTransitionOfAWake(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		calls := store.NewCalls(rows, worklist)
		first, row := firstCommit(t, calls)
		wake := transition(row.Value, "", "run-5")
		wantCommitted(t, calls, wake.Entry, false, "before the wake")
		if _, err := calls.Commit(t.Context(), row, wake); err != nil {
			t.Fatal(err)
		}
		wantCommitted(t, calls, wake.Entry, true, "after the wake")
		another := wake.Entry
		another.Owner = "run-6"
		wantCommitted(t, calls, another, false, "for a wake of another run")
		wantHistory(t, calls, first.Entry, wake.Entry)
	})
}

func TestCallOfALaterVersionIsLeftAlone(t *testing.T) {
	rows := tabletest.NewMemory()
	calls := store.NewCalls(rows, tabletest.NewMemory())
	documents := table.NewTable[map[string]any](rows)
	later := map[string]any{"schema": call.Schema + 1, "state": 7} // in another form, too
	if err := documents.Put(t.Context(), table.Key{Partition: "in-1", Row: "call"}, later); err != nil {
		t.Fatal(err)
	}
	if _, err := calls.Load(t.Context(), "in-1"); !errors.Is(err, table.ErrNewer) {
		t.Errorf("load: %v, want %v", err, table.ErrNewer)
	}
}

func TestShards(t *testing.T) {
	shards := map[string]bool{}
	for n := range 2 * store.Shards {
		shards[store.Shard(n)] = true
	}
	if len(shards) != store.Shards || !shards["00"] || !shards["0f"] {
		t.Fatalf("shards = %v, want %d, from 00 to 0f", shards, store.Shards)
	}
}

// dueIDs returns the ids of what is due in all shards.
func dueIDs(t *testing.T, calls *store.Calls, now time.Time) []string {
	t.Helper()
	var ids []string
	for n := range store.Shards {
		found, unreadable, err := calls.Due(t.Context(), store.Shard(n), now)
		if err != nil || len(unreadable) > 0 {
			t.Fatalf("Due: %d unreadable, %v", len(unreadable), err)
		}
		if !slices.IsSortedFunc(found, func(a, b table.Row[store.WorkItem]) int { return a.Value.Due.Compare(b.Value.Due) }) {
			t.Errorf("Due of shard %s returned %v, want the earliest first", store.Shard(n), found)
		}
		for _, row := range found {
			ids = append(ids, row.Value.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestDueWorkIsFoundByShard(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		calls, ctx := store.NewCalls(rows, worklist), t.Context()
		want := []string{}
		for i := range 20 {
			id := fmt.Sprintf("in-%02d", i)
			if err := calls.Schedule(ctx, call.ID(id), store.WorkItem{Due: t0.Add(time.Duration(i) * time.Second), Written: t0}); err != nil {
				t.Fatal(err)
			}
			want = append(want, id)
		}
		if d := cmp.Diff(want[:8], dueIDs(t, calls, t0.Add(7*time.Second))); d != "" {
			t.Errorf("due after 7 s (-want +got):\n%s", d)
		}
		if err := calls.Schedule(ctx, "in-19", dueNow); err != nil { // due earlier than before
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"in-00", "in-19"}, dueIDs(t, calls, t0)); d != "" {
			t.Errorf("due at once (-want +got):\n%s", d)
		}
		all, err := calls.Worklist(ctx)
		if err != nil || len(all) != 20 {
			t.Errorf("all: %d, %v, want 20", len(all), err)
		}
	})
}

func TestUnreadableWorkItemsAreReturnedAndPutOff(t *testing.T) {
	worklist := tabletest.NewMemory()
	calls, ctx := store.NewCalls(tabletest.NewMemory(), worklist), t.Context()
	shard := store.ShardOf("in-1")
	bad := table.Entity{
		Key: table.Key{Partition: shard, Row: "bad"}, Doc: []byte(`{"due":7}`), Columns: map[string]any{"Due": t0, "Kind": "call"},
	}
	if _, err := worklist.Apply(ctx, table.Write{Kind: table.WriteInsert, Entity: bad}); err != nil {
		t.Fatal(err)
	}
	if err := calls.Schedule(ctx, "in-1", dueNow); err != nil {
		t.Fatal(err)
	}
	found, unreadable, err := calls.Due(ctx, shard, t0)
	if err != nil || len(found) != 1 || len(unreadable) != 1 {
		t.Fatalf("Due returned %d items, %d unreadable, %v, want one of each", len(found), len(unreadable), err)
	}
	for range 2 { // the second time by an old version
		if err := calls.PutOff(ctx, unreadable[0], t0.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if found, unreadable, err = calls.Due(ctx, shard, t0); err != nil || len(found) != 1 || len(unreadable) > 0 {
		t.Errorf("after PutOff, Due returned %d items, %d unreadable, %v, want one item", len(found), len(unreadable), err)
	}
	_, unreadable, err = calls.Due(ctx, shard, t0.Add(time.Hour))
	if err != nil || len(unreadable) != 1 || string(unreadable[0].Entity.Doc) != string(bad.Doc) {
		t.Errorf("an hour later, Due returned %+v, %v, want the document as it was", unreadable, err)
	}
}

func TestPostponeKeepsTheItemOfAnotherProcess(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		calls, ctx := store.NewCalls(rows, worklist), t.Context()
		read := func() table.Row[store.WorkItem] {
			t.Helper()
			for n := range store.Shards {
				found, _, err := calls.Due(ctx, store.Shard(n), t0.Add(time.Hour))
				if err != nil {
					t.Fatal(err)
				}
				if len(found) == 1 {
					return found[0]
				}
			}
			t.Fatal("no item on the worklist, want one")
			return table.Row[store.WorkItem]{}
		}
		if err := calls.Schedule(ctx, "in-1", dueNow); err != nil {
			t.Fatal(err)
		}
		seen := read()
		if err := calls.Postpone(ctx, seen, t0.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got := read().Value; !got.Due.Equal(t0.Add(time.Minute)) || !got.Written.Equal(t0) {
			t.Errorf("postponed to %v, written %v, want %v, %v", got.Due, got.Written, t0.Add(time.Minute), t0)
		}
		if err := calls.Postpone(ctx, seen, t0.Add(time.Hour)); err != nil {
			t.Errorf("postponed by an old version: %v", err)
		}
		if got := read().Value.Due; !got.Equal(t0.Add(time.Minute)) {
			t.Errorf("the other process's item is due at %v, want %v", got, t0.Add(time.Minute))
		}
	})
}

func TestUnscheduleRemovesACallWithoutWork(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		calls, ctx := store.NewCalls(rows, worklist), t.Context()
		items := func() int {
			t.Helper()
			all, err := calls.Worklist(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		if err := calls.Schedule(ctx, "in-1", dueNow); err != nil {
			t.Fatal(err)
		}
		opened := transition(call.Call{State: call.StateRinging, WorkDue: t0}, "offer", "run-1")
		if _, err := calls.Commit(ctx, table.Row[call.Call]{}, opened); err != nil {
			t.Fatal(err)
		}
		if err := calls.Unschedule(ctx, "in-1"); err != nil || items() != 1 {
			t.Errorf("a call that rings: %v, %d scheduled, want 1", err, items())
		}
		row, err := calls.Load(ctx, "in-1")
		if err != nil {
			t.Fatal(err)
		}
		ended := transition(row.Value, "end", "run-2")
		ended.After.State, ended.After.Outcome = call.StateEnded, call.OutcomeMissed
		if _, err := calls.Commit(ctx, row, ended); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := calls.Unschedule(ctx, "in-1"); err != nil || items() != 0 {
				t.Errorf("a call without outstanding work: %v, %d scheduled", err, items())
			}
		}
		if row, err = calls.Load(ctx, "in-1"); err != nil || !row.Value.WorkDue.IsZero() {
			t.Errorf("WorkDue = %v, %v, want zero", row.Value.WorkDue, err)
		}
	})
}

// Another process gives a call outstanding work while it is unscheduled, at each operation in turn.
// Afterwards the call is on the worklist.
func TestUnscheduleKeepsACallThatGetsWork(t *testing.T) {
	for faultPoint := 1; ; faultPoint++ {
		rows, worklist := tabletest.NewMemory(), tabletest.NewMemory()
		calls, ctx := store.NewCalls(rows, worklist), t.Context()
		ended := transition(call.Call{State: call.StateEnded, Outcome: call.OutcomeMissed, WorkDue: t0}, "end", "run-1")
		if err := calls.Schedule(ctx, "in-1", dueNow); err != nil {
			t.Fatal(err)
		}
		if _, err := calls.Commit(ctx, table.Row[call.Call]{}, ended); err != nil {
			t.Fatal(err)
		}
		// addWork does what the engine does: before each try it schedules the call.
		addWork := func() {
			for {
				row, err := calls.Load(ctx, "in-1")
				if err != nil {
					t.Fatal(err)
				}
				next := transition(row.Value, "connected", "run-2")
				next.After.Pending = []outbox.Action{{Ref: outbox.Ref{Op: 1, Send: 1}, Verb: outbox.VerbHangUp}}
				if row.Value.WorkDue.IsZero() {
					if err := calls.Schedule(ctx, "in-1", dueNow); err != nil {
						t.Fatal(err)
					}
				}
				next.After.WorkDue = t0
				if _, err := calls.Commit(ctx, row, next); err == nil {
					return
				}
			}
		}
		n, reached := 0, false
		interrupt := func(tabletest.Op) faulttest.Fault {
			n++
			if n == faultPoint {
				reached = true
				addWork()
			}
			return faulttest.FaultNone
		}
		rows.Fail, worklist.Fail = interrupt, interrupt
		if err := calls.Unschedule(ctx, "in-1"); err != nil {
			t.Fatal(err)
		}
		rows.Fail, worklist.Fail = nil, nil
		if !reached {
			return // every fault point was tried
		}
		all, err := calls.Worklist(ctx)
		if err != nil || len(all) != 1 {
			t.Errorf("at operation %d: %d scheduled, %v, want 1", faultPoint, len(all), err)
		}
	}
}
