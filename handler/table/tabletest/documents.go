package tabletest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"switchboard/handler/table"
)

func testDocuments(t *testing.T, newRows func(*testing.T) table.Rows) {
	const part = 30_000
	text := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` } // JSON of n UTF-16 units
	rows := newRows(t)
	for name, doc := range map[string]string{
		"of one character":                            `0`,
		"of exactly one part":                         text(part),
		"of one character more than a part":           text(part + 1),
		"of exactly two parts":                        text(2 * part),
		"of the largest size":                         text(table.MaxDocument),
		"with a surrogate pair before a border":       `"` + strings.Repeat("x", part-3) + `🎧x"`,
		"with a surrogate pair across a border":       `"` + strings.Repeat("x", part-2) + `🎧x"`,
		"with a surrogate pair after a border":        `"` + strings.Repeat("x", part-1) + `🎧x"`,
		"with a combining mark after a border":        `"` + strings.Repeat("e", part-1) + "\u0301" + `"`,
		"of surrogate pairs only":                     `"` + strings.Repeat("🎧", part) + `"`,
		"of three-byte characters":                    `"` + strings.Repeat("世", 3*part) + `"`,
		"with a byte order mark and line separators":  "\"\ufeff\u2028\u2029\ufffd\"",
		"that looks like the border of a transaction": `"--changeset_1\r\n\r\nHTTP/1.1 412 x {\"PUT http://h\"}"`,
		"with space around it":                        " \r\n\t{ } \r\n",
	} {
		t.Run("a document "+name+" comes back as it was", func(t *testing.T) {
			e := entity("p", fmt.Sprintf("%x", name), doc)
			apply(t, rows, insert(e))
			if got := string(read(t, rows, e.Key).Doc); got != doc {
				t.Errorf("read %d bytes, want the %d that were written", len(got), len(doc))
			}
			apply(t, rows, put(e), put(entity("p", "other", doc)))
			for _, got := range all(t, rows, table.Query{Partition: "p", From: "other"}) {
				if string(got.Doc) != doc {
					t.Errorf("after a transaction: listed %d bytes, want the %d that were written",
						len(got.Doc), len(doc))
				}
			}
		})
	}
	t.Run("a shorter document leaves nothing of a longer one", func(t *testing.T) {
		e := entity("p", "shrinks", text(3*part))
		etag := apply(t, rows, insert(e))[0]
		e.Doc = []byte(text(part + 10))
		apply(t, rows, replace(e, etag))
		diff(t, "length", part+10, len(read(t, rows, e.Key).Doc))
		e.Doc = []byte(`1`)
		apply(t, rows, put(e), put(entity("p", "other", `1`)))
		diff(t, "document", `1`, string(read(t, rows, e.Key).Doc))
	})
	t.Run("a document that is too large is refused", func(t *testing.T) {
		e := entity("p", "large", text(table.MaxDocument+1))
		applyRefused(t, rows, table.ErrTooLarge, insert(e))
		applyRefused(t, rows, table.ErrTooLarge, put(entity("p", "beside", `1`)), put(e))
		for _, k := range []table.Key{e.Key, {Partition: "p", Row: "beside"}} {
			if _, err := rows.Get(t.Context(), k); !errors.Is(err, table.ErrNotFound) {
				t.Errorf("Get: %v, want %v", err, table.ErrNotFound)
			}
		}
	})
}
