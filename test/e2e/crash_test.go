package e2e

import (
	"fmt"
	"testing"
	"time"

	"switchboard/handler/store"
	"switchboard/test/acssim"
)

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

func (o singleFaults) run(t *testing.T) {
	s := readScenario(t, o.file)
	sim := func() *acssim.Server { return &acssim.Server{Strict: true, Seed: 1, ChunkLength: o.chunks} }
	requests := runInProcess(t, s, sim(), options{settings: o.settings}).requests
	points := o.points(requests)
	t.Logf("%d requests, %d runs with a fault", len(requests), len(points))
	for _, p := range points {
		t.Run(fmt.Sprintf("%s request %d, %s", p.fault, p.n, p.what), func(t *testing.T) {
			t.Parallel()
			runInProcess(t, s, sim(), options{settings: o.settings, fault: func(now request) fault {
				if now.n == p.n {
					return p.fault
				}
				return faultNone
			}})
		})
	}
}

// faultPoint is a request and its fault.
type faultPoint struct {
	request
	fault fault
}

// crashState is what a crash leaves behind: the outside world as it is. Two crashes
// between which no time passes, nothing is written, no request to the handler arrives,
// and none is replied to, are the same.
type crashState struct {
	at        time.Time
	writes    int
	exchanges int64
}

// points returns the faults that differ in their effects. A failure of a request that
// changes nothing is the same before and after it.
func (o singleFaults) points(requests []request) (points []faultPoint) {
	crashed := map[crashState]bool{}
	writes := 0
	for _, r := range requests {
		before := crashState{r.at, writes, r.exchanges}
		after := before
		if !r.reads() {
			writes++
			after.writes++
		}
		if o.which != nil && !o.which(r) {
			continue
		}
		if !crashed[before] {
			points = append(points, faultPoint{r, faultCrashBefore})
		}
		if !crashed[after] && after != before {
			points = append(points, faultPoint{r, faultCrashAfter})
		}
		crashed[before], crashed[after] = true, true
		if r.what == "list "+store.TableWorklist {
			continue // the next sweep sends the same request
		}
		points = append(points, faultPoint{r, faultFailBefore})
		if !r.reads() {
			points = append(points, faultPoint{r, faultFailAfter})
		}
	}
	return points
}
