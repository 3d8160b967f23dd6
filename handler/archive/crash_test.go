package archive_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"switchboard/handler/archive"
	"switchboard/handler/archive/archivetest"
	"switchboard/handler/faulttest"
)

// TestACopyThatCrashesAtAnyRequestMakesTheSameFile resumes copies after a crash. A
// crashed process leaves the archive as its last request did; the progress may have
// been saved earlier, or not at all.
func TestACopyThatCrashesAtAnyRequestMakesTheSameFile(t *testing.T) {
	const requests = 4 + 1 // to stage, to commit
	saves := map[string]func(all []archive.Progress) archive.Progress{
		"the latest progress": func(all []archive.Progress) archive.Progress { return all[len(all)-1] },
		"the one before":      func(all []archive.Progress) archive.Progress { return all[max(0, len(all)-2)] },
		"no progress":         func([]archive.Progress) archive.Progress { return archive.Progress{} },
	}
	for n := 1; n <= requests; n++ {
		for _, fault := range []faulttest.Fault{faulttest.FaultNotApplied, faulttest.FaultLost} {
			for saved, restore := range saves {
				for run, until := range map[string]time.Time{"one block in a run": now, "all in a run": ever} {
					t.Run(fmt.Sprintf("request %d %v, %s, %s", n, fault, saved, run), func(t *testing.T) {
						testCrash(t, n, fault, restore, until)
					})
				}
			}
		}
	}
}

// testCrash runs a copy that crashes at request n, and resumes it from the progress
// that restore chooses among all.
func testCrash(
	t *testing.T, n int, fault faulttest.Fault, restore func([]archive.Progress) archive.Progress, until time.Time,
) {
	r := &recording{content: text(3*block + 1), etag: "e", contentType: "audio/wav"}
	var m archivetest.Memory
	m.Fail = func(op archivetest.Op) faulttest.Fault {
		if op.N == n {
			return fault
		}
		return faulttest.FaultNone
	}
	var p archive.Progress
	all := []archive.Progress{p}
	for runs, done, crashed := 0, false, false; !done; runs++ {
		if runs > 10 {
			t.Fatalf("not done after %d runs, want 10 at most", runs)
		}
		var err error
		p, done, err = copyTo(t, &m, r.open, p, until)
		all = append(all, p)
		if err == nil {
			continue
		}
		if crashed || !errors.Is(err, archive.ErrFiles) || !errors.Is(err, faulttest.ErrNoAnswer) {
			t.Fatalf("crashed %t, %v, want it done, or %v", crashed, err, archive.ErrFiles)
		}
		crashed, p = true, restore(all)
	}
	if got := p.SHA256(); got != hexSum(r.content) {
		t.Errorf("hash %s, want %s", got, hexSum(r.content))
	}
	checkFile(t, &m, r.content)
	r.checkClosed(t)
}

// TestTheSourceIsNotNeededForTheCommit commits a file that the service may have
// deleted after all its blocks were staged.
func TestTheSourceIsNotNeededForTheCommit(t *testing.T) {
	r := &recording{content: text(3 * block), etag: "e", contentType: "audio/wav"}
	var m archivetest.Memory
	m.Fail = func(op archivetest.Op) faulttest.Fault {
		if op.N == 4 {
			return faulttest.FaultNotApplied
		}
		return faulttest.FaultNone
	}
	p, done, err := copyTo(t, &m, r.open, archive.Progress{}, ever)
	if done || !errors.Is(err, archive.ErrFiles) || p.Offset != p.Size {
		t.Fatalf("progress %+v, done %t, %v, want all bytes, false, %v", p, done, err, archive.ErrFiles)
	}
	if _, done, err = copyTo(t, &m, nil, p, ever); !done || err != nil {
		t.Errorf("done %t, %v, want true", done, err)
	}
	checkFile(t, &m, r.content)
}
