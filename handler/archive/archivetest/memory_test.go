package archivetest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/archive"
	"switchboard/handler/archive/archivetest"
	"switchboard/handler/faulttest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	archivetest.Run(t, func(*testing.T) archivetest.Files { return new(archivetest.Memory) })
}

const block = "MQ=="

func TestFaults(t *testing.T) {
	tests := []struct {
		fault faulttest.Fault
		want  error
		files string // after a commit and a document
	}{
		{faulttest.FaultNone, nil, "doc.json file.wav"},
		{faulttest.FaultNotApplied, faulttest.ErrNoAnswer, ""},
		{faulttest.FaultLost, faulttest.ErrNoAnswer, "doc.json file.wav"},
	}
	for _, tt := range tests {
		t.Run(tt.fault.String(), func(t *testing.T) {
			var m archivetest.Memory
			var ops []archivetest.Op
			m.Fail = func(op archivetest.Op) faulttest.Fault { ops = append(ops, op); return tt.fault }
			_, stat := m.Stat(t.Context(), "file.wav")
			if tt.fault == faulttest.FaultNone {
				stat = nil // it is ErrNotFound, which is an answer
			}
			for what, err := range map[string]error{
				"Stat":   stat,
				"Put":    m.Put(t.Context(), "doc.json", []byte(`{}`)),
				"Stage":  m.Stage(t.Context(), "other.wav", block, []byte("1")),
				"Commit": m.Commit(t.Context(), "file.wav", nil, archive.Info{}),
			} {
				if !errors.Is(err, tt.want) {
					t.Errorf("%s: %v, want %v", what, err, tt.want)
				}
			}
			var names []string
			for _, f := range m.Files() {
				names = append(names, f.Name)
			}
			if got := strings.Join(names, " "); got != tt.files {
				t.Errorf("files %q, want %q", got, tt.files)
			}
			if got := m.Staged() > 0; got != (tt.files != "") {
				t.Errorf("%d blocks are staged, want some: %t", m.Staged(), tt.files != "")
			}
			want := []archivetest.Op{
				{N: 1, Kind: archivetest.KindStat, Name: "file.wav"}, {N: 2, Kind: archivetest.KindPut, Name: "doc.json"},
				{N: 3, Kind: archivetest.KindStage, Name: "other.wav"}, {N: 4, Kind: archivetest.KindCommit, Name: "file.wav"},
			}
			if d := cmp.Diff(want, ops); d != "" {
				t.Errorf("operations (-want +got):\n%s", d)
			}
		})
	}
}

// TestBlocksThatAzureRefuses is not in Run: Azurite accepts these blocks.
func TestBlocksThatAzureRefuses(t *testing.T) {
	var m archivetest.Memory
	for what, err := range map[string]error{
		"no id":      m.Stage(t.Context(), "f", "", []byte("1")),
		"no content": m.Stage(t.Context(), "f", block, nil),
	} {
		if !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("%s: %v, want %v", what, err, archive.ErrInvalid)
		}
	}
}

func TestALengthThatIsNotThatOfTheBlocksIsRefused(t *testing.T) {
	var m archivetest.Memory
	if err := m.Stage(t.Context(), "f", block, []byte("12")); err != nil {
		t.Fatal(err)
	}
	if err := m.Commit(t.Context(), "f", []string{block}, archive.Info{Size: 3}); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("Commit: %v, want %v", err, archive.ErrInvalid)
	}
}

func TestForgottenBlocksAreMissing(t *testing.T) {
	var m archivetest.Memory
	if err := m.Stage(t.Context(), "f", block, []byte("12")); err != nil {
		t.Fatal(err)
	}
	m.Forget()
	if err := m.Commit(t.Context(), "f", []string{block}, archive.Info{Size: 2}); !errors.Is(err, archive.ErrNoBlock) {
		t.Errorf("Commit: %v, want %v", err, archive.ErrNoBlock)
	}
}

func TestFilesAreCopies(t *testing.T) {
	var m archivetest.Memory
	doc := []byte(`{}`)
	if err := m.Put(t.Context(), "d", doc); err != nil {
		t.Fatal(err)
	}
	files := m.Files()
	doc[0], files[0].Body[0] = 'x', 'x'
	if last := m.Files(); string(last[0].Body) != `{}` {
		t.Errorf("body = %s, want {}", last[0].Body)
	}
}
