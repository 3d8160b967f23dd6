package archivetest

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/archive"
)

// Files is an archive whose files can be read.
type Files interface {
	archive.Files

	// Read returns the content of a file or document, or archive.ErrNotFound.
	Read(ctx context.Context, name string) ([]byte, error)
}

// Run checks the whole contract of archive.Files. newFiles returns an empty archive
// each time.
func Run(t *testing.T, newFiles func(t *testing.T) Files) {
	for _, group := range []struct {
		name string
		test func(*testing.T, Files)
	}{
		{"a file is its blocks in the order of the commit", testCommit},
		{"a file that is not committed is not found", testStaged},
		{"a block staged again replaces the older one", testStagedAgain},
		{"a file is committed once", testExists},
		{"a file without blocks is empty", testEmpty},
		{"a missing block makes no file", testNoBlock},
		{"a file has the properties it was committed with", testInfo},
		{"a document overwrites an older one", testDocuments},
		{"names may contain the characters of the service's ids", testNames},
		{"invalid block ids are refused", testInvalid},
		{"one of several commits at once makes the file", testConcurrent},
		{"cancelled contexts", testCancelled},
	} {
		t.Run(group.name, func(t *testing.T) { group.test(t, newFiles(t)) })
	}
}

const name = "2026/11/20/r1/0.wav"

// id returns a block's id.
func id(block string) string { return base64.StdEncoding.EncodeToString([]byte(block)) }

// stage stages blocks; the text of each is both its content and, encoded, its id.
func stage(t *testing.T, files Files, name string, blocks ...string) {
	t.Helper()
	for _, block := range blocks {
		if err := files.Stage(t.Context(), name, id(block), []byte(block)); err != nil {
			t.Fatalf("Stage %q: %v", block, err)
		}
	}
}

// commit commits blocks that stage has staged.
func commit(t *testing.T, files Files, name string, blocks ...string) error {
	t.Helper()
	info := archive.Info{SHA256: strings.Repeat("0a", 32)}
	var ids []string
	for _, block := range blocks {
		ids = append(ids, id(block))
		info.Size += int64(len(block))
	}
	return files.Commit(t.Context(), name, ids, info)
}

// holds checks the content of a file.
func holds(t *testing.T, files Files, name, want string) {
	t.Helper()
	got, err := files.Read(t.Context(), name)
	if err != nil || string(got) != want {
		t.Errorf("%s: %q, %v; want %q", name, got, err, want)
	}
	if info, err := files.Stat(t.Context(), name); err != nil || info.Size != int64(len(want)) {
		t.Errorf("Stat %s: %+v, %v; want %d bytes", name, info, err, len(want))
	}
}

