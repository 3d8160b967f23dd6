package call

import (
	"fmt"
	"slices"
	"switchboard/handler/call/outbox"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is a call, the runs that act for it, a little model of ACS with the
// people on the telephone and of our other rows, and the events that are on their
// way. Every step of it may happen at any time, and whatever can get lost may get
// lost.
type world struct {
	*life
	rt    *rapid.T
	acs   *model
	rows  *rows
	runs  []*runner
	inbox []Event
	told  []Event // delivered; may come again

	claimed map[string]bool          // ref and claim of what was sent
	sent    map[outbox.Ref]int       // how often each send was
	first   map[outbox.Ref]time.Time // its First-Sent
	rings   map[string]time.Time     // until when the telephone of an agent rings
	asked   bool                     // the gate has opened for the request that is under way
	fault   bool                     // something got lost
}

// runner is the part of a run of the engine that works on one lane.
type runner struct {
	name  string
	lane  []outbox.Action
	view  Call   // the call as the run's last write left it
	reply *Event // what ACS has answered, not saved yet
	until time.Time
}

func newWorld(rt *rapid.T, id ID) *world {
	return &world{
		life: &life{t: rt, c: Call{ID: id}, flow: reception, now: t0},
		rt:   rt, acs: &model{pairs: map[outbox.Ref]Replied{}}, rows: &rows{},
		claimed: map[string]bool{}, sent: map[outbox.Ref]int{}, first: map[outbox.Ref]time.Time{}, rings: map[string]time.Time{},
	}
}

// somebodyCalls is a world in which a call is offered.
func somebodyCalls(rt *rapid.T) *world {
	w := newWorld(rt, "in-1")
	w.now = t0.Add([]time.Duration{0, 0, 0, 10 * time.Second, 24 * time.Second}[w.pick(5, "late")])
	o := offered
	o.Limits.Call = 10 * time.Minute
	w.take(Event{Key: "offer", At: t0, Body: o})
	return w
}

// somebodyIsCalled is a world in which a call is placed.
func somebodyIsCalled(rt *rapid.T) *world {
	w := newWorld(rt, "out-1")
	if w.chance(50, "notice") {
		w.flow = notice
	}
	d := dialled
	d.Limits.Call = 15 * time.Minute
	w.take(Event{Key: "dialled", Body: d})
	return w
}

// take lets the call take an event, and starts a runner for each lane that the
// write has claimed.
func (w *world) take(e Event) {
	if w.c.HasEvent(e.Key) {
		return // the engine's first read
	}
	if e.Key != "" && slices.ContainsFunc(w.told, func(o Event) bool { return o.Key == e.Key }) {
		return // its row is there
	}
	if e.Key != "" {
		w.told = append(w.told, e)
	}
	w.askGate()
	run := w.move(e)
	w.rt.Logf("%v: %s %v: %s", w.now.Sub(t0), e.Kind(), e.Ref, summary(w.c))
	for _, lane := range []outbox.Lane{outbox.LaneMedia, outbox.LaneParticipants, outbox.LaneRecording, outbox.LaneHangUp, outbox.LaneLocal} {
		actions := w.c.Pending.Leased(run)[lane]
		if len(actions) == 0 {
			continue
		}
		if a := actions[0]; a.Verb == outbox.VerbCreate && a.Send > 1 && !w.asked {
			w.rt.Fatalf("%s %v was claimed though the gate is not known to be open", a.Verb, a.Ref)
		}
		w.runs = append(w.runs, &runner{name: run, lane: actions, view: w.c})
	}
	w.gate, w.asked = nil, false
}

// askGate asks whether the call may still be placed, as the engine does before a
// write that could claim it. It may come to nothing.
func (w *world) askGate() {
	if !w.c.NeedsGate(w.now) {
		return
	}
	switch w.pick(4, "gate") {
	case 0:
	case 1:
		w.gate = shut
	default:
		w.gate, w.asked = open, true
	}
}

// pick returns a number below n, each as likely as the others: rapid's own
// integers are mostly small ones.
func (w *world) pick(n int, what string) int {
	v := 0
	for range 8 {
		v <<= 1
		if rapid.Bool().Draw(w.rt, what) {
			v++
		}
	}
	return v % n
}

func (w *world) chance(percent int, what string) bool { return w.pick(100, what) >= 100-percent }

// work takes one runner one step on: it sends its next action, or saves an answer.
func (w *world) work(i int, faults bool) {
	r := w.runs[i]
	if faults && w.chance(10, "crash") {
		w.fault = true
		w.runs = slices.Delete(w.runs, i, i+1)
		return
	}
	if r.reply != nil {
		if !w.now.Before(r.until) { // it gives up: somebody has taken over
			w.runs = slices.Delete(w.runs, i, i+1)
			return
		}
		w.take(*r.reply)
		r.view, r.reply = w.c, nil
		return
	}
	for len(r.lane) > 0 {
		a := r.lane[0]
		r.lane = r.lane[1:]
		if !r.view.Pending.Owns(r.name, a) {
			continue
		}
		if w.now.Add(limits.Timeout(a.Verb)).After(a.LeaseUntil) {
			break
		}
		reply := replyTo(a, w.now, w.send(r.view, a, faults))
		r.reply, r.until = &reply, a.LeaseUntil
		return
	}
	w.runs = slices.Delete(w.runs, i, i+1)
}

// send is one request on its way and back.
func (w *world) send(c Call, a outbox.Action, faults bool) Replied {
	w.promised(a)
	fault := "none"
	if faults {
		faults := []string{"none", "none", "none", "none", "throttled", "500", "lost", "not now"}
		fault = faults[w.pick(len(faults), "fault")]
		w.fault = w.fault || fault != "none"
	}
	if a.Verb.RetryClass() == outbox.Local {
		switch fault {
		case "500":
			return unheard
		case "lost":
			w.rows.keep(w, c, a)
			return unheard
		default:
			return w.rows.keep(w, c, a)
		}
	}
	switch fault {
	case "throttled":
		return throttled(time.Duration(w.pick(6, "wait")) * time.Second)
	case "500":
		return unheard
	case "lost":
		w.acs.take(w, a)
		return unheard
	case "not now":
		if a.Verb != outbox.VerbHangUp && a.Verb != outbox.VerbCheckParticipants { // or the call would never end
			return refuses("8583")
		}
	}
	if reply, ok := w.acs.pairs[a.Ref]; ok {
		return reply
	}
	reply := w.acs.take(w, a)
	if a.Verb.RetryClass() == outbox.Repeatable {
		w.acs.pairs[a.Ref] = reply
	}
	return reply
}

// promised checks the promises that are kept for every request.
func (w *world) promised(a outbox.Action) {
	claim := fmt.Sprintf("%v claim %d", a.Ref, a.Leases)
	if w.claimed[claim] {
		w.rt.Fatalf("%s %s was sent twice", a.Verb, claim)
	}
	w.claimed[claim] = true
	w.sent[a.Ref]++
	kind := a.Verb.RetryClass()
	if (kind == outbox.AtMostOnce || kind == outbox.AtLeastOnce) && w.sent[a.Ref] > 1 {
		w.rt.Fatalf("%s %v was sent twice", a.Verb, a.Ref)
	}
	if first, ok := w.first[a.Ref]; ok && kind == outbox.Repeatable &&
		(!first.Equal(a.FirstSent) || !w.now.Before(first.Add(5*time.Minute))) {
		w.rt.Fatalf("%s %v: pair of %v sent at %v as of %v", a.Verb, a.Ref, first, w.now, a.FirstSent)
	}
	w.first[a.Ref] = a.FirstSent
	if a.Verb == outbox.VerbAnswer && w.now.After(t0.Add(limits.Answer)) {
		w.rt.Fatalf("answered %v after the offer", w.now.Sub(t0))
	}
	if i := w.indexOf(a.Ref); i >= 0 {
		for _, b := range w.c.Pending[:i] {
			if b.Verb.Lane() == a.Verb.Lane() {
				w.rt.Fatalf("%s %v was sent before %s %v", a.Verb, a.Ref, b.Verb, b.Ref)
			}
		}
	}
}

func (l *life) indexOf(r outbox.Ref) int {
	return slices.IndexFunc(l.c.Pending, func(a outbox.Action) bool { return a.Ref == r })
}

// sleep lets time go by for the telephones.
func (w *world) sleep(d time.Duration) {
	w.now = w.now.Add(d)
	w.acs.ring(w)
}

// sweep lets time be noticed, and noticed again at once, which changes nothing.
func (w *world) sweep() {
	w.take(Event{Body: Wake{}})
	if next, moved := Apply(w.c, Event{Body: Wake{}}, Input{Now: w.now, Flow: w.flow, Owner: "again"}); moved {
		w.rt.Fatalf("a second look at once moved the call from %s to %s", summary(w.c), summary(next))
	}
}

func TestEveryInterleavingEnds(t *testing.T) {
	for name, begin := range map[string]func(*rapid.T) *world{"offered": somebodyCalls, "placed": somebodyIsCalled} {
		for n := range 4 { // rapid tries a hundred worlds each time
			t.Run(fmt.Sprintf("%s %d", name, n), rapid.MakeCheck(func(rt *rapid.T) {
				w := begin(rt)
				for range w.pick(128, "steps") {
					w.step()
				}
				w.settle()
			}))
		}
	}
}

// step is one thing that may happen, if there is anything for it to happen to.
func (w *world) step() {
	switch n := w.pick(100, "step"); {
	case n < 40:
		w.goWell()
	case n < 60 && len(w.runs) > 0:
		w.work(w.pick(len(w.runs), "run"), true)
	case n < 73 && len(w.inbox) > 0: // in any order
		w.take(w.arrives())
	case n < 75:
		w.rows.deliver(w)
	case n < 80: // again
		w.take(w.told[w.pick(len(w.told), "event")])
	case n < 84 && len(w.inbox) > 0: // never
		w.fault = true
		w.arrives()
	case n < 88:
		w.acs.leave(w, []string{anna, ben, w.c.RemoteParty()}[w.pick(3, "who")])
	case n < 95:
		w.sleep(time.Duration(w.pick(60, "seconds")) * time.Second)
	default:
		w.sweep()
	}
}

// arrives takes any event out of those on their way.
func (w *world) arrives() Event {
	i := w.pick(len(w.inbox), "event")
	e := w.inbox[i]
	w.inbox = slices.Delete(w.inbox, i, i+1)
	return e
}

// goWell is one step of a world in which nothing is lost, late or refused.
func (w *world) goWell() {
	switch {
	case len(w.inbox) > 0:
		e := w.inbox[0]
		w.inbox = w.inbox[1:]
		w.take(e)
	case len(w.runs) > 0:
		w.work(0, false)
	case w.c.Active():
		w.sleep(5 * time.Second)
		w.sweep()
	default: // it waits for its recording at most
		w.sleep(6 * time.Hour)
		w.sweep()
	}
}

// settle lets everything go well from now on, and checks that the call ends, and
// that nobody is left who waits for something.
func (w *world) settle() {
	for end := w.now.Add(2 * limits.Recording); w.c.HasWork() || len(w.inbox)+len(w.runs) > 0; w.goWell() {
		if w.now.After(end) {
			w.rt.Fatalf("the call still owes something: it is %s, deadlines %v", summary(w.c), w.c.Deadlines)
		}
		if w.c.State == StateEnded {
			w.rows.deliver(w)
		}
	}
	if w.c.Direction == DirectionOutbound && (w.rows.settled != w.c.Outcome || !w.rows.released) {
		w.rt.Fatalf("ended %s, the campaign heard %q, released %v", w.c.Outcome, w.rows.settled, w.rows.released)
	}
	if w.acs.connected && !w.acs.gone && !w.fault {
		w.rt.Fatalf("the call is %s, and %v are still in it", summary(w.c), w.acs.people)
	}
	for _, r := range w.c.Recordings {
		if !w.fault && w.acs.recording && r.State != w.rows.file {
			w.rt.Fatalf("the recording is %s, its file %q", r.State, w.rows.file)
		}
	}
	w.replays()
}
