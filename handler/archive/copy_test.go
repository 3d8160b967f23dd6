package archive_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/archive"
	"switchboard/handler/archive/archivetest"
	"switchboard/handler/faulttest"
)

const (
	name  = "r1/0.wav"
	block = 4 // block size in these tests, in bytes
)

var (
	now  time.Time                           // as until: a run copies one block
	ever = time.Now().Add(1_000 * time.Hour) // as until: a run copies all blocks
)

// text returns a file of this length, of which all blocks differ.
func text(length int) string {
	var all strings.Builder
	for i := 0; all.Len() < length; i++ {
		fmt.Fprintf(&all, "%d,", i)
	}
	return all.String()[:length]
}

func hexSum(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// copyTo runs a copy from a progress that is encoded as JSON and back, as between two runs.
func copyTo(
	t *testing.T, to archive.Files, from archive.Source, p archive.Progress, until time.Time,
) (archive.Progress, bool, error) {
	t.Helper()
	saved, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var loaded archive.Progress
	if err := json.Unmarshal(saved, &loaded); err != nil {
		t.Fatal(err)
	}
	return archive.CopyInBlocks(t.Context(), block, from, to, name, loaded, until)
}

// checkFile fails unless the archive holds the whole file and nothing else.
func checkFile(t *testing.T, m *archivetest.Memory, content string) {
	t.Helper()
	want := []archivetest.File{{Name: name, Body: []byte(content), Info: archive.Info{
		Size: int64(len(content)), SHA256: hexSum(content), ContentType: "audio/wav",
	}}}
	if d := cmp.Diff(want, m.Files()); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
}

func TestFilesOfEveryLengthAreCopiedWhole(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"as they come": nil, "byte by byte": iotest.OneByteReader, "the end with the last bytes": iotest.DataErrReader,
	}
	for length := range 4*block + 2 {
		for reading, reader := range readers {
			for _, named := range []int64{0, -1} {
				t.Run(fmt.Sprintf("%d bytes, named %d, read %s", length, named, reading), func(t *testing.T) {
					r := &recording{content: text(length), etag: "e", contentType: "audio/wav", size: named, reader: reader}
					var m archivetest.Memory
					p, done, err := copyTo(t, &m, r.open, archive.Progress{}, ever)
					if !done || err != nil {
						t.Fatalf("done %t, %v, want true", done, err)
					}
					if p.Offset != int64(length) || p.Size != int64(length) || p.SHA256() != hexSum(r.content) {
						t.Errorf("progress %+v, want %d bytes with hash %s", p, length, hexSum(r.content))
					}
					checkFile(t, &m, r.content)
					r.checkClosed(t)
				})
			}
		}
	}
}

func TestACopyResumesAtItsProgress(t *testing.T) {
	for length := range 4*block + 2 {
		for _, named := range []int64{0, -1} {
			t.Run(fmt.Sprintf("%d bytes, named %d", length, named), func(t *testing.T) {
				r := &recording{content: text(length), etag: "e", contentType: "audio/wav", size: named}
				var m archivetest.Memory
				var p archive.Progress
				blocks := max(1, (length+block-1)/block)
				for run := 1; ; run++ {
					var done bool
					var err error
					if p, done, err = copyTo(t, &m, r.open, p, now); err != nil {
						t.Fatal(err)
					}
					if want := int64(min(run*block, length)); p.Offset != want || p.SHA256() != hexSum(r.content[:want]) {
						t.Fatalf("after %d runs: progress %+v, want %d bytes", run, p, want)
					}
					if done != (run == blocks) {
						t.Fatalf("after %d runs: done %t, want %t", run, done, run == blocks)
					}
					if done {
						break
					}
					if len(m.Files()) > 0 {
						t.Fatalf("files %+v, want none before the copy is done", m.Files())
					}
				}
				checkFile(t, &m, r.content)
				r.checkClosed(t)
			})
		}
	}
}

func TestACopyThatIsDoneIsDoneAgain(t *testing.T) {
	r := &recording{content: text(9), contentType: "audio/wav"}
	var m archivetest.Memory
	p, _, err := copyTo(t, &m, r.open, archive.Progress{}, ever)
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []archive.Progress{p, {}} {
		if again, done, err := copyTo(t, &m, r.open, from, ever); !done || err != nil || !cmp.Equal(again, p) {
			t.Errorf("from %d: progress %+v, done %t, %v, want %+v, true", from.Offset, again, done, err, p)
		}
	}
	if n := r.opened.Load(); n != 2 {
		t.Errorf("the source was opened %d times, want 2: not for what is staged already", n)
	}
	checkFile(t, &m, r.content)
}

