package call

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"switchboard/handler/call/outbox"
)

// world is a call, the runs that act for it, a little model of ACS with the
// people on the telephone and of our other rows, and the events that are on their
// way. Every step of it may happen at any time, and whatever can get lost may get
// lost.
type simulation struct {
	*machine
	rt        *rapid.T
	acs       *acsModel
	rows      *otherRows
	runs      []*laneRun
	inbox     []Event
	delivered []Event // delivered; may come again

	leasesSent   map[string]bool          // ref and claim of what was sent
	sends        map[outbox.Ref]int       // how often each send was
	firstSent    map[outbox.Ref]time.Time // its First-Sent
	ringingUntil map[string]time.Time     // until when the telephone of an agent rings
	gateAsked    bool                     // the gate has opened for the request that is under way
	faulty       bool                     // something got lost
}

// runner is the part of a run of the engine that works on one lane.
type laneRun struct {
	owner      string
	actions    []outbox.Action
	view       Call   // the call as the run's last write left it
	reply      *Event // what ACS has answered, not saved yet
	leaseUntil time.Time
}

func newSimulation(rt *rapid.T, id ID) *simulation {
	return &simulation{
		machine: &machine{t: rt, c: Call{ID: id}, flow: reception, now: t0},
		rt:      rt, acs: &acsModel{pairs: map[outbox.Ref]Replied{}}, rows: &otherRows{},
		leasesSent: map[string]bool{}, sends: map[outbox.Ref]int{}, firstSent: map[outbox.Ref]time.Time{}, ringingUntil: map[string]time.Time{},
	}
}

// somebodyCalls is a world in which a call is offered.
func newInbound(rt *rapid.T) *simulation {
	s := newSimulation(rt, "in-1")
	s.now = t0.Add([]time.Duration{0, 0, 0, 10 * time.Second, 24 * time.Second}[s.pick(5, "late")])
	o := offered
	o.Limits.Call = 10 * time.Minute
	s.deliver(Event{Key: "offer", At: t0, Body: o})
	return s
}

// somebodyIsCalled is a world in which a call is placed.
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

// take lets the call take an event, and starts a runner for each lane that the
// write has claimed.
func (s *simulation) deliver(e Event) {
	if s.c.HasEvent(e.Key) {
		return // the engine's first read
	}
	if e.Key != "" && slices.ContainsFunc(s.delivered, func(o Event) bool { return o.Key == e.Key }) {
		return // its row is there
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
			s.rt.Fatalf("%s %v was claimed though the gate is not known to be open", a.Verb, a.Ref)
		}
		s.runs = append(s.runs, &laneRun{owner: run, actions: actions, view: s.c})
	}
	s.gate, s.gateAsked = nil, false
}

// askGate asks whether the call may still be placed, as the engine does before a
// write that could claim it. It may come to nothing.
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

// pick returns a number below n, each as likely as the others: rapid's own
// integers are mostly small ones.
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

func (s *simulation) chance(percent int, what string) bool { return s.pick(100, what) >= 100-percent }

// work takes one runner one step on: it sends its next action, or saves an answer.
func (s *simulation) advanceRun(i int, faults bool) {
	r := s.runs[i]
	if faults && s.chance(10, "crash") {
		s.faulty = true
		s.runs = slices.Delete(s.runs, i, i+1)
		return
	}
	if r.reply != nil {
		if !s.now.Before(r.leaseUntil) { // it gives up: somebody has taken over
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

// send is one request on its way and back.
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
		if a.Verb != outbox.VerbHangUp && a.Verb != outbox.VerbCheckParticipants { // or the call would never end
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

// promised checks the promises that are kept for every request.
func (s *simulation) checkSendInvariants(a outbox.Action) {
	leaseID := fmt.Sprintf("%v claim %d", a.Ref, a.Leases)
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

func (m *machine) indexOf(r outbox.Ref) int {
	return slices.IndexFunc(m.c.Pending, func(a outbox.Action) bool { return a.Ref == r })
}

// sleep lets time go by for the telephones.
func (s *simulation) passTime(d time.Duration) {
	s.now = s.now.Add(d)
	s.acs.updateTelephones(s)
}

// sweep lets time be noticed, and noticed again at once, which changes nothing.
func (s *simulation) sweep() {
	s.deliver(Event{Body: Wake{}})
	if next, moved := Apply(s.c, Event{Body: Wake{}}, Input{Now: s.now, Flow: s.flow, Owner: "again"}); moved {
		s.rt.Fatalf("a second look at once moved the call from %s to %s", summary(s.c), summary(next))
	}
}

func TestEveryInterleavingOfEventsAndFaultsEndsTheCall(t *testing.T) {
	for name, begin := range map[string]func(*rapid.T) *simulation{"offered": newInbound, "placed": newOutbound} {
		for n := range 4 { // rapid tries a hundred worlds each time
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

// step is one thing that may happen, if there is anything for it to happen to.
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

// arrives takes any event out of those on their way.
func (s *simulation) takeFromInbox() Event {
	i := s.pick(len(s.inbox), "event")
	e := s.inbox[i]
	s.inbox = slices.Delete(s.inbox, i, i+1)
	return e
}

// goWell is one step of a world in which nothing is lost, late or refused.
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
	default: // it waits for its recording at most
		s.passTime(6 * time.Hour)
		s.sweep()
	}
}

// settle lets everything go well from now on, and checks that the call ends, and
// that nobody is left who waits for something.
func (s *simulation) runToEnd() {
	for end := s.now.Add(2 * limits.Recording); s.c.HasWork() || len(s.inbox)+len(s.runs) > 0; s.stepWithoutFaults() {
		if s.now.After(end) {
			s.rt.Fatalf("the call still owes something: it is %s, deadlines %v", summary(s.c), s.c.Deadlines)
		}
		if s.c.State == StateEnded {
			s.rows.fileRecording(s)
		}
	}
	if s.c.Direction == DirectionOutbound && (s.rows.settled != s.c.Outcome || !s.rows.released) {
		s.rt.Fatalf("ended %s, the campaign heard %q, released %v", s.c.Outcome, s.rows.settled, s.rows.released)
	}
	if s.acs.connected && !s.acs.gone && !s.faulty {
		s.rt.Fatalf("the call is %s, and %v are still in it", summary(s.c), s.acs.participants)
	}
	for _, r := range s.c.Recordings {
		if !s.faulty && s.acs.recording && r.State != s.rows.file {
			s.rt.Fatalf("the recording is %s, its file %q", r.State, s.rows.file)
		}
	}
	s.checkReplay()
}
