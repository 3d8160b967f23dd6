package call

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is a call, the runs that act for it, a little model of ACS with the
// people on the telephone, and the events that are on their way. Every step of
// it may happen at any time, and whatever can get lost may get lost.
type world struct {
	*life
	rt    *rapid.T
	acs   *model
	runs  []*runner
	inbox []Event
	told  []Event // delivered; may come again

	claimed map[string]bool      // ref and claim of what was sent
	sent    map[Ref]int          // how often each send was
	first   map[Ref]time.Time    // its First-Sent
	rings   map[string]time.Time // until when the telephone of an agent rings
}

// runner is the part of a run of the engine that works on one lane.
type runner struct {
	name  string
	lane  []Action
	view  Call   // the call as the run's last write left it
	reply *Event // what ACS has answered, not saved yet
	until time.Time
}

// model is ACS, as far as one call goes.
type model struct {
	connected, gone bool
	people          []string
	sequence        int
	invitations     []*invitation
	recording       bool
	pairs           map[Ref]Replied // answers that a repeat gets again
}

type invitation struct {
	ref   Ref
	agent string
	ends  time.Time // when its telephone stops ringing
	joins bool
}

func newWorld(rt *rapid.T) *world {
	w := &world{
		rt: rt, acs: &model{pairs: map[Ref]Replied{}}, claimed: map[string]bool{}, sent: map[Ref]int{},
		first: map[Ref]time.Time{}, rings: map[string]time.Time{},
	}
	w.life = &life{t: rt, c: Call{ID: "in-1"}, flow: reception, now: t0}
	w.now = t0.Add([]time.Duration{0, 0, 0, 10 * time.Second, 24 * time.Second}[w.pick(5, "late")])
	o := offered
	o.Limits.Call = 10 * time.Minute
	w.take(Event{Key: "offer", At: t0, Body: o})
	return w
}

// take lets the call take an event, and starts a runner for each lane that the
// write has claimed.
func (w *world) take(e Event) {
	if w.c.Has(e.Key) {
		return // the engine's first read
	}
	if e.Key != "" && slices.ContainsFunc(w.told, func(o Event) bool { return o.Key == e.Key }) {
		return // its row is there
	}
	if e.Key != "" {
		w.told = append(w.told, e)
	}
	run := w.move(e)
	w.rt.Logf("%v: %s %v: %s", w.now.Sub(t0), e.Kind(), e.Ref, summary(w.c))
	for _, lane := range []Lane{LaneMedia, LanePeople, LaneRecording, LaneRelease} {
		if actions := w.c.Claimed(run)[lane]; len(actions) > 0 {
			w.runs = append(w.runs, &runner{name: run, lane: actions, view: w.c})
		}
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
		if !r.view.Owns(r.name, a) {
			continue
		}
		if w.now.Add(limits.Timeout(a.Verb)).After(a.Until) {
			break
		}
		reply := replyTo(a, w.now, w.send(a, faults))
		r.reply, r.until = &reply, a.Until
		return
	}
	w.runs = slices.Delete(w.runs, i, i+1)
}

// send is one request on its way to ACS and back, with the promises that are
// kept for every one of them.
func (w *world) send(a Action, faults bool) Replied {
	claim := fmt.Sprintf("%v claim %d", a.Ref, a.Claims)
	if w.claimed[claim] {
		w.rt.Fatalf("%s %s was sent twice", a.Verb, claim)
	}
	w.claimed[claim] = true
	w.sent[a.Ref]++
	if a.Verb.Repeat() != Paired && w.sent[a.Ref] > 1 {
		w.rt.Fatalf("%s %v was sent twice", a.Verb, a.Ref)
	}
	if first, ok := w.first[a.Ref]; ok && (!first.Equal(a.FirstSent) || !w.now.Before(first.Add(5*time.Minute))) {
		w.rt.Fatalf("%s %v: pair of %v sent at %v as of %v", a.Verb, a.Ref, first, w.now, a.FirstSent)
	}
	w.first[a.Ref] = a.FirstSent
	if a.Verb == Answer && w.now.After(t0.Add(limits.Answer)) {
		w.rt.Fatalf("answered %v after the offer", w.now.Sub(t0))
	}
	if i := w.life.indexOf(a.Ref); i >= 0 {
		for _, b := range w.c.Pending[:i] {
			if b.Verb.Lane() == a.Verb.Lane() {
				w.rt.Fatalf("%s %v was sent before %s %v", a.Verb, a.Ref, b.Verb, b.Ref)
			}
		}
	}
	fault := "none"
	if faults {
		fault = []string{"none", "none", "none", "none", "throttled", "500", "lost", "not now"}[w.pick(8, "fault")]
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
		if a.Verb != HangUp && a.Verb != Look { // or the call would never end
			return refuses("8583")
		}
	}
	if reply, ok := w.acs.pairs[a.Ref]; ok {
		return reply
	}
	reply := w.acs.take(w, a)
	if a.Verb.Repeat() == Paired {
		w.acs.pairs[a.Ref] = reply
	}
	return reply
}

func (l *life) indexOf(r Ref) int {
	return slices.IndexFunc(l.c.Pending, func(a Action) bool { return a.Ref == r })
}