func TestASourceThatFails(t *testing.T) {
	tests := []struct {
		breaks int64
		offset int64 // of the progress that Copy returns
	}{{1, 0}, {block - 1, 0}, {block, 0}, {block + 1, block}, {2*block + 1, 2 * block}, {9, 2 * block}}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("after %d bytes", tt.breaks), func(t *testing.T) {
			r := &recording{content: text(10), etag: "e", contentType: "audio/wav", breaks: tt.breaks}
			var m archivetest.Memory
			p, done, err := copyTo(t, &m, r.open, archive.Progress{}, ever)
			if cause, ok := errors.AsType[*errSource](err); !ok || cause.offset != tt.breaks || done {
				t.Fatalf("done %t, %v, want false, the error of the source at %d", done, err, tt.breaks)
			}
			if !errors.Is(err, archive.ErrSource) || errors.Is(err, archive.ErrFiles) {
				t.Errorf("err = %v, want %v alone", err, archive.ErrSource)
			}
			if want := "copy r1/0.wav: source: the host has gone"; err.Error() != want {
				t.Errorf("%q, want %q", err, want)
			}
			if p.Offset != tt.offset {
				t.Errorf("offset %d, want %d", p.Offset, tt.offset)
			}
			r.breaks = 0
			if _, done, err = copyTo(t, &m, r.open, p, ever); !done || err != nil {
				t.Fatalf("done %t, %v, want true", done, err)
			}
			checkFile(t, &m, r.content)
			r.checkClosed(t)
		})
	}
}

func TestASourceThatCannotBeOpened(t *testing.T) {
	var m archivetest.Memory
	r := &recording{content: text(10), etag: "e"}
	began, _, err := copyTo(t, &m, r.open, archive.Progress{}, now)
	if err != nil {
		t.Fatal(err)
	}
	unavailable := func(context.Context, int64) (archive.Content, error) { return archive.Content{}, &errSource{} }
	p, done, err := copyTo(t, &m, unavailable, began, ever)
	if _, ok := errors.AsType[*errSource](err); !ok || !errors.Is(err, archive.ErrSource) || done {
		t.Errorf("done %t, %v, want false, %v", done, err, archive.ErrSource)
	}
	if !cmp.Equal(p, began) {
		t.Errorf("progress %+v, want %+v", p, began)
	}
}

func TestALengthThatIsNotTheOneNamed(t *testing.T) {
	tests := []struct {
		name          string
		length, named int
		err           string
	}{
		{"one byte short", 9, 10, "copy r1/0.wav: source: not of the length that was named: 9 bytes instead of 10"},
		{"a block short", 8, 12, "copy r1/0.wav: source: not of the length that was named: 8 bytes instead of 12"},
		{"nothing at all", 0, 1, "copy r1/0.wav: source: not of the length that was named: 0 bytes instead of 1"},
		{"one byte long", 9, 8, "copy r1/0.wav: source: not of the length that was named: more than 8 bytes"},
		{"one byte long in its block", 7, 6, "copy r1/0.wav: source: not of the length that was named: 7 bytes instead of 6"},
		{"many blocks long", 30, 6, "copy r1/0.wav: source: not of the length that was named: more than 6 bytes"},
	}
	for _, tt := range tests {
		for _, until := range []time.Time{ever, now} {
			t.Run(tt.name, func(t *testing.T) {
				r := &recording{content: text(tt.length), size: int64(tt.named)}
				var m archivetest.Memory
				var p archive.Progress
				var err error
				for done := false; err == nil; {
					if p, done, err = copyTo(t, &m, r.open, p, until); done {
						t.Fatalf("done %t, %v, want false", done, err)
					}
				}
				if !errors.Is(err, archive.ErrLength) || !errors.Is(err, archive.ErrSource) || err.Error() != tt.err {
					t.Errorf("%q, want %q", err, tt.err)
				}
				if len(m.Files()) > 0 || !cmp.Equal(p, archive.Progress{}) {
					t.Errorf("files %v, progress %+v, want none", m.Files(), p)
				}
				r.checkClosed(t)
			})
		}
	}
}

