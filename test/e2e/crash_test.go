package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"switchboard/handler/store"
	"switchboard/test/acssim"
)

// ways are what can go wrong with one request.
var requestFaults = []struct {
	name string
	fate fault
	dies bool
}{
	{"the handler dies before", crashBefore, true},
	{"the handler dies after", crashAfter, true},
	{"nothing comes of", failBefore, false},
	{"no answer comes to", failAfter, false},
}

// TestInboundWhenOneRequestGoesWrong lets each request to storage or ACS that
// the story makes the handler send go wrong, in every way there is.
func TestInboundWhenOneRequestGoesWrong(t *testing.T) {
	singleFaults{file: "inbound.txt"}.run(t)
}

// TestRecordedWhenOneRequestToACSGoesWrong gives the handler the time to make
// good whatever went wrong.
func TestRecordedWhenOneRequestToACSGoesWrong(t *testing.T) {
	singleFaults{file: "recorded.txt", which: func(r request) bool { return r.to == toACS }}.run(t)
}

// TestCampaignWhenOneRequestGoesWrong has five calls at once to go wrong, and what
// is taken for them and given back. Its deadlines are short: an hour of sweeps that
// find nothing tells nothing.
func TestCampaignWhenOneRequestGoesWrong(t *testing.T) {
	singleFaults{file: "campaign-faults.txt", settings: shortTimeouts}.run(t)
}

// TestMessageWhenOneRequestGoesWrong has the files of a recording to be fetched. The
// message is short, and so are the deadlines.
func TestMessageWhenOneRequestGoesWrong(t *testing.T) {
	singleFaults{file: "message.txt", settings: shortTimeouts, chunks: 5 * time.Second}.run(t)
}

// trial is a story in which one request goes wrong, each in turn.
type singleFaults struct {
	file     string
	settings map[string]string
	chunks   time.Duration      // length of the files of recordings; 0: any
	which    func(request) bool // of the requests; nil: all
}

func (tr singleFaults) run(t *testing.T) {
	story := readScenario(t, tr.file)
	sim := func() *acssim.Server { return &acssim.Server{Strict: true, Seed: 1, ChunkLength: tr.chunks} }
	moments, runs := 0, 0
	for _, r := range runInProcess(t, story, sim(), options{settings: tr.settings}).requests {
		if tr.which != nil && !tr.which(r) {
			continue
		}
		moments++
		for _, way := range requestFaults {
			if !way.dies && r.what == "list "+store.TableWorklist {
				continue // the next sweep asks the same
			}
			if way.fate == failAfter && r.reads() {
				continue // that is nothing coming of it
			}
			runs++
			t.Run(fmt.Sprintf("%s request %d, %s", way.name, r.n, r.what), func(t *testing.T) {
				t.Parallel()
				runInProcess(t, story, sim(), options{settings: tr.settings, fault: func(now request) fault {
					if now.n == r.n {
						return way.fate
					}
					return noFault
				}})
			})
		}
	}
	t.Logf("%d moments, %d ways to go wrong", moments, runs)
}

// reads reports whether the request changes nothing.
func (r request) reads() bool {
	what, _, _ := strings.Cut(r.what, " ")
	return what == "get" || what == "list" || what == "stat" || what == "GET"
}