// is checks an error.
func is(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func testCommit(t *testing.T, files Files) {
	stage(t, files, name, "22", "11", "33", "00") // the last one is not committed
	stage(t, files, "another", "44")
	is(t, "Commit", commit(t, files, name, "11", "22", "33"), nil)
	holds(t, files, name, "112233")
	is(t, "Commit of the other", commit(t, files, "another", "44"), nil)
	holds(t, files, "another", "44")
}

func testStaged(t *testing.T, files Files) {
	stage(t, files, name, "11")
	for _, name := range []string{name, "nothing"} {
		_, err := files.Stat(t.Context(), name)
		is(t, "Stat "+name, err, archive.ErrNotFound)
		_, err = files.Read(t.Context(), name)
		is(t, "Read "+name, err, archive.ErrNotFound)
	}
}

func testStagedAgain(t *testing.T, files Files) {
	body := []byte("old")
	for _, content := range []string{"old", "new"} {
		copy(body, content)
		is(t, "Stage", files.Stage(t.Context(), name, id("1"), body), nil)
	}
	copy(body, "xxx") // the caller may reuse it
	is(t, "Commit", files.Commit(t.Context(), name, []string{id("1")}, archive.Info{Size: 3}), nil)
	holds(t, files, name, "new")
}

func testExists(t *testing.T, files Files) {
	stage(t, files, name, "11")
	is(t, "Commit", commit(t, files, name, "11"), nil)
	is(t, "the same again", commit(t, files, name, "11"), archive.ErrExists)
	stage(t, files, name, "22")
	holds(t, files, name, "11")
	is(t, "another one", commit(t, files, name, "22"), archive.ErrExists)
	is(t, "an empty one", commit(t, files, name), archive.ErrExists)
	holds(t, files, name, "11")
}

func testEmpty(t *testing.T, files Files) {
	is(t, "Commit", commit(t, files, name), nil)
	holds(t, files, name, "")
	is(t, "the same again", commit(t, files, name), archive.ErrExists)
}

func testNoBlock(t *testing.T, files Files) {
	is(t, "none staged", commit(t, files, name, "11"), archive.ErrNoBlock)
	stage(t, files, name, "11", "33")
	stage(t, files, "another", "22")
	is(t, "one missing", commit(t, files, name, "11", "22", "33"), archive.ErrNoBlock)
	_, err := files.Stat(t.Context(), name)
	is(t, "Stat", err, archive.ErrNotFound)
	stage(t, files, name, "22")
	is(t, "none missing", commit(t, files, name, "11", "22", "33"), nil)
	holds(t, files, name, "112233")
}

func testInfo(t *testing.T, files Files) {
	for _, tt := range []struct {
		name      string
		info      archive.Info
		wantsType string
	}{
		{"all.wav", archive.Info{SHA256: strings.Repeat("0f", 32), ContentType: "audio/wav"}, "audio/wav"},
		{"none.bin", archive.Info{}, archive.DefaultContentType},
	} {
		stage(t, files, tt.name, "11")
		tt.info.Size = 2
		is(t, "Commit", files.Commit(t.Context(), tt.name, []string{id("11")}, tt.info), nil)
		got, err := files.Stat(t.Context(), tt.name)
		if err != nil {
			t.Fatal(err)
		}
		tt.info.ContentType = tt.wantsType
		if d := cmp.Diff(tt.info, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func testDocuments(t *testing.T, files Files) {
	for _, doc := range []string{`{"n":1}`, `{"n":1}`, `{"n":20}`} {
		is(t, "Put", files.Put(t.Context(), "r1.json", []byte(doc)), nil)
		holds(t, files, "r1.json", doc)
	}
	info, err := files.Stat(t.Context(), "r1.json")
	if d := cmp.Diff(archive.Info{Size: 8, ContentType: "application/json"}, info); err != nil || d != "" {
		t.Errorf("Stat: %v (-want +got):\n%s", err, d)
	}
}

func testNames(t *testing.T, files Files) {
	for _, name := range []string{"a b/c+d=.wav", "eyJQ==/0-eus-d12-801b.wav", "ü/%2F?#&.wav"} {
		stage(t, files, name, "11")
		is(t, "Commit "+name, commit(t, files, name, "11"), nil)
		holds(t, files, name, "11")
	}
}

func testInvalid(t *testing.T, files Files) {
	for what, block := range map[string]string{"no base64": "a*", "beyond 64 bytes": id(strings.Repeat("x", 65))} {
		if files.Stage(t.Context(), name, block, []byte("x")) == nil {
			t.Errorf("block id: %s: accepted, want an error", what)
		}
	}
	stage(t, files, name, "1")
	if files.Stage(t.Context(), name, id("1234567"), []byte("x")) == nil {
		t.Error("block ids of several lengths: accepted, want an error")
	}
	_, err := files.Stat(t.Context(), name)
	is(t, "Stat", err, archive.ErrNotFound)
}

func testConcurrent(t *testing.T, files Files) {
	const at = 8
	errs := make([]error, at)
	var all sync.WaitGroup
	for i := range at {
		all.Go(func() {
			for _, block := range []string{"11", "22"} {
				if errs[i] = files.Stage(t.Context(), name, id(block), []byte(block)); errs[i] != nil {
					return
				}
			}
			errs[i] = files.Commit(t.Context(), name, []string{id("11"), id("22")}, archive.Info{Size: 4})
		})
	}
	all.Wait()
	made := 0
	for _, err := range errs {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, archive.ErrExists):
			t.Errorf("Commit: %v, want %v", err, archive.ErrExists)
		}
	}
	if made != 1 {
		t.Errorf("%d commits made the file, want 1", made)
	}
	holds(t, files, name, "1122")
}

func testCancelled(t *testing.T, files Files) {
	stage(t, files, name, "1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	is(t, "Stage", files.Stage(ctx, name, id("1"), []byte("2")), context.Canceled)
	is(t, "Commit", files.Commit(ctx, name, []string{id("1")}, archive.Info{Size: 1}), context.Canceled)
	is(t, "Put", files.Put(ctx, "doc", []byte("{}")), context.Canceled)
	_, err := files.Stat(ctx, name)
	is(t, "Stat", err, context.Canceled)
	for _, name := range []string{name, "doc"} {
		_, err = files.Stat(t.Context(), name)
		is(t, "Stat of "+name, err, archive.ErrNotFound)
	}
	is(t, "Commit", commit(t, files, name, "1"), nil)
	holds(t, files, name, "1")
}
