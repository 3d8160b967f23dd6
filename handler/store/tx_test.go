package store_test

import (
	"errors"
	"testing"

	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
)

func TestTransactionsThatCannotBe(t *testing.T) {
	rows, other := storetest.NewMemory(), storetest.NewMemory()
	tests := []struct {
		name string
		add  func(*store.Tx)
	}{
		{"a row of another table", func(tx *store.Tx) { store.NewTable[int](other).InsertIn(tx, key, 1) }},
		{"a value that is not JSON", func(tx *store.Tx) { store.NewTable[func()](rows).InsertIn(tx, key, nil) }},
		{"a row that was not read",
			func(tx *store.Tx) { store.NewTable[int](rows).DeleteIn(tx, store.Row[int]{Key: key}) }},
	}
	for _, tt := range tests {
		t.Run(tt.name+" refuses all of it", func(t *testing.T) {
			tx := store.Begin(rows)
			table := store.NewTable[int](rows)
			table.InsertIn(tx, store.Key{Partition: "p", Row: "good"}, 1)
			tt.add(tx)
			table.InsertIn(tx, store.Key{Partition: "p", Row: "good too"}, 1)
			if err := tx.Commit(t.Context()); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("Commit: %v, want %v", err, store.ErrInvalid)
			}
			if n := rows.Writes() + other.Writes(); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

func TestAnEmptyTransactionIsDone(t *testing.T) {
	rows := storetest.NewMemory()
	if err := store.Begin(rows).Commit(t.Context()); err != nil || rows.Writes() != 0 {
		t.Errorf("Commit: %v, after %d writes", err, rows.Writes())
	}
}

func TestATransactionCommittedAgainIsAppliedOnce(t *testing.T) {
	rows := storetest.NewMemory()
	rows.Fail = func(op storetest.Op) storetest.Fault {
		if op.N == 1 {
			return storetest.Lost
		}
		return storetest.None
	}
	tx := store.Begin(rows)
	store.NewTable[int](rows).InsertIn(tx, key, 1)
	if err := tx.Commit(t.Context()); !errors.Is(err, storetest.ErrNoAnswer) {
		t.Errorf("first Commit: %v", err)
	}
	if err := tx.Commit(t.Context()); !errors.Is(err, store.ErrConflict) {
		t.Errorf("second Commit: %v, want %v", err, store.ErrConflict)
	}
}

func TestAListEndsWithItsFirstError(t *testing.T) {
	rows := storetest.NewMemory()
	rows.PageSize = 1
	table := store.NewTable[int](rows)
	for _, row := range []string{"a", "b", "c"} {
		if err := table.Insert(t.Context(), store.Key{Partition: "p", Row: row}, 1); err != nil {
			t.Fatal(err)
		}
	}
	rows.Fail = func(op storetest.Op) storetest.Fault {
		if op.N == 5 { // the second page
			return storetest.NotApplied
		}
		return storetest.None
	}
	var got, failed int
	for _, err := range table.List(t.Context(), store.Query{Partition: "p"}) {
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

func TestARowOfAnotherKindIsAnError(t *testing.T) {
	rows := storetest.NewMemory()
	if err := store.NewTable[string](rows).Insert(t.Context(), key, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.NewTable[int](rows).Get(t.Context(), key); err == nil {
		t.Error("a text was read as a number")
	}
}
