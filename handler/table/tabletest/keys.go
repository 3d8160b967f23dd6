package tabletest

import (
	"errors"
	"strings"
	"testing"

	"switchboard/handler/table"
)

func testKeys(t *testing.T, newRows func(*testing.T) table.Rows) {
	allowed := map[string]string{
		"a call id":          "in-2e0f",
		"a phone number":     "+12065550100",
		"a raw id":           "28:orgid:0f1c|20260329",
		"a message's raw id": "8:acs:1b-2c_0000@thread.v2",
		"marks":              "!\"$%&()*+,-.:;<=>@[]^_`{|}~",
		"escapes":            "%41%2F%25 +",
		"inner spaces":       "a b  c",
		"dots":               "..",
		"other letters":      "Zürich 世界 🎧",
		"the longest":        strings.Repeat("k", 512),
	}
	rows := newRows(t)
	for name, s := range allowed {
		t.Run(name+" is a key in every request", func(t *testing.T) {
			e := entity(s, s, `1`)
			etag := apply(t, rows, insert(e))[0]
			diff(t, "key", e.Key, read(t, rows, e.Key).Key)
			etag = apply(t, rows, replace(e, etag))[0]
			etags := apply(t, rows, replace(e, etag), insert(entity(s, "b", `1`)))
			diff(t, "rows", 2, len(all(t, rows, table.Query{Partition: s, Limit: 1})))
			diff(t, "rows", []string{s}, rowKeys(all(t, rows, table.WithPrefix(s, strings.TrimSuffix(s, "🎧")))))
			etags = apply(t, rows, put(e), replace(entity(s, "b", `2`), etags[1]))
			apply(t, rows, remove(e.Key, etags[0]), put(entity(s, "b", `3`)))
			etag = apply(t, rows, put(e))[0]
			apply(t, rows, remove(e.Key, etag))
			diff(t, "rows", []string{"b"}, rowKeys(all(t, rows, table.Query{Partition: s})))
		})
	}
	for name, s := range map[string]string{
		"nothing": "", "a slash": "a/b", "a backslash": `a\b`, "a hash": "a#b", "a question mark": "a?b",
		"an apostrophe": "a'b", "a tab": "a\tb", "a line feed": "a\nb", "a delete": "a\x7fb",
		"a C1 control": "a\u0085b", "bad UTF-8": "a\xffb",
		"too much": strings.Repeat("k", 513), "too much in UTF-16": strings.Repeat("🎧", 257),
	} {
		t.Run(name+" is no key in any request", func(t *testing.T) {
			for _, k := range []table.Key{{Partition: s, Row: "r"}, {Partition: "p", Row: s}} {
				if _, err := rows.Get(t.Context(), k); !errors.Is(err, table.ErrInvalid) {
					t.Errorf("Get: %v, want %v", err, table.ErrInvalid)
				}
				applyRefused(t, rows, table.ErrInvalid, put(table.Entity{Key: k, Doc: []byte(`1`)}))
				applyRefused(t, rows, table.ErrInvalid, remove(k, `W/"1"`))
			}
			if _, err := rows.List(t.Context(), table.Query{Partition: s}); !errors.Is(err, table.ErrInvalid) {
				t.Errorf("List: %v, want %v", err, table.ErrInvalid)
			}
		})
	}
}
