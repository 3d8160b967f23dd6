package e2e

import (
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/tools/txtar"

	"switchboard/test/acssim"
	"switchboard/test/funcsim"
	"switchboard/test/scenario"
)

// manyCalls returns a scenario in which n people ring the reception, one each second, are connected with an agent,
// and are recorded. All of it has ended and is filed after an hour at most.
func manyCalls(t *testing.T, n int) *scenario.Scenario {
	t.Helper()
	text, err := fs.ReadFile(scenario.Files, "inbound.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(text)
	var lines []string
	for line := range strings.Lines(string(archive.Comment)) {
		switch command, _, _ := strings.Cut(line, " "); command {
		case "name", "flow", "routes", "phone":
			lines = append(lines, line)
		}
	}
	for i := range n {
		lines = append(lines,
			fmt.Sprintf("call ann%d +120655501%02d > reception: wait 30s; press 1; wait 5m; hang up\n", i, i), "wait 1s\n")
	}
	for i := range n {
		lines = append(lines, fmt.Sprintf("expect ann%d state=ended within 1h\n", i))
	}
	archive.Comment = []byte(strings.Join(lines, "") + "expect worklist=0 within 1h\n")
	archive.Files = archive.Files[:len(archive.Files)-1] // without the history of one call
	s, err := scenario.Parse("many.txtar", txtar.Format(archive))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCallsWhileStorageIsAwayForTenMinutes has storage away while calls are offered, connected and recorded. Those
// that were opened before all end; no message goes to the poison queue, where it would be lost.
func TestCallsWhileStorageIsAwayForTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := time.Now().Add(20 * time.Second)
		isAway := func() bool { return !time.Now().Before(away) && time.Now().Before(away.Add(10*time.Minute)) }
		var refused atomic.Int64
		app := startInProcess(t, &acssim.Server{}, options{retries: 4, fault: func(r request) fault {
			if r.to == toACS || !isAway() {
				return faultNone
			}
			refused.Add(1)
			return faultFailBefore
		}})
		defer app.close()
		app.run(t, manyCalls(t, 20))
		t.Logf("%d requests to storage had no answer", refused.Load())
		if refused.Load() == 0 {
			t.Error("no request to storage was left without an answer, want storage away")
		}
		for name, queue := range map[string]*funcsim.MemoryQueue{"recordings": app.recordingQueue, "deadlines": app.deadlineQueue} {
			if got := queue.Poisoned(); len(got) > 0 {
				t.Errorf("poison queue of %s: %q, want no message", name, got)
			}
		}
	})
}
