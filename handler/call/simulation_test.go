package call

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"switchboard/handler/call/outbox"
)

// simulation is a call with its surroundings: the runs of the engine that act for it, a model of ACS with
// the telephones behind it, our other rows, and the events that are on their way. Its steps come in random
// order, and each may fail or be lost.
type simulation struct {
	*machine
	rt        *rapid.T
	acs       *acsModel
	rows      *otherRows
	runs      []*laneRun
	inbox     []Event
	delivered []Event // may be delivered again

	leasesSent   map[string]bool          // leases under which a request was sent
	sends        map[outbox.Ref]int       // number of requests per send
	firstSent    map[outbox.Ref]time.Time // Repeatability-First-Sent of each send
	ringingUntil map[string]time.Time     // when an agent's telephone stops ringing
	gateAsked    bool                     // whether the gate has opened for this event
	faulty       bool                     // whether a fault has happened
}

// laneRun is the part of a run of the engine that sends the actions of one lane.
type laneRun struct {
	owner      string
	actions    []outbox.Action
	view       Call   // the call after the run's last write
	reply      *Event // ACS's reply that is not saved yet
	leaseUntil time.Time
}

// newSimulation returns a simulation of a call that is not opened yet.
func newSimulation(rt *rapid.T, id ID) *simulation {
	return &simulation{
		machine: &machine{t: rt, c: Call{ID: id}, flow: reception, now: t0},
		rt:      rt, acs: &acsModel{pairs: map[outbox.Ref]Replied{}}, rows: &otherRows{},
		leasesSent: map[string]bool{}, sends: map[outbox.Ref]int{}, firstSent: map[outbox.Ref]time.Time{}, ringingUntil: map[string]time.Time{},
	}
}

// newInbound returns a simulation in which a call is offered.
func newInbound(rt *rapid.T) *simulation {
	s := newSimulation(rt, "in-1")
	s.now = t0.Add([]time.Duration{0, 0, 0, 10 * time.Second, 24 * time.Second}[s.pick(5, "late")])
	o := offered
	o.Limits.Call = 10 * time.Minute
	s.deliver(Event{Key: "offer", At: t0, Body: o})
	return s
}

// newOutbound returns a simulation in which a call is dialled.
func newOutbound(rt *rapid.T) *simulation {
	s := newSimulation(rt, "out-1")
	if s.chance(50, "notice") {
		s.flow = notice
	}
	d := dialled
	d.Limits.Call = 15 * time.Minute
	s.deliver(Event{Key: "dialled", Body: d})
	return s
}

// deliver applies an event to the call, and starts a laneRun for each lane with actions that the write has
// leased.
func (s *simulation) deliver(e Event) {
	if s.c.HasEvent(e.Key) {
		return // a duplicate that the call knows
	}
	if e.Key != "" && slices.ContainsFunc(s.delivered, func(o Event) bool { return o.Key == e.Key }) {
		return // a duplicate whose history row exists
	}
	if e.Key != "" {
		s.delivered = append(s.delivered, e)
	}
	s.askGate()
	run := s.apply(e)
	s.rt.Logf("%v: %s %v: %s", s.now.Sub(t0), e.Kind(), e.Ref, summary(s.c))
	for _, lane := range []outbox.Lane{outbox.LaneMedia, outbox.LaneParticipants, outbox.LaneRecording, outbox.LaneHangUp, outbox.LaneLocal} {
		actions := s.c.Pending.Leased(run)[lane]
		if len(actions) == 0 {
			continue
		}
		if a := actions[0]; a.Verb == outbox.VerbCreate && a.Send > 1 && !s.gateAsked {
			s.rt.Fatalf("%s %v was leased though the gate was not open", a.Verb, a.Ref)
		}
		s.runs = append(s.runs, &laneRun{owner: run, actions: actions, view: s.c})
	}
	s.gate, s.gateAsked = nil, false
}

// askGate asks the gate, as the engine does before a write that could lease a repeated CreateCall. The gate
// may not answer.
func (s *simulation) askGate() {
	if !s.c.NeedsGate(s.now) {
		return
	}
	switch s.pick(4, "gate") {
	case 0:
	case 1:
		s.gate = gateClosed
	default:
		s.gate, s.gateAsked = gateOpen, true
	}
}

// pick returns a number from 0 to n-1, each equally likely. rapid's own integers are mostly small ones.
func (s *simulation) pick(n int, what string) int {
	v := 0
	for range 8 {
		v <<= 1
		if rapid.Bool().Draw(s.rt, what) {
			v++
		}
	}
	return v % n
}

