package table

import (
	"strings"
	"testing"
	"time"
)

func TestFilters(t *testing.T) {
	due := time.Date(2026, 3, 29, 2, 0, 0, 123_999_999, time.FixedZone("", 3600))
	tests := []struct {
		name string
		q    Query
		want string
	}{
		{"a partition", Query{Partition: "p"}, "PartitionKey eq 'p'"},
		{"bounds are half open", Query{Partition: "p", From: "a", Before: "b"},
			"PartitionKey eq 'p' and RowKey ge 'a' and RowKey lt 'b'"},
		{"a prefix", WithPrefix("p", "h|"), "PartitionKey eq 'p' and RowKey ge 'h|' and RowKey lt 'h}'"},
		{"every type of value has its own form", Query{Partition: "p", Where: []Condition{
			{"Due", OpLe, due}, {"N", OpGt, int64(-1)}, {"S", OpEq, "it's"}, {"B", OpEq, true}}},
			"PartitionKey eq 'p' and Due le datetime'2026-03-29T01:00:00.123Z' and N gt -1L" +
				" and S eq 'it''s' and B eq true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.q.filter(); got != tt.want {
				t.Errorf("filter:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A text must read in the filter as it was, and its literal must end with it.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"", "'", "''", "x' or 'a' eq 'a", `\'`, "it's", "\x00", "🎧'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := odataLiteral(s)
		inner, ok := strings.CutPrefix(got, "'")
		if !ok {
			t.Fatalf("odataLiteral(%q) = %q, want it in quotes", s, got)
		}
		var text strings.Builder
		for {
			before, after, found := strings.Cut(inner, "'")
			text.WriteString(before)
			if !found {
				t.Fatalf("odataLiteral(%q) = %q, want an end", s, got)
			}
			if after == "" {
				break // the closing one
			}
			if after[0] != '\'' {
				t.Fatalf("odataLiteral(%q) = %q ends before %q, want it to end there", s, got, after)
			}
			text.WriteByte('\'')
			inner = after[1:]
		}
		if text.String() != s {
			t.Fatalf("odataLiteral reads as %q, want %q", text.String(), s)
		}
	})
}
