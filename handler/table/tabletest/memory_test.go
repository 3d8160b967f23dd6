package tabletest_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	tabletest.Run(t, func(*testing.T) table.Rows { return tabletest.NewMemory() })
}

func TestMemoryKeepsTheContractInShortPages(t *testing.T) {
	tabletest.Run(t, func(*testing.T) table.Rows {
		m := tabletest.NewMemory()
		m.PageSize = 2
		return m
	})
}

func put(row, doc string) table.Write {
	return table.Write{Kind: table.WritePut, Entity: table.Entity{
		Key: table.Key{Partition: "p", Row: row}, Doc: []byte(doc), Columns: map[string]any{"S": "x"},
	}}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		fault faulttest.Fault
		want  error
		rows  int // in the table afterwards
	}{
		{faulttest.FaultNone, nil, 1},
		{faulttest.FaultNotApplied, faulttest.ErrNoAnswer, 0},
		{faulttest.FaultLost, faulttest.ErrNoAnswer, 1},
	}
	for _, tt := range tests {
		t.Run(tt.fault.String(), func(t *testing.T) {
			m := tabletest.NewMemory()
			var ops []tabletest.Op
			m.Fail = func(op tabletest.Op) faulttest.Fault { ops = append(ops, op); return tt.fault }
			w := put("r", `1`)
			if _, err := m.Apply(t.Context(), w); !errors.Is(err, tt.want) {
				t.Errorf("Apply: %v, want %v", err, tt.want)
			}
			if got := len(m.Entities()); got != tt.rows {
				t.Errorf("%d rows, want %d", got, tt.rows)
			}
			if tt.fault != faulttest.FaultNone {
				if _, err := m.Get(t.Context(), w.Entity.Key); !errors.Is(err, tt.want) {
					t.Errorf("Get: %v, want %v", err, tt.want)
				}
			}
			if _, err := m.List(t.Context(), table.Query{Partition: "p"}); !errors.Is(err, tt.want) {
				t.Errorf("List: %v, want %v", err, tt.want)
			}
			if d := cmp.Diff(tabletest.Op{N: 1, Kind: tabletest.KindApply, Writes: []table.Write{w}}, ops[0]); d != "" {
				t.Errorf("first operation (-want +got):\n%s", d)
			}
			last := ops[len(ops)-1]
			if last.N != len(ops) || last.Kind != tabletest.KindList || last.Query.Partition != "p" {
				t.Errorf("last operation %+v, want number %d, a list of p", last, len(ops))
			}
			if r, w := m.Reads(), m.Writes(); r != len(ops)-1 || w != 1 {
				t.Errorf("%d reads and %d writes, want %d and 1", r, w, len(ops)-1)
			}
		})
	}
}

func TestARefusedRequestIsNotCounted(t *testing.T) {
	m := tabletest.NewMemory()
	m.Fail = func(op tabletest.Op) faulttest.Fault {
		t.Errorf("Fail was called with %+v, want no call", op)
		return faulttest.FaultNone
	}
	m.Apply(t.Context(), put("a/b", `1`))
	m.Get(t.Context(), table.Key{})
	m.List(t.Context(), table.Query{})
	if n := m.Reads() + m.Writes(); n != 0 {
		t.Errorf("%d operations, want none", n)
	}
}

func TestRowsAreCopies(t *testing.T) {
	m := tabletest.NewMemory()
	w := put("r", `"abc"`)
	if _, err := m.Apply(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	spoil := func(e table.Entity) { e.Doc[1] = 'x'; e.Columns["S"] = "y" }
	spoil(w.Entity)
	got, err := m.Get(t.Context(), w.Entity.Key)
	if err != nil {
		t.Fatal(err)
	}
	spoil(got)
	page, err := m.List(t.Context(), table.Query{Partition: "p"})
	if err != nil {
		t.Fatal(err)
	}
	spoil(page.Entities[0])
	spoil(m.Entities()[0])
	last := m.Entities()[0]
	if string(last.Doc) != `"abc"` || last.Columns["S"] != "x" {
		t.Errorf("the table holds %s %v, want \"abc\" and S=x", last.Doc, last.Columns)
	}
}