func TestAnotherFileOfThatNameIsNotReplaced(t *testing.T) {
	r := &recording{content: text(6), contentType: "audio/wav"}
	same := archive.Info{Size: 6, SHA256: hexSum(r.content)}
	tests := []struct {
		name    string
		content string
		info    archive.Info
		err     error
	}{
		{"the same", r.content, same, nil},
		{"another hash", "other!", archive.Info{Size: 6, SHA256: hexSum("other!")}, archive.ErrDiffers},
		{"another length", "other", archive.Info{Size: 5, SHA256: same.SHA256}, archive.ErrDiffers},
		{"no hash", r.content, archive.Info{Size: 6}, archive.ErrDiffers},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m archivetest.Memory
			if err := m.Stage(t.Context(), name, "MQ==", []byte(tt.content)); err != nil {
				t.Fatal(err)
			}
			if err := m.Commit(t.Context(), name, []string{"MQ=="}, tt.info); err != nil {
				t.Fatal(err)
			}
			_, done, err := copyTo(t, &m, r.open, archive.Progress{}, ever)
			if done != (tt.err == nil) || !errors.Is(err, tt.err) {
				t.Errorf("done %t, %v; want %v", done, err, tt.err)
			}
			if got := string(m.Files()[0].Body); got != tt.content {
				t.Errorf("content = %q, want %q", got, tt.content)
			}
		})
	}
}

func TestAFileOfTooManyBlocksIsRefused(t *testing.T) {
	const most = archive.MaxBlocks // of one byte each
	copyBytes := func(r *recording) (*archivetest.Memory, archive.Progress, bool, error) {
		var m archivetest.Memory
		p, done, err := archive.CopyInBlocks(t.Context(), 1, r.open, &m, name, archive.Progress{}, ever)
		return &m, p, done, err
	}
	content := strings.Repeat("x", most+1)
	m, _, done, err := copyBytes(&recording{content: content})
	if done || !errors.Is(err, archive.ErrTooLarge) || m.Staged() > 0 {
		t.Errorf("named: done %t, %v, %d blocks, want false, %v, 0", done, err, m.Staged(), archive.ErrTooLarge)
	}
	m, p, done, err := copyBytes(&recording{content: content, size: -1})
	if done || !errors.Is(err, archive.ErrTooLarge) || p.Offset != most {
		t.Errorf("not named: done %t, %v, offset %d, want false, %v, %d",
			done, err, p.Offset, archive.ErrTooLarge, most)
	}
	if n := m.Staged(); n != most {
		t.Errorf("%d blocks are staged, want %d", n, most)
	}
	if _, _, done, err = copyBytes(&recording{content: content[:most]}); !done || err != nil {
		t.Errorf("as many as may be: done %t, %v, want true", done, err)
	}
}

func TestACancelledCopyKeepsItsProgress(t *testing.T) {
	r := &recording{content: text(20), etag: "e"}
	var m archivetest.Memory
	ctx, cancel := context.WithCancel(t.Context())
	m.Fail = func(op archivetest.Op) faulttest.Fault {
		if op.N == 3 {
			cancel()
		}
		return faulttest.FaultNone
	}
	p, done, err := archive.CopyInBlocks(ctx, block, r.open, &m, name, archive.Progress{}, ever)
	if done || !errors.Is(err, context.Canceled) || p.Offset != 3*block {
		t.Errorf("progress %+v, done %t, %v, want %d bytes, false, %v", p, done, err, 3*block, context.Canceled)
	}
}

func TestCopiesAtOnceFromDifferentProgressMakeOneFile(t *testing.T) {
	r := &recording{content: text(50*block + 1), etag: "e", contentType: "audio/wav"}
	var m archivetest.Memory
	var from []archive.Progress
	var p archive.Progress
	for range 8 {
		from = append(from, p)
		var err error
		if p, _, err = copyTo(t, &m, r.open, p, now); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for _, p := range from {
		all.Go(func() {
			if _, done, err := archive.CopyInBlocks(t.Context(), block, r.open, &m, name, p, ever); !done || err != nil {
				t.Errorf("from %d: done %t, %v, want true", p.Offset, done, err)
			}
		})
	}
	all.Wait()
	checkFile(t, &m, r.content)
}

func TestCopiesOfTwoVersionsAtOnceAreNotMixed(t *testing.T) {
	one := &recording{content: text(3 * block), etag: "1", contentType: "audio/wav"}
	two := &recording{content: strings.Repeat("x", 3*block), etag: "2", contentType: "audio/wav"}
	var m archivetest.Memory
	var p1, p2 archive.Progress
	var err error
	for range 2 { // block by block in turn, up to the last
		if p1, _, err = copyTo(t, &m, one.open, p1, now); err != nil {
			t.Fatal(err)
		}
		if p2, _, err = copyTo(t, &m, two.open, p2, now); err != nil {
			t.Fatal(err)
		}
	}
	if _, done, err := copyTo(t, &m, one.open, p1, ever); !done || err != nil {
		t.Fatalf("done %t, %v, want true", done, err)
	}
	checkFile(t, &m, one.content)
	if _, done, err := copyTo(t, &m, two.open, p2, ever); done || !errors.Is(err, archive.ErrDiffers) {
		t.Errorf("done %t, %v, want false, %v", done, err, archive.ErrDiffers)
	}
	checkFile(t, &m, one.content)
}
