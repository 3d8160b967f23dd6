package tabletest

import (
	"errors"
	"math"
	"testing"
	"time"

	"switchboard/handler/table"
)

func testWrites(t *testing.T, newRows func(*testing.T) table.Rows) {
	one, two := entity("p", "r", `{"n":1}`), entity("p", "r", `{"n":2}`)

	t.Run("a row comes back as it was written", func(t *testing.T) {
		rows := newRows(t)
		e := entity("p", "r", `{ "text": "<a href=\"x\">'é\u0000 \\ 世界 🎧'</a>", "n": 9007199254740993 }`)
		due := time.Date(2026, 3, 29, 2, 30, 0, 123_456_789, time.FixedZone("", 3600))
		e.Columns = map[string]any{
			"Text": "it's 2026-01-01T00:00:00Z\n", "Empty": "", "Flag": false, "Due": due,
			"Count": int64(math.MaxInt64), "Least": int64(math.MinInt64),
		}
		etags := apply(t, rows, insert(e))
		want := e
		want.ETag = etags[0]
		want.Columns["Due"] = time.Date(2026, 3, 29, 1, 30, 0, 123_000_000, time.UTC)
		diff(t, "row", want, read(t, rows, e.Key))
	})
	t.Run("a missing row is not found", func(t *testing.T) {
		if _, err := newRows(t).Get(t.Context(), one.Key); !errors.Is(err, table.ErrNotFound) {
			t.Errorf("Get: %v", err)
		}
	})
	t.Run("a second insert is refused and changes nothing", func(t *testing.T) {
		rows := newRows(t)
		apply(t, rows, insert(one))
		before := read(t, rows, one.Key)
		applyRefused(t, rows, table.ErrExists, insert(two))
		diff(t, "row", before, read(t, rows, one.Key))
	})
	t.Run("a replacement with the ETag that was read is the row's new version", func(t *testing.T) {
		rows := newRows(t)
		first := one
		first.Columns = map[string]any{"Gone": "x", "Kept": "x"}
		first.ETag = ""
		apply(t, rows, insert(first))
		second := two
		second.Columns = map[string]any{"Kept": "y"}
		etag := read(t, rows, one.Key).ETag
		second.ETag = apply(t, rows, replace(second, etag))[0]
		if second.ETag == etag {
			t.Error("the ETag did not change")
		}
		diff(t, "row", second, read(t, rows, one.Key))
	})
	t.Run("every write gives an ETag for the next one", func(t *testing.T) {
		rows := newRows(t)
		etag := apply(t, rows, insert(one))[0]
		etag = apply(t, rows, replace(two, etag))[0]
		apply(t, rows, put(one))
		applyRefused(t, rows, table.ErrConflict, replace(two, etag))
		etag = apply(t, rows, put(two))[0]
		etag = apply(t, rows, replace(one, etag))[0]
		diff(t, "ETag of a deletion", []string{""}, apply(t, rows, remove(one.Key, etag)))
	})
	t.Run("a replacement with an old ETag is refused and changes nothing", func(t *testing.T) {
		rows := newRows(t)
		old := apply(t, rows, insert(one))[0]
		apply(t, rows, put(two))
		applyRefused(t, rows, table.ErrConflict, replace(one, old))
		diff(t, "document", string(two.Doc), string(read(t, rows, one.Key).Doc))
	})
	t.Run("a replacement of a missing row is refused", func(t *testing.T) {
		rows := newRows(t)
		old := apply(t, rows, insert(one))[0]
		apply(t, rows, remove(one.Key, old))
		applyRefused(t, rows, table.ErrNotFound, replace(two, old))
	})
	t.Run("a put has no condition", func(t *testing.T) {
		rows := newRows(t)
		first := one
		first.Columns = map[string]any{"Gone": "x"}
		apply(t, rows, put(first))
		etag := apply(t, rows, put(two))[0]
		want := two
		want.ETag = etag
		diff(t, "row", want, read(t, rows, one.Key))
	})
	t.Run("a deletion with the ETag that was read removes the row", func(t *testing.T) {
		rows := newRows(t)
		etag := apply(t, rows, insert(one))[0]
		apply(t, rows, remove(one.Key, etag))
		if _, err := rows.Get(t.Context(), one.Key); !errors.Is(err, table.ErrNotFound) {
			t.Errorf("Get: %v", err)
		}
		applyRefused(t, rows, table.ErrNotFound, remove(one.Key, etag))
		apply(t, rows, insert(one))
	})
	t.Run("a deletion with an old ETag is refused and changes nothing", func(t *testing.T) {
		rows := newRows(t)
		old := apply(t, rows, insert(one))[0]
		apply(t, rows, put(two))
		applyRefused(t, rows, table.ErrConflict, remove(one.Key, old))
		diff(t, "document", string(two.Doc), string(read(t, rows, one.Key).Doc))
	})
	t.Run("an empty list of writes succeeds", func(t *testing.T) {
		if etags := apply(t, newRows(t)); len(etags) != 0 {
			t.Errorf("ETags %q", etags)
		}
	})
}
