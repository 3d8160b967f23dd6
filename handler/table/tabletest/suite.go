package tabletest

import (
	"context"
	"errors"
	"testing"

	"switchboard/handler/table"

	"github.com/google/go-cmp/cmp"
)

// Run tests that the tables that newRows returns keep the whole contract of table.Rows, and that table.Table
// and table.Tx work on them. Each call of newRows must return an empty table.
func Run(t *testing.T, newRows func(t *testing.T) table.Rows) {
	for _, group := range []struct {
		name  string
		tests func(*testing.T, func(*testing.T) table.Rows)
	}{
		{"single writes", each(writeRules)},
		{"transactions", testTransactions},
		{"requests that no table accepts", testInvalid},
		{"keys", testKeys},
		{"documents", testDocuments},
		{"lists", testLists},
		{"conditions", testConditions},
		{"typed views", each(viewRules)},
		{"updates of typed views", each(updateRules)},
		{"cancelled contexts", testCancelled},
	} {
		t.Run(group.name, func(t *testing.T) { group.tests(t, newRows) })
	}
}

// rule is one rule of the contract, with its test on an empty table.
type rule struct {
	name string
	test func(*testing.T, table.Rows)
}

// each returns the tests of the rules, each on a table of its own.
func each(rules []rule) func(*testing.T, func(*testing.T) table.Rows) {
	return func(t *testing.T, newRows func(*testing.T) table.Rows) {
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) { r.test(t, newRows(t)) })
		}
	}
}

func entity(partition, row, doc string) table.Entity {
	return table.Entity{Key: table.Key{Partition: partition, Row: row}, Doc: []byte(doc)}
}

func insert(e table.Entity) table.Write { return table.Write{Kind: table.WriteInsert, Entity: e} }

func put(e table.Entity) table.Write { return table.Write{Kind: table.WritePut, Entity: e} }

func replace(e table.Entity, etag string) table.Write {
	e.ETag = etag
	return table.Write{Kind: table.WriteReplace, Entity: e}
}

func remove(k table.Key, etag string) table.Write {
	return table.Write{Kind: table.WriteDelete, Entity: table.Entity{Key: k, ETag: etag}}
}

// apply performs the writes, which must succeed, and returns the new ETags.
func apply(t *testing.T, rows table.Rows, writes ...table.Write) []string {
	t.Helper()
	etags, err := rows.Apply(t.Context(), writes...)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return etags
}

// applyRefused performs the writes, which must fail with want.
func applyRefused(t *testing.T, rows table.Rows, want error, writes ...table.Write) {
	t.Helper()
	if _, err := rows.Apply(t.Context(), writes...); !errors.Is(err, want) {
		t.Errorf("Apply: %v, want %v", err, want)
	}
}

// read returns the row at k, which must exist.
func read(t *testing.T, rows table.Rows, k table.Key) table.Entity {
	t.Helper()
	e, err := rows.Get(t.Context(), k)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return e
}

// all returns the rows that q selects, from all pages.
func all(t *testing.T, rows table.Rows, q table.Query) []table.Entity {
	t.Helper()
	var es []table.Entity
	for range 1000 {
		p, err := rows.List(t.Context(), q)
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if q.Limit > 0 && len(p.Entities) > q.Limit {
			t.Fatalf("page of %d rows, want %d at most", len(p.Entities), q.Limit)
		}
		es = append(es, p.Entities...)
		if p.Next == "" {
			return es
		}
		q.After = p.Next
	}
	t.Fatalf("%d rows on 1000 pages, want an end", len(es))
	return nil
}

// rowKeys returns the row keys of es.
func rowKeys(es []table.Entity) []string {
	keys := []string{}
	for _, e := range es {
		keys = append(keys, e.Key.Row)
	}
	return keys
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func testCancelled(t *testing.T, newRows func(*testing.T) table.Rows) {
	rows := newRows(t)
	here := entity("p", "here", `1`)
	apply(t, rows, insert(here))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, getErr := rows.Get(ctx, here.Key)
	_, listErr := rows.List(ctx, table.Query{Partition: "p"})
	_, writeErr := rows.Apply(ctx, put(entity("p", "here", `2`)))
	_, txErr := rows.Apply(ctx, put(entity("p", "here", `2`)), insert(entity("p", "new", `2`)))
	for name, err := range map[string]error{
		"Get": getErr, "List": listErr, "Apply one": writeErr, "Apply two": txErr,
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want %v", name, err, context.Canceled)
		}
	}
	diff(t, "rows", []string{"here"}, rowKeys(all(t, rows, table.Query{Partition: "p"})))
	diff(t, "document", `1`, string(read(t, rows, here.Key).Doc))
}
