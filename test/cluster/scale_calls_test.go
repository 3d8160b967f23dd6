package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/scale"
)

// storageLatency is how long an operation of storage takes.
const storageLatency = 8 * time.Millisecond

// slowRows is a table whose operations take storageLatency. It notes when each call must be attended to.
type slowRows struct {
	table.Rows
	punctuality *punctuality // nil: the table has no calls
}

func (s slowRows) Get(ctx context.Context, k table.Key) (table.Entity, error) {
	time.Sleep(storageLatency)
	return s.Rows.Get(ctx, k)
}

func (s slowRows) List(ctx context.Context, q table.Query) (table.Page, error) {
	time.Sleep(storageLatency)
	return s.Rows.List(ctx, q)
}

func (s slowRows) Apply(ctx context.Context, writes ...table.Write) ([]string, error) {
	time.Sleep(storageLatency)
	etags, err := s.Rows.Apply(ctx, writes...)
	if err == nil && s.punctuality != nil {
		for _, w := range writes {
			s.punctuality.note(w.Entity)
		}
	}
	return etags, err
}

// punctuality is how late calls were attended to.
type punctuality struct {
	mu    sync.Mutex
	wakes map[string]time.Time // of each call, as its row has it
	met   int                  // deadlines and ends of leases that were acted on
	worst time.Duration
}

// note notes a row of a call that was written now. What had come due before was acted on with this write.
func (p *punctuality) note(e table.Entity) {
	if e.Key.Row != "call" {
		return
	}
	var c call.Call
	if err := json.Unmarshal(e.Doc, &c); err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if wake := p.wakes[e.Key.Partition]; !wake.IsZero() && wake.Before(time.Now()) {
		p.met++
		p.worst = max(p.worst, time.Since(wake))
	}
	p.wakes[e.Key.Partition] = c.Wake()
}

// overdue returns the number of calls that should have been attended to more than limit ago.
func (p *punctuality) overdue(limit time.Duration) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(slices.Collect(func(yield func(string) bool) {
		for id, wake := range maps.All(p.wakes) {
			if !wake.IsZero() && time.Since(wake) > limit && !yield(id) {
				return
			}
		}
	}))
}

// silentACS accepts requests after a while and reports no event, so that every call goes on by its deadlines
// alone. One request in twenty gets no response.
type silentACS struct{}

func (silentACS) Send(_ context.Context, c call.Call, a outbox.Action) call.Event {
	time.Sleep(60 * time.Millisecond)
	reply := call.Event{Key: a.ReplyKey(), Ref: a.Ref, Body: call.Replied{Verdict: call.VerdictOK}, ConnectionID: "conn-" + string(c.ID)}
	if (len(c.ID)+int(c.ID[len(c.ID)-1])+a.Op)%20 == 0 && a.Verb != outbox.VerbAnswer {
		reply.Body = call.Replied{Verdict: call.VerdictNoResponse}
	}
	return reply
}

// sizeOfCalls is how many calls a test of scale runs, on how many instances, for how long.
type sizeOfCalls struct {
	calls, instances int
	duration         time.Duration
}

// The flow of the test of scale plays one prompt after another.
var (
	longFlow    = Must(flow.Parse([]byte(longFlowDocument(200))))
	longFlowRef = flow.Ref{Name: "long", Version: "v1"}
)

// longFlowDocument returns a flow of n prompts.
func longFlowDocument(n int) string {
	var doc strings.Builder
	doc.WriteString(`{"name":"long","start":"n0","nodes":{`)
	for i := range n {
		fmt.Fprintf(&doc, `"n%d":{"kind":"play","prompt":{"text":"Please wait."},"next":"n%d"},`, i, i+1)
	}
	fmt.Fprintf(&doc, `"n%d":{"kind":"hangup"}}}`, n)
	return doc.String()
}

// TestScaleOfCalls runs calls that go on by their deadlines alone: each prompt ends by its deadline after 45 s,
// some requests are repeated after a wait or after their lease. Every deadline is acted on within 5 s.
func TestScaleOfCalls(t *testing.T) {
	sizes := scale.Size(
		[]sizeOfCalls{{2_000, 1, 5 * time.Minute}},
		[]sizeOfCalls{{10_000, 1, 20 * time.Minute}, {100_000, 10, 20 * time.Minute}},
	)
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%d calls on %d instances for %v", size.calls, size.instances, size.duration), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runCalls(t, size) })
		})
	}
}

func runCalls(t *testing.T, size sizeOfCalls) {
	p := &punctuality{wakes: map[string]time.Time{}}
	calls, worklist := tabletest.NewMemory(), tabletest.NewMemory()
	host := &queueHost{}
	var background sync.WaitGroup
	for range size.instances {
		inst := &Instance{}
		newInstance(inst, slowRows{calls, p}, slowRows{worklist, nil}, tabletest.NewMemory(), host, &background, Config{Sender: silentACS{}})
		inst.Flows = flowMap{longFlowRef: longFlow}
		host.start(t.Context(), inst)
	}
	limits := Limits
	limits.Prompt, limits.KeepAlive = 45*time.Second, 2*time.Minute
	began := time.Now()
	for n := range size.calls {
		inst := host.instances[n%size.instances]
		background.Go(func() {
			time.Sleep(time.Minute * time.Duration(n) / time.Duration(size.calls))
			startCall(t, inst, call.ID(fmt.Sprintf("in-%06d", n)), limits)
		})
	}
	time.Sleep(size.duration)
	overdue := p.overdue(5 * time.Second)
	host.stop()
	background.Wait()

	t.Attr("deadlines", fmt.Sprint(p.met))
	t.Attr("worst", p.worst.Round(time.Millisecond).String())
	t.Attr("messages", fmt.Sprint(host.outstanding))
	t.Logf("%d deadlines and leases acted on in %v, the latest %v late; %d messages outstanding at most, an invocation %v at most",
		p.met, time.Since(began).Round(time.Second), p.worst.Round(time.Millisecond), host.outstanding, host.longest.Round(time.Millisecond))
	if least := size.calls * int(size.duration/time.Minute-1); p.met < least {
		t.Errorf("%d deadlines acted on, want at least %d", p.met, least)
	}
	if p.worst > 5*time.Second || overdue > 0 {
		t.Errorf("a deadline was acted on %v late, and %d are overdue, want none by more than 5 s", p.worst, overdue)
	}
	if most := 720 * size.instances; host.outstanding > most {
		t.Errorf("%d messages outstanding, want at most %d", host.outstanding, most)
	}
	if host.longest > 20*time.Second {
		t.Errorf("an invocation lasted %v, want at most 20s", host.longest)
	}
}

// startCall opens a call and connects it.
func startCall(t *testing.T, inst *Instance, id call.ID, limits call.Limits) {
	offer := Offer()
	body := offer.Body.(call.Offered)
	body.Flow, body.Limits = longFlowRef, limits
	offer.Body, offer.CorrelationID = body, "corr-"+string(id)
	if err := inst.Open(context.Background(), id, offer); err != nil {
		t.Errorf("open %s: %v", id, err)
	}
	connected := call.Event{Key: "connected", ConnectionID: "conn-" + string(id), Body: call.Connected{}}
	if err := inst.Apply(context.Background(), id, connected); err != nil {
		t.Errorf("connect %s: %v", id, err)
	}
}
