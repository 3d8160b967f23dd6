package cluster

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table/tabletest"
	"switchboard/test/scale"
)

// ringingACS accepts every CreateCall, and no callee answers. It notes when the requests came.
type ringingACS struct {
	mu          sync.Mutex
	first, last time.Time
	created     int
}

func (x *ringingACS) Send(_ context.Context, c call.Call, a outbox.Action) call.Event {
	time.Sleep(60 * time.Millisecond)
	x.mu.Lock()
	defer x.mu.Unlock()
	if a.Verb == outbox.VerbCreate {
		if x.created++; x.first.IsZero() {
			x.first = time.Now()
		}
		x.last = time.Now()
	}
	return call.Event{
		Key: a.ReplyKey(), Ref: a.Ref, Body: call.Replied{Verdict: call.VerdictOK}, ConnectionID: "conn-" + string(c.ID),
	}
}

// count returns the number of requests.
func (x *ringingACS) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.created
}

// sizeOfDialling is how many lines of two places are filled by how many campaigns.
type sizeOfDialling struct{ lines, campaigns int }

// TestScaleOfDialling fills free lines: one instance places calls at a rate that does not depend on the number of lines and
// campaigns.
func TestScaleOfDialling(t *testing.T) {
	sizes := scale.Size(
		[]sizeOfDialling{{200, 1}, {200, 10}},
		[]sizeOfDialling{{50, 1}, {500, 1}, {500, 10}, {500, 40}, {5000, 1}, {5000, 10}, {5000, 40}},
	)
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%d lines, %d campaigns", size.lines, size.campaigns), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runDialling(t, size) })
		})
	}
}

func runDialling(t *testing.T, size sizeOfDialling) {
	acs, host := &ringingACS{}, &queueHost{}
	calls, worklist, others := tabletest.NewMemory(), tabletest.NewMemory(), tabletest.NewMemory()
	var background sync.WaitGroup
	inst := &Instance{}
	newInstance(inst, slowRows{calls, nil}, slowRows{worklist, nil}, slowRows{others, nil}, host, &background, Config{Sender: acs})
	ledger, places := store.NewLedger(others, others, others, others), 2*size.lines
	for n := range size.campaigns {
		lines := linesOf(size, n)
		StartCampaign(t, ledger, campaign.Campaign{
			ID: campaign.ID(fmt.Sprintf("c%02d", n)), Lines: lines, Attempts: 1, Shards: 16,
		}, numbersOf(n, 2*len(lines))...)
	}
	host.start(t.Context(), inst)
	if err := inst.Dial(t.Context()); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); acs.count() < places && time.Since(began) < 3*time.Minute; {
		time.Sleep(time.Second)
	}
	host.stop()
	background.Wait()
	took := acs.last.Sub(acs.first)
	rate := float64(acs.created) / took.Seconds()
	t.Attr("dials", fmt.Sprint(acs.created))
	t.Attr("rate", fmt.Sprintf("%.0f/s", rate))
	t.Logf("%d of %d places filled in %v, %.0f dials a second, an invocation %v at most",
		acs.created, places, took.Round(time.Millisecond), rate, host.longest.Round(time.Millisecond))
	if acs.created != places {
		t.Errorf("%d places filled, want %d", acs.created, places)
	}
	if rate < 100 {
		t.Errorf("%.0f dials a second, want at least 100", rate)
	}
	if host.longest > 20*time.Second {
		t.Errorf("an invocation lasted %v, want at most 20s", host.longest)
	}
}

// linesOf returns the lines of the n-th campaign: the lines are divided among the campaigns.
func linesOf(size sizeOfDialling, n int) (lines []string) {
	for i := n; i < size.lines; i += size.campaigns {
		lines = append(lines, fmt.Sprintf("28:orgid:11111111-2222-3333-4444-%012d", i))
	}
	return lines
}

// numbersOf returns the numbers of the contacts of the n-th campaign.
func numbersOf(n, contacts int) (numbers []string) {
	for i := range contacts {
		numbers = append(numbers, fmt.Sprintf("+1206%03d%04d", n, i))
	}
	return numbers
}
