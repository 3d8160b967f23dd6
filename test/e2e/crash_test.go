package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"switchboard/handler/store"
	"switchboard/test/acssim"
)

// requestFaults are the faults that a request can have.
var requestFaults = []struct {
	name    string
	fault   fault
	crashes bool
}{
	{"crash before", faultCrashBefore, true},
	{"crash after", faultCrashAfter, true},
	{"fail before", faultFailBefore, false},
	{"fail after", faultFailAfter, false},
}

// TestInboundWithOneFault makes each request of the handler to storage or ACS fail, in
// every way.
func TestInboundWithOneFault(t *testing.T) {
	singleFaults{file: "inbound.txtar"}.run(t)
}

// TestRecordedWithOneFaultOfACS has a conversation in which the handler has time to
// recover from any fault of ACS.
func TestRecordedWithOneFaultOfACS(t *testing.T) {
	singleFaults{file: "recorded.txtar", which: func(r request) bool { return r.to == toACS }}.run(t)
}

// TestCampaignWithOneFault makes requests of five calls at a time fail, and those that
// reserve numbers and places for them. Short timeouts save an hour of idle sweeps.
func TestCampaignWithOneFault(t *testing.T) {
	singleFaults{file: "campaign-faults.txtar", settings: shortTimeouts}.run(t)
}

// TestMessageWithOneFault makes requests fail that file a recording. The message and
// the timeouts are short.
func TestMessageWithOneFault(t *testing.T) {
	singleFaults{file: "message.txtar", settings: shortTimeouts, chunks: 5 * time.Second}.run(t)
}

// singleFaults is a scenario that is run once for each fault of each request.
type singleFaults struct {
	file     string
	settings map[string]string
	chunks   time.Duration      // length of the files of recordings; 0: the simulator's default
	which    func(request) bool // reports whether a request is to fail; nil: all are
}

func (f singleFaults) run(t *testing.T) {
	s := readScenario(t, f.file)
	sim := func() *acssim.Server { return &acssim.Server{Strict: true, Seed: 1, ChunkLength: f.chunks} }
	requests, runs := 0, 0
	for _, r := range runInProcess(t, s, sim(), options{settings: f.settings}).requests {
		if f.which != nil && !f.which(r) {
			continue
		}
		requests++
		for _, x := range requestFaults {
			if !x.crashes && r.what == "list "+store.TableWorklist {
				continue // the next sweep sends the same request
			}
			if x.fault == faultFailAfter && r.reads() {
				continue // the same as failBefore
			}
			runs++
			t.Run(fmt.Sprintf("%s request %d, %s", x.name, r.n, r.what), func(t *testing.T) {
				t.Parallel()
				runInProcess(t, s, sim(), options{settings: f.settings, fault: func(now request) fault {
					if now.n == r.n {
						return x.fault
					}
					return faultNone
				}})
			})
		}
	}
	t.Logf("%d requests, %d runs", requests, runs)
}

// reads reports whether the request changes nothing.
func (r request) reads() bool {
	what, _, _ := strings.Cut(r.what, " ")
	return what == "get" || what == "list" || what == "stat" || what == "GET"
}
