package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"switchboard/test/acssim"
)

// application is what answers calls: the app, or the sample.
type application interface {
	// telephones returns the network whose calls it answers.
	telephones() *network
	// usage returns what its process has used.
	usage() (usage, error)
	// work returns the storage operations, of the handler and of the host, and the
	// executions by function, since it was called last.
	work() (handler, host operations, runs map[string]executions)
	// settle waits until it has no work left.
	settle(ctx context.Context) error
	// verify checks what it has noted of a call that has ended.
	verify(ctx context.Context, info acssim.CallInfo) error
	// lastWords returns what may explain that a call did not end as it should.
	lastWords() string
}

// measure is what an application has done over some time.
type measure struct {
	calls     int
	took      time.Duration
	cpu       time.Duration
	peak      int64 // the most resident memory since the start of its process, in bytes
	requests  int   // to ACS
	callbacks []time.Duration
	handler   operations
	host      operations
	runs      map[string]executions
}

// sum returns what was done in all rounds, of which the last one is the latest.
func sum(rounds []measure) measure {
	all := measure{handler: operations{}, host: operations{}, runs: map[string]executions{}}
	for _, m := range rounds {
		all.calls += m.calls
		all.took += m.took
		all.cpu += m.cpu
		all.peak = m.peak
		all.requests += m.requests
		all.callbacks = append(all.callbacks, m.callbacks...)
		all.handler.join(m.handler)
		all.host.join(m.host)
		joinExecutions(all.runs, m.runs)
	}
	return all
}

// window measures what an application does during do, and until it is at rest after it.
func window(ctx context.Context, a application, do func() error) (measure, error) {
	n := a.telephones()
	a.work() // what came before does not count
	callbacks, _ := n.acks.counts()
	requests, refused := n.done()
	before, err := a.usage()
	if err != nil {
		return measure{}, err
	}
	began := time.Now()
	if err := do(); err != nil {
		return measure{}, err
	}
	if err := n.rest(ctx); err != nil {
		return measure{}, err
	}
	if err := a.settle(ctx); err != nil {
		return measure{}, err
	}
	m := measure{took: time.Since(began), callbacks: n.acks.since(callbacks)}
	after, err := a.usage()
	if err != nil {
		return measure{}, err
	}
	m.handler, m.host, m.runs = a.work()
	m.cpu, m.peak = after.cpu-before.cpu, after.peak
	now, nowRefused := n.done()
	for operation, count := range now {
		m.requests += count - requests[operation]
	}
	m.requests += nowRefused - refused
	return m, nil
}

// inbound are the calls that are measured: people who ring the line and choose an agent from the menu.
type inbound struct {
	n, at int // how many, and how many at a time
}

// Scripts of the people in an inbound call, see test/acssim/README.md.
const (
	callerScript = "wait prompt; press 1"
	agentScript  = "ring 2s; answer; talk 6s; hang up"
)

// agentID is the agent of reception.json.
const agentID = "8:acs:5a1e0ad2-0000-4000-8000-0000000000ac_7e4f2b1d-3c58-4b6a-9f0e-1d2c3b4a5f60_2b9c4d7e-8f10-4a3b-b5c6-d7e8f9a0b1c2"

// perCall are the operations that every inbound call needs.
var perCall = []string{"AnswerCall", "Recognize", "AddParticipant", "StartRecording", "TerminateCall"}

// measure places the calls and verifies that all have ended as they should.
func (o inbound) measure(ctx context.Context, a application, line string) (measure, error) {
	n := a.telephones()
	requests, _ := n.done()
	var ids []string
	m, err := window(ctx, a, func() (err error) {
		ids, err = o.place(ctx, n, line)
		return err
	})
	if err != nil {
		return measure{}, err
	}
	m.calls = o.n
	if _, refused := n.acks.counts(); refused > 0 {
		return measure{}, fmt.Errorf("%d callbacks were not acknowledged", refused)
	}
	if err := verifyCalls(ctx, a, ids); err != nil {
		return measure{}, err
	}
	now, _ := n.done()
	for _, operation := range perCall {
		if got := now[operation] - requests[operation]; got < o.n {
			return measure{}, fmt.Errorf("%s was done %d times in %d calls", operation, got, o.n)
		}
	}
	return m, nil
}

// callLength is how long a call lasts about, in the time of its people.
const callLength = 20 * time.Second

// place places the calls, so many at a time, and waits for their ends. It returns their ids. The first ones begin one
// after the other over the length of a call, so that there is no moment at which all of them ring.
func (o inbound) place(ctx context.Context, n *network, line string) ([]string, error) {
	ids, faults := make([]string, o.n), make([]error, o.n)
	var next atomic.Int64
	var all sync.WaitGroup
	for place := range o.at {
		all.Go(func() {
			first := time.Duration(float64(callLength) / n.sim.Speed * float64(place) / float64(o.at))
			if err := pause(ctx, first); err != nil {
				return
			}
			for i := next.Add(1) - 1; i < int64(o.n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				from := fmt.Sprintf("+1206555%04d", 1000+i%9000)
				ids[i], faults[i] = n.ring(ctx, acssim.Caller{From: from, To: line, Script: callerScript})
			}
		})
	}
	all.Wait()
	return ids, cmp.Or(ctx.Err(), firstOf(faults))
}

// firstOf returns the first error, with the number of all.
func firstOf(faults []error) error {
	faults = slices.DeleteFunc(faults, func(err error) bool { return err == nil })
	switch len(faults) {
	case 0:
		return nil
	case 1:
		return faults[0]
	}
	return fmt.Errorf("%w, and %d other faults", faults[0], len(faults)-1)
}

// verifyCalls checks how the calls with the ids have ended.
func verifyCalls(ctx context.Context, a application, ids []string) error {
	infos := map[string]acssim.CallInfo{}
	for _, info := range a.telephones().sim.Calls() {
		infos[info.ID] = info
	}
	faults := make([]error, len(ids))
	for i, id := range ids {
		if err := verifyCall(ctx, a, infos[id]); err != nil {
			faults[i] = fmt.Errorf("call %s %w", id, err)
		}
	}
	return firstOf(faults)
}

// verifyCall checks that a call has ended, with the agent in it, and what the application
// has noted of it.
func verifyCall(ctx context.Context, a application, info acssim.CallInfo) error {
	if info.EndedAt.IsZero() {
		return errors.New("has not ended")
	}
	if !slices.ContainsFunc(info.Participants, func(p acssim.Presence) bool { return p.RawID == agentID }) {
		return errors.New("ended without the agent")
	}
	return a.verify(ctx, info)
}

// each returns a share of a total, and 0 if there are no shares.
func each(total time.Duration, n int) time.Duration {
	if n == 0 {
		return 0
	}
	return total / time.Duration(n)
}
