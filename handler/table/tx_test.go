package table_test

import (
	"errors"
	"testing"

	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

func TestInvalidTransactionsAreRefused(t *testing.T) {
	rows, other := tabletest.NewMemory(), tabletest.NewMemory()
	tests := []struct {
		name string
		add  func(*table.Tx)
	}{
		{"a row of another table", func(tx *table.Tx) { table.NewTable[int](other).InsertIn(tx, key, 1) }},
		{"a value that is not JSON", func(tx *table.Tx) { table.NewTable[func()](rows).InsertIn(tx, key, nil) }},
		{"a row that was not read",
			func(tx *table.Tx) { table.NewTable[int](rows).DeleteIn(tx, table.Row[int]{Key: key}) }},
	}
	for _, tt := range tests {
		t.Run("nothing is written with "+tt.name, func(t *testing.T) {
			tx := table.Begin(rows)
			view := table.NewTable[int](rows)
			view.InsertIn(tx, table.Key{Partition: "p", Row: "good"}, 1)
			tt.add(tx)
			view.InsertIn(tx, table.Key{Partition: "p", Row: "good too"}, 1)
			if _, err := tx.Commit(t.Context()); !errors.Is(err, table.ErrInvalid) {
				t.Errorf("Commit: %v, want %v", err, table.ErrInvalid)
			}
			if n := rows.Writes() + other.Writes(); n != 0 {
				t.Errorf("%d writes, want none", n)
			}
		})
	}
}

func TestAnEmptyTransactionSucceeds(t *testing.T) {
	rows := tabletest.NewMemory()
	if _, err := table.Begin(rows).Commit(t.Context()); err != nil || rows.Writes() != 0 {
		t.Errorf("Commit: %v, after %d writes", err, rows.Writes())
	}
}

func TestATransactionCommittedAgainIsAppliedOnce(t *testing.T) {
	rows := tabletest.NewMemory()
	rows.Fail = func(op tabletest.Op) faulttest.Fault {
		if op.N == 1 {
			return faulttest.FaultLost
		}
		return faulttest.FaultNone
	}
	tx := table.Begin(rows)
	table.NewTable[int](rows).InsertIn(tx, key, 1)
	if _, err := tx.Commit(t.Context()); !errors.Is(err, faulttest.ErrNoAnswer) {
		t.Errorf("first Commit: %v", err)
	}
	if _, err := tx.Commit(t.Context()); !errors.Is(err, table.ErrConflict) {
		t.Errorf("second Commit: %v, want %v", err, table.ErrConflict)
	}
}

func TestAListEndsWithItsFirstError(t *testing.T) {
	rows := tabletest.NewMemory()
	rows.PageSize = 1
	view := table.NewTable[int](rows)
	for _, row := range []string{"a", "b", "c"} {
		if err := view.Put(t.Context(), table.Key{Partition: "p", Row: row}, 1); err != nil {
			t.Fatal(err)
		}
	}
	rows.Fail = func(op tabletest.Op) faulttest.Fault {
		if op.N == 5 { // the second page
			return faulttest.FaultNotApplied
		}
		return faulttest.FaultNone
	}
	var got, failed int
	for _, err := range view.List(t.Context(), table.Query{Partition: "p"}) {
		if err != nil {
			failed++
			continue
		}
		got++
	}
	if got != 1 || failed != 1 {
		t.Errorf("%d rows and %d errors, want 1 and 1", got, failed)
	}
}

func TestARowOfAnotherTypeIsAnError(t *testing.T) {
	rows := tabletest.NewMemory()
	if err := table.NewTable[string](rows).Put(t.Context(), key, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := table.NewTable[int](rows).Get(t.Context(), key); err == nil {
		t.Error("a text was read as a number, want an error")
	}
}