// chance returns true with the given probability.
func (s *simulation) chance(percent int, what string) bool { return s.pick(100, what) >= 100-percent }

// advanceRun takes a laneRun one step on: it sends its next action, or saves a reply.
func (s *simulation) advanceRun(i int, faults bool) {
	r := s.runs[i]
	if faults && s.chance(10, "crash") {
		s.faulty = true
		s.runs = slices.Delete(s.runs, i, i+1)
		return
	}
	if r.reply != nil {
		if !s.now.Before(r.leaseUntil) { // it gives up: another run may have leased the action
			s.runs = slices.Delete(s.runs, i, i+1)
			return
		}
		s.deliver(*r.reply)
		r.view, r.reply = s.c, nil
		return
	}
	for len(r.actions) > 0 {
		a := r.actions[0]
		r.actions = r.actions[1:]
		if !r.view.Pending.Owns(r.owner, a) {
			continue
		}
		if s.now.Add(limits.Timeout(a.Verb)).After(a.LeaseUntil) {
			break
		}
		reply := replyEvent(a, s.now, s.send(r.view, a, faults))
		r.reply, r.leaseUntil = &reply, a.LeaseUntil
		return
	}
	s.runs = slices.Delete(s.runs, i, i+1)
}

// send sends one request and returns its reply, with or without a fault.
func (s *simulation) send(c Call, a outbox.Action, faults bool) Replied {
	s.checkSendInvariants(a)
	fault := "none"
	if faults {
		faults := []string{"none", "none", "none", "none", "throttled", "500", "lost", "not now"}
		fault = faults[s.pick(len(faults), "fault")]
		s.faulty = s.faulty || fault != "none"
	}
	if a.Verb.RetryClass() == outbox.Local {
		switch fault {
		case "500":
			return replyNoResponse
		case "lost":
			s.rows.perform(s, c, a)
			return replyNoResponse
		default:
			return s.rows.perform(s, c, a)
		}
	}
	switch fault {
	case "throttled":
		return replyThrottled(time.Duration(s.pick(6, "wait")) * time.Second)
	case "500":
		return replyNoResponse
	case "lost":
		s.acs.perform(s, a)
		return replyNoResponse
	case "not now":
		if a.Verb != outbox.VerbHangUp && a.Verb != outbox.VerbCheckParticipants { // else it never ends
			return replyRefused("8583")
		}
	}
	if reply, ok := s.acs.pairs[a.Ref]; ok {
		return reply
	}
	reply := s.acs.perform(s, a)
	if a.Verb.RetryClass() == outbox.Repeatable {
		s.acs.pairs[a.Ref] = reply
	}
	return reply
}

// checkSendInvariants fails the test if the request must not be sent now.
func (s *simulation) checkSendInvariants(a outbox.Action) {
	leaseID := fmt.Sprintf("%v lease %d", a.Ref, a.Leases)
	if s.leasesSent[leaseID] {
		s.rt.Fatalf("%s %s was sent twice", a.Verb, leaseID)
	}
	s.leasesSent[leaseID] = true
	s.sends[a.Ref]++
	class := a.Verb.RetryClass()
	if (class == outbox.AtMostOnce || class == outbox.AtLeastOnce) && s.sends[a.Ref] > 1 {
		s.rt.Fatalf("%s %v was sent twice", a.Verb, a.Ref)
	}
	if first, ok := s.firstSent[a.Ref]; ok && class == outbox.Repeatable &&
		(!first.Equal(a.FirstSent) || !s.now.Before(first.Add(5*time.Minute))) {
		s.rt.Fatalf("%s %v: pair of %v sent at %v as of %v", a.Verb, a.Ref, first, s.now, a.FirstSent)
	}
	s.firstSent[a.Ref] = a.FirstSent
	if a.Verb == outbox.VerbAnswer && s.now.After(t0.Add(limits.Answer)) {
		s.rt.Fatalf("answered %v after the offer", s.now.Sub(t0))
	}
	if i := s.indexOf(a.Ref); i >= 0 {
		for _, b := range s.c.Pending[:i] {
			if b.Verb.Lane() == a.Verb.Lane() {
				s.rt.Fatalf("%s %v was sent before %s %v", a.Verb, a.Ref, b.Verb, b.Ref)
			}
		}
	}
}

