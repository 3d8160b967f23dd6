package tabletest

import (
	"errors"
	"math"
	"testing"
	"time"

	"switchboard/handler/table"
)

// writeRules are the rules of single writes.
var writeRules = []rule{
	{"a row comes back as it was written", testRoundTrip},
	{"a missing row is not found", testGetMissingRow},
	{"a second insert is refused and changes nothing", testSecondInsert},
	{"a replacement with the ETag that was read is the row's new version", testReplace},
	{"every write gives an ETag for the next one", testETagsOfWrites},
	{"a replacement with an old ETag is refused and changes nothing", testReplaceWithOldETag},
	{"a replacement of a missing row is refused", testReplaceMissingRow},
	{"a put has no condition", testPut},
	{"a deletion with the ETag that was read removes the row", testDelete},
	{"a deletion with an old ETag is refused and changes nothing", testDeleteWithOldETag},
	{"an empty list of writes succeeds", testNoWrites},
}

// Two versions of one row.
var (
	version1 = entity("p", "r", `{"n":1}`)
	version2 = entity("p", "r", `{"n":2}`)
)

func testRoundTrip(t *testing.T, rows table.Rows) {
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
}

func testGetMissingRow(t *testing.T, rows table.Rows) {
	if _, err := rows.Get(t.Context(), version1.Key); !errors.Is(err, table.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
}

func testSecondInsert(t *testing.T, rows table.Rows) {
	apply(t, rows, insert(version1))
	before := read(t, rows, version1.Key)
	applyRefused(t, rows, table.ErrExists, insert(version2))
	diff(t, "row", before, read(t, rows, version1.Key))
}

func testReplace(t *testing.T, rows table.Rows) {
	first := version1
	first.Columns = map[string]any{"Gone": "x", "Kept": "x"}
	first.ETag = ""
	apply(t, rows, insert(first))
	second := version2
	second.Columns = map[string]any{"Kept": "y"}
	etag := read(t, rows, version1.Key).ETag
	second.ETag = apply(t, rows, replace(second, etag))[0]
	if second.ETag == etag {
		t.Errorf("ETag %s after the write, want another one", etag)
	}
	diff(t, "row", second, read(t, rows, version1.Key))
}

func testETagsOfWrites(t *testing.T, rows table.Rows) {
	etag := apply(t, rows, insert(version1))[0]
	etag = apply(t, rows, replace(version2, etag))[0]
	apply(t, rows, put(version1))
	applyRefused(t, rows, table.ErrConflict, replace(version2, etag))
	etag = apply(t, rows, put(version2))[0]
	etag = apply(t, rows, replace(version1, etag))[0]
	diff(t, "ETag of a deletion", []string{""}, apply(t, rows, remove(version1.Key, etag)))
}

func testReplaceWithOldETag(t *testing.T, rows table.Rows) {
	old := apply(t, rows, insert(version1))[0]
	apply(t, rows, put(version2))
	applyRefused(t, rows, table.ErrConflict, replace(version1, old))
	diff(t, "document", string(version2.Doc), string(read(t, rows, version1.Key).Doc))
}

func testReplaceMissingRow(t *testing.T, rows table.Rows) {
	old := apply(t, rows, insert(version1))[0]
	apply(t, rows, remove(version1.Key, old))
	applyRefused(t, rows, table.ErrNotFound, replace(version2, old))
}

func testPut(t *testing.T, rows table.Rows) {
	first := version1
	first.Columns = map[string]any{"Gone": "x"}
	apply(t, rows, put(first))
	etag := apply(t, rows, put(version2))[0]
	want := version2
	want.ETag = etag
	diff(t, "row", want, read(t, rows, version1.Key))
}

func testDelete(t *testing.T, rows table.Rows) {
	etag := apply(t, rows, insert(version1))[0]
	apply(t, rows, remove(version1.Key, etag))
	if _, err := rows.Get(t.Context(), version1.Key); !errors.Is(err, table.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	applyRefused(t, rows, table.ErrNotFound, remove(version1.Key, etag))
	apply(t, rows, insert(version1))
}

func testDeleteWithOldETag(t *testing.T, rows table.Rows) {
	old := apply(t, rows, insert(version1))[0]
	apply(t, rows, put(version2))
	applyRefused(t, rows, table.ErrConflict, remove(version1.Key, old))
	diff(t, "document", string(version2.Doc), string(read(t, rows, version1.Key).Doc))
}

func testNoWrites(t *testing.T, rows table.Rows) {
	if etags := apply(t, rows); len(etags) != 0 {
		t.Errorf("ETags %q", etags)
	}
}
