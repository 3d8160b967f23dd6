package archive_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/archive"
	"switchboard/handler/archive/archivetest"
)

func TestAnotherFileThanBeforeIsCopiedFromItsStart(t *testing.T) {
	tests := []struct {
		name  string
		first *recording
		then  *recording
	}{
		{"another ETag", &recording{content: text(20), etag: "1"}, &recording{content: "x" + text(19), etag: "2"}},
		{"no ETag any more", &recording{content: text(20), etag: "1"}, &recording{content: "x" + text(19)}},
		{"longer", &recording{content: text(20)}, &recording{content: text(21)}},
		{"shorter", &recording{content: text(20)}, &recording{content: text(13)}},
		{"shorter than the progress", &recording{content: text(20)}, &recording{content: text(3)}},
		{"as long as the progress", &recording{content: text(20)}, &recording{content: text(2 * block)}},
		{"empty", &recording{content: text(20)}, &recording{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.then.contentType = "audio/wav"
			var m archivetest.Memory
			var p archive.Progress
			for range 2 {
				var err error
				if p, _, err = copyTo(t, &m, tt.first.open, p, now); err != nil {
					t.Fatal(err)
				}
			}
			p, done, err := copyTo(t, &m, tt.then.open, p, ever)
			if !done || err != nil || p.Size != int64(len(tt.then.content)) || p.ETag != tt.then.etag {
				t.Errorf("progress %+v, done %t, %v, want %d bytes of %s, true",
					p, done, err, len(tt.then.content), tt.then.etag)
			}
			checkFile(t, &m, tt.then.content)
			tt.first.checkClosed(t)
			tt.then.checkClosed(t)
		})
	}
}

func TestASourceThatNamesItsSizeOnlySometimesHasTheSameFile(t *testing.T) {
	for _, named := range [][]int64{{0, -1, 0}, {-1, 0, -1}} {
		r := &recording{content: text(3 * block), etag: "e", contentType: "audio/wav"}
		var m archivetest.Memory
		var p archive.Progress
		for i, size := range named {
			r.size = size
			var done bool
			var err error
			if p, done, err = copyTo(t, &m, r.open, p, now); err != nil || done != (i == 2) {
				t.Fatalf("run %d: done %t, %v, want %t", i, done, err, i == 2)
			}
		}
		checkFile(t, &m, r.content)
	}
}

func TestAProgressThatCannotBeUsedBeginsAgain(t *testing.T) {
	r := &recording{content: text(20), etag: "e", contentType: "audio/wav"}
	var m archivetest.Memory
	good, _, err := copyTo(t, &m, r.open, archive.Progress{}, now)
	if err != nil {
		t.Fatal(err)
	}
	m.Forget() // a copy that resumed would miss its blocks
	tests := []struct {
		name  string
		spoil func(*archive.Progress)
	}{
		{"no hash", func(p *archive.Progress) { p.Hash = nil }},
		{"a hash of another form", func(p *archive.Progress) { p.Hash[0]++ }},
		{"part of a hash", func(p *archive.Progress) { p.Hash = p.Hash[:50] }},
		{"an offset within a block", func(p *archive.Progress) { p.Offset++ }},
		{"an offset beyond the end", func(p *archive.Progress) { p.Offset = 24 }},
		{"an offset before the start", func(p *archive.Progress) { p.Offset = -4 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m archivetest.Memory
			p := good
			p.Hash = slices.Clone(good.Hash)
			tt.spoil(&p)
			if _, done, err := copyTo(t, &m, r.open, p, ever); !done || err != nil {
				t.Fatalf("done %t, %v, want true", done, err)
			}
			checkFile(t, &m, r.content)
		})
	}
}

func TestACopyWithMissingBlocksBeginsAgain(t *testing.T) {
	for _, runs := range []int{1, 2, 4} {
		r := &recording{content: text(20), etag: "e", contentType: "audio/wav"}
		var m archivetest.Memory
		var p archive.Progress
		var err error
		for range runs {
			if p, _, err = copyTo(t, &m, r.open, p, now); err != nil {
				t.Fatal(err)
			}
		}
		m.Forget()
		p, done, err := copyTo(t, &m, r.open, p, ever)
		if done || !errors.Is(err, archive.ErrNoBlock) || !cmp.Equal(p, archive.Progress{}) {
			t.Fatalf("progress %+v, done %t, %v, want none, false, %v", p, done, err, archive.ErrNoBlock)
		}
		if _, done, err = copyTo(t, &m, r.open, p, ever); !done || err != nil {
			t.Errorf("done %t, %v, want true", done, err)
		}
		checkFile(t, &m, r.content)
	}
}

func TestAFileThatIsCutShortBetweenTwoRunsIsAnError(t *testing.T) {
	r := &recording{content: text(10), size: -1}
	var m archivetest.Memory
	p, _, err := copyTo(t, &m, r.open, archive.Progress{}, now)
	if err != nil {
		t.Fatal(err)
	}
	empty := func(context.Context, int64) (archive.Content, error) {
		return archive.Content{Body: io.NopCloser(strings.NewReader("")), Size: -1}, nil
	}
	p, done, err := copyTo(t, &m, empty, p, ever)
	if done || !errors.Is(err, archive.ErrLength) || !cmp.Equal(p, archive.Progress{}) {
		t.Errorf("progress %+v, done %t, %v, want none, false, %v", p, done, err, archive.ErrLength)
	}
}