// take does what ACS does.
func (m *model) take(w *world, a Action) Replied {
	switch {
	case a.Verb == Answer && !m.connected && !m.gone:
		m.connected = true
		m.people = []string{caller}
		w.tell(a.Ref, Connected{})
		m.tellPeople(w)
		return done
	case a.Verb == Answer && m.connected:
		return refuses("8585")
	case m.gone || !m.connected:
		return refuses(CodeGone)
	}
	switch a.Verb {
	case PlayPrompt:
		w.tell(a.Ref, PlayStarted{})
		if !a.Loop {
			w.tell(a.Ref, []Body{PlayCompleted{}, PlayFailed{}}[w.pick(2, "played")])
		}
	case Recognize:
		one, pound := Recognized{Tones: []string{"one"}}, Recognized{Tones: []string{"pound"}}
		w.tell(a.Ref, []Body{one, one, pound, RecognizeFailed{}}[w.pick(4, "pressed")])
	case Add:
		if w.now.Before(w.rings[a.Target]) {
			w.rt.Fatalf("%s is rung twice at once", a.Target)
		}
		rings := time.Duration(w.pick(int(a.Ring/time.Second), "rings")) * time.Second
		w.rings[a.Target] = w.now.Add(rings)
		m.invitations = append(m.invitations, &invitation{a.Ref, a.Target, w.now.Add(rings), w.chance(60, "joins")})
	case StartRecord:
		if m.recording {
			return refuses("8559")
		}
		m.recording = true
		w.tell(Ref{}, RecordingChanged{RecordingID: "rec", Active: true, Op: a.Op})
	case HangUp:
		m.end(w)
	case Look:
		return saw(m.people...)
	}
	return done
}

// tell sends an event on its way.
func (w *world) tell(r Ref, b Body) { w.inbox = append(w.inbox, w.event(r, b)) }

func (m *model) tellPeople(w *world) {
	m.sequence++
	w.tell(Ref{}, people(m.sequence, m.people...))
}

func (m *model) end(w *world) {
	if m.connected && !m.gone {
		w.tell(Ref{}, Disconnected{})
	}
	m.gone, m.people = true, nil
}

// leave takes somebody out of the call, which ends with the caller alone or with nobody.
func (m *model) leave(w *world, id string) {
	i := slices.Index(m.people, id)
	if i < 0 {
		return
	}
	m.people = slices.Delete(slices.Clone(m.people), i, i+1)
	if len(m.people) == 0 {
		m.end(w)
		return
	}
	m.tellPeople(w)
}

// sleep lets time go by for the telephones.
func (w *world) sleep(d time.Duration) {
	w.now = w.now.Add(d)
	var ringing []*invitation
	for _, i := range w.acs.invitations {
		switch {
		case w.acs.gone:
		case w.now.Before(i.ends):
			ringing = append(ringing, i)
		case i.joins:
			if !slices.Contains(w.acs.people, i.agent) {
				w.acs.people = append(slices.Clone(w.acs.people), i.agent)
			}
			w.tell(i.ref, Added{Participant: i.agent})
			w.acs.tellPeople(w)
		default:
			w.tell(i.ref, AddFailed{Participant: i.agent})
		}
	}
	w.acs.invitations = ringing
}

// sweep lets time be noticed, and noticed again at once, which changes nothing.
func (w *world) sweep() {
	w.take(Event{Body: Tick{}})
	if next, moved := Move(w.c, Event{Body: Tick{}}, Given{Now: w.now, Flow: w.flow, Run: "again"}); moved {
		w.rt.Fatalf("a second look at once moved the call from %s to %s", summary(w.c), summary(next))
	}
}

func TestEveryInterleavingEnds(t *testing.T) {
	for n := range 3 { // rapid tries a hundred worlds each time
		t.Run(fmt.Sprint(n), rapid.MakeCheck(func(rt *rapid.T) {
			w := newWorld(rt)
			for range w.pick(128, "steps") {
				w.step()
			}
			w.settle()
		}))
	}
}

// step is one thing that may happen, if there is anything for it to happen to.
func (w *world) step() {
	switch n := w.pick(100, "step"); {
	case n < 40:
		w.goWell()
	case n < 60 && len(w.runs) > 0:
		w.work(w.pick(len(w.runs), "run"), true)
	case n < 75 && len(w.inbox) > 0: // in any order
		w.take(w.arrives())
	case n < 80: // again
		w.take(w.told[w.pick(len(w.told), "event")])
	case n < 84 && len(w.inbox) > 0: // never
		w.arrives()
	case n < 88:
		w.acs.leave(w, []string{anna, ben, caller}[w.pick(3, "who")])
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
	default:
		w.sleep(5 * time.Second)
		w.sweep()
	}
}

// settle lets everything go well from now on, and checks that the call ends.
func (w *world) settle() {
	for end := w.now.Add(time.Hour); w.c.Owes(); w.goWell() {
		if w.now.After(end) {
			w.rt.Fatalf("the call has not ended: it is %s, deadlines %v", summary(w.c), w.c.Deadlines)
		}
	}
	w.replays()
}