// indexOf returns the index of the pending action with the reference, or -1.
func (m *machine) indexOf(r outbox.Ref) int {
	return slices.IndexFunc(m.c.Pending, func(a outbox.Action) bool { return a.Ref == r })
}

// passTime lets the time pass for the telephones.
func (s *simulation) passTime(d time.Duration) {
	s.now = s.now.Add(d)
	s.acs.updateTelephones(s)
}

// sweep delivers a Wake, and checks that a second one at the same time changes nothing.
func (s *simulation) sweep() {
	s.deliver(Event{Body: Wake{}})
	if again := Apply(s.c, Event{Body: Wake{}}, Input{Now: s.now, Flow: s.flow, Owner: "again"}); again.Changed() {
		s.rt.Fatalf("a second wake at the same time changed the call from %s to %s", summary(s.c), summary(again.After))
	}
}

func TestEveryInterleavingOfEventsAndFaultsEndsTheCall(t *testing.T) {
	for name, begin := range map[string]func(*rapid.T) *simulation{"inbound": newInbound, "outbound": newOutbound} {
		for n := range 4 { // rapid runs a hundred simulations each time
			t.Run(fmt.Sprintf("%s %d", name, n), rapid.MakeCheck(func(rt *rapid.T) {
				s := begin(rt)
				for range s.pick(128, "steps") {
					s.step()
				}
				s.runToEnd()
			}))
		}
	}
}

// step does one random thing, if it is possible now.
func (s *simulation) step() {
	switch n := s.pick(100, "step"); {
	case n < 40:
		s.stepWithoutFaults()
	case n < 60 && len(s.runs) > 0:
		s.advanceRun(s.pick(len(s.runs), "run"), true)
	case n < 73 && len(s.inbox) > 0: // in any order
		s.deliver(s.takeFromInbox())
	case n < 75:
		s.rows.fileRecording(s)
	case n < 80: // again
		s.deliver(s.delivered[s.pick(len(s.delivered), "event")])
	case n < 84 && len(s.inbox) > 0: // never
		s.faulty = true
		s.takeFromInbox()
	case n < 88:
		s.acs.removeParticipant(s, []string{anna, ben, s.c.RemoteParty()}[s.pick(3, "who")])
	case n < 95:
		s.passTime(time.Duration(s.pick(60, "seconds")) * time.Second)
	default:
		s.sweep()
	}
}

// takeFromInbox removes a random event from the inbox and returns it.
func (s *simulation) takeFromInbox() Event {
	i := s.pick(len(s.inbox), "event")
	e := s.inbox[i]
	s.inbox = slices.Delete(s.inbox, i, i+1)
	return e
}

// stepWithoutFaults does the next thing that is due, with nothing lost, late or refused.
func (s *simulation) stepWithoutFaults() {
	switch {
	case len(s.inbox) > 0:
		e := s.inbox[0]
		s.inbox = s.inbox[1:]
		s.deliver(e)
	case len(s.runs) > 0:
		s.advanceRun(0, false)
	case s.c.Active():
		s.passTime(5 * time.Second)
		s.sweep()
	default: // only its recording is outstanding
		s.passTime(6 * time.Hour)
		s.sweep()
	}
}

// runToEnd goes on without faults, and checks that the call ends, that its other rows are right, and that no
// participant is left in it.
func (s *simulation) runToEnd() {
	for end := s.now.Add(2 * limits.Recording); s.c.HasWork() || len(s.inbox)+len(s.runs) > 0; s.stepWithoutFaults() {
		if s.now.After(end) {
			s.rt.Fatalf("the call still has work: it is %s, deadlines %v", summary(s.c), s.c.Deadlines)
		}
		if s.c.State == StateEnded {
			s.rows.fileRecording(s)
		}
	}
	if s.c.Direction == DirectionOutbound && (s.rows.settled != s.c.Outcome || !s.rows.released) {
		s.rt.Fatalf("ended %s, settled as %q, released %v", s.c.Outcome, s.rows.settled, s.rows.released)
	}
	if s.acs.connected && !s.acs.gone && !s.faulty {
		s.rt.Fatalf("the call is %s, and %v are still in it", summary(s.c), s.acs.participants)
	}
	for _, r := range s.c.Recordings {
		if !s.faulty && s.acs.recording && r.State != s.rows.file {
			s.rt.Fatalf("the recording is %s, its files are %q", r.State, s.rows.file)
		}
	}
	s.checkReplay()
}
