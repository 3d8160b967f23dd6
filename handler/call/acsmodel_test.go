package call

import (
	"slices"
	"switchboard/handler/call/outbox"
	"time"
)

// model is ACS, as far as one call goes, with the telephones behind it.
type model struct {
	connected, gone bool
	people          []string
	sequence        int
	phone           *telephone // of the person whom we call
	invitations     []*telephone
	recording       bool
	pairs           map[outbox.Ref]Replied // answers that a repeat gets again
}

// telephone is one that rings.
type telephone struct {
	ref     outbox.Ref
	who     string
	ends    time.Time // when it stops ringing
	answers bool
}

// take does what ACS does.
func (m *model) take(w *world, a outbox.Action) Replied {
	switch {
	case a.Verb == outbox.VerbCreate:
		return m.create(w, a)
	case a.Verb == outbox.VerbAnswer && !m.connected && !m.gone:
		m.connect(w, a.Ref, caller)
		return done
	case a.Verb == outbox.VerbAnswer && m.connected:
		return refuses("8585")
	case m.phone != nil && !m.connected && !m.gone:
		return m.takeRinging(w, a)
	case m.gone || !m.connected:
		return refuses(CodeGone)
	}
	switch a.Verb {
	case outbox.VerbPlay:
		w.tell(a.Ref, PlayStarted{})
		if !a.Loop {
			w.tell(a.Ref, []Body{PlayCompleted{}, PlayFailed{}}[w.pick(2, "played")])
		}
	case outbox.VerbRecognize:
		key := func(tone string) Body { return Recognized{Tones: []string{tone}} }
		pressed := []Body{key("one"), key("one"), key("nine"), key("pound"), RecognizeFailed{}}
		w.tell(a.Ref, pressed[w.pick(len(pressed), "pressed")])
	case outbox.VerbAdd:
		if w.now.Before(w.rings[a.Target]) {
			w.rt.Fatalf("%s is rung twice at once", a.Target)
		}
		rings := time.Duration(w.pick(int(a.Ring/time.Second), "rings")) * time.Second
		w.rings[a.Target] = w.now.Add(rings)
		m.invitations = append(m.invitations, &telephone{a.Ref, a.Target, w.now.Add(rings), w.chance(60, "joins")})
	case outbox.VerbStartRecording:
		if m.recording {
			return refuses("8559")
		}
		m.recording = true
		w.tell(outbox.Ref{}, RecordingStateChanged{RecordingID: "rec", Active: true, Op: a.Op})
	case outbox.VerbHangUp:
		m.end(w)
	case outbox.VerbCheckParticipants:
		reply := saw(m.people...)
		reply.Connected = true
		return reply
	}
	return done
}

// create rings the person whom we call.
func (m *model) create(w *world, a outbox.Action) Replied {
	if m.phone != nil {
		w.rt.Fatalf("%s is rung twice", a.Target)
	}
	if w.chance(10, "refused") {
		return refuses("8523")
	}
	rings := []int{5, 30, 120, 900}[w.pick(4, "long")]
	ends := w.now.Add(time.Duration(w.pick(rings, "rings")) * time.Second)
	m.phone = &telephone{a.Ref, a.Target, ends, w.chance(60, "answers")}
	return done
}

// takeRinging is take while the telephone of the person whom we call rings.
func (m *model) takeRinging(w *world, a outbox.Action) Replied {
	switch a.Verb {
	case outbox.VerbHangUp:
		m.unanswered(w, takenBack)
		return done
	case outbox.VerbCheckParticipants:
		return done
	default:
		return refuses("8501")
	}
}

// connect puts the first person into the call.
func (m *model) connect(w *world, r outbox.Ref, who string) {
	m.connected, m.people = true, []string{who}
	w.tell(r, Connected{})
	m.tellPeople(w)
}

// unanswered ends the ringing: ACS tells both of the call and of its connection.
func (m *model) unanswered(w *world, r Result) {
	m.gone = true
	w.tellOf(m.phone.ref, CreateCallFailed{}, r)
	w.tellOf(outbox.Ref{}, Disconnected{}, r)
}

// tell sends an event on its way.
func (w *world) tell(r outbox.Ref, b Body) { w.inbox = append(w.inbox, w.event(r, b)) }

// tellOf is tell with ACS's word on how it ended.
func (w *world) tellOf(r outbox.Ref, b Body, result Result) {
	e := w.event(r, b)
	e.Result = result
	w.inbox = append(w.inbox, e)
}

func (m *model) tellPeople(w *world) {
	m.sequence++
	w.tell(outbox.Ref{}, people(m.sequence, m.people...))
}

func (m *model) end(w *world) {
	if m.connected && !m.gone {
		w.tellOf(outbox.Ref{}, Disconnected{}, Result{Code: 200})
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

// ring lets the telephones ring until now.
func (m *model) ring(w *world) {
	if p := m.phone; p != nil && !m.connected && !m.gone && !w.now.Before(p.ends) {
		if p.answers {
			m.connect(w, p.ref, p.who)
		} else {
			why := []Result{busy, {Code: 603, SubCode: 560603, Q850: 34}, {Code: 408, SubCode: 560408}}
			m.unanswered(w, why[w.pick(len(why), "why")])
		}
	}
	var ringing []*telephone
	for _, i := range m.invitations {
		switch {
		case m.gone:
		case w.now.Before(i.ends):
			ringing = append(ringing, i)
		case i.answers:
			if !slices.Contains(m.people, i.who) {
				m.people = append(slices.Clone(m.people), i.who)
			}
			w.tell(i.ref, Added{Participant: i.who})
			m.tellPeople(w)
		default:
			w.tell(i.ref, AddFailed{Participant: i.who})
		}
	}
	m.invitations = ringing
}

// rows are the rows of ours that calls change from outside: the campaign's, the
// number's and the recording's.
type rows struct {
	settled  Outcome // how the campaign was told that its attempt ended
	released bool

	linked bool           // the recording knows its call
	file   RecordingState // what came of it
}

// keep does an action of the kind Storage.
func (r *rows) keep(w *world, c Call, a outbox.Action) Replied {
	switch a.Verb {
	case outbox.VerbSettle:
		if r.settled != "" && r.settled != c.Outcome {
			w.rt.Fatalf("settled as %s, after %s", c.Outcome, r.settled)
		}
		r.settled = c.Outcome
	case outbox.VerbRelease:
		if r.settled == "" {
			w.rt.Fatalf("released before it was settled")
		}
		r.released = true
	case outbox.VerbLink:
		r.linked = true
		return Replied{Verdict: VerdictOK, Recording: r.file}
	}
	return done
}

// deliver lets the file of a recording come, or never come.
func (r *rows) deliver(w *world) {
	if !w.acs.recording || !w.acs.gone || r.file != "" {
		return
	}
	r.file = RecordingFiled
	if w.chance(20, "lost") {
		r.file = RecordingLost
	}
	if !r.linked { // the link will find it
		return
	}
	if op := w.c.Recordings[0].Op; r.file == RecordingFiled {
		w.tell(outbox.Ref{}, FilesFiled{RecordingID: "rec", Op: op})
	} else {
		w.tell(outbox.Ref{}, FilesLost{RecordingID: "rec", Op: op, Reason: "deleted"})
	}
}
