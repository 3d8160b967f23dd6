package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
)

// model is ACS, as far as one call goes, with the telephones behind it.
type acsModel struct {
	connected, gone bool
	participants    []string
	sequence        int
	phone           *telephone // of the person whom we call
	invitations     []*telephone
	recording       bool
	pairs           map[outbox.Ref]Replied // answers that a repeat gets again
}

// telephone is one that rings.
type telephone struct {
	ref        outbox.Ref
	target     string
	ringsUntil time.Time // when it stops ringing
	answers    bool
}

// take does what ACS does.
func (acs *acsModel) perform(s *simulation, a outbox.Action) Replied {
	switch {
	case a.Verb == outbox.VerbCreate:
		return acs.createCall(s, a)
	case a.Verb == outbox.VerbAnswer && !acs.connected && !acs.gone:
		acs.connect(s, a.Ref, caller)
		return replyOK
	case a.Verb == outbox.VerbAnswer && acs.connected:
		return replyRefused("8585")
	case acs.phone != nil && !acs.connected && !acs.gone:
		return acs.performWhileRinging(s, a)
	case acs.gone || !acs.connected:
		return replyRefused(CodeGone)
	}
	switch a.Verb {
	case outbox.VerbPlay:
		s.enqueue(a.Ref, PlayStarted{})
		if !a.Loop {
			s.enqueue(a.Ref, []Body{PlayCompleted{}, PlayFailed{}}[s.pick(2, "played")])
		}
	case outbox.VerbRecognize:
		key := func(tone string) Body { return Recognized{Tones: []string{tone}} }
		pressed := []Body{key("one"), key("one"), key("nine"), key("pound"), RecognizeFailed{}}
		s.enqueue(a.Ref, pressed[s.pick(len(pressed), "pressed")])
	case outbox.VerbAdd:
		if s.now.Before(s.ringingUntil[a.Target]) {
			s.rt.Fatalf("%s is rung twice at once", a.Target)
		}
		rings := time.Duration(s.pick(int(a.Ring/time.Second), "rings")) * time.Second
		s.ringingUntil[a.Target] = s.now.Add(rings)
		acs.invitations = append(acs.invitations, &telephone{a.Ref, a.Target, s.now.Add(rings), s.chance(60, "joins")})
	case outbox.VerbStartRecording:
		if acs.recording {
			return replyRefused("8559")
		}
		acs.recording = true
		s.enqueue(outbox.Ref{}, RecordingStateChanged{RecordingID: "rec", Active: true, Op: a.Op})
	case outbox.VerbHangUp:
		acs.disconnect(s)
	case outbox.VerbCheckParticipants:
		reply := replyParticipants(acs.participants...)
		reply.Connected = true
		return reply
	}
	return replyOK
}

// create rings the person whom we call.
func (acs *acsModel) createCall(s *simulation, a outbox.Action) Replied {
	if acs.phone != nil {
		s.rt.Fatalf("%s is rung twice", a.Target)
	}
	if s.chance(10, "refused") {
		return replyRefused("8523")
	}
	rings := []int{5, 30, 120, 900}[s.pick(4, "long")]
	ends := s.now.Add(time.Duration(s.pick(rings, "rings")) * time.Second)
	acs.phone = &telephone{a.Ref, a.Target, ends, s.chance(60, "answers")}
	return replyOK
}

// takeRinging is take while the telephone of the person whom we call rings.
func (acs *acsModel) performWhileRinging(s *simulation, a outbox.Action) Replied {
	switch a.Verb {
	case outbox.VerbHangUp:
		acs.failCreate(s, cancelled)
		return replyOK
	case outbox.VerbCheckParticipants:
		return replyOK
	default:
		return replyRefused("8501")
	}
}

// connect puts the first person into the call.
func (acs *acsModel) connect(s *simulation, r outbox.Ref, who string) {
	acs.connected, acs.participants = true, []string{who}
	s.enqueue(r, Connected{})
	acs.enqueueParticipants(s)
}

// unanswered ends the ringing: ACS tells both of the call and of its connection.
func (acs *acsModel) failCreate(s *simulation, r Result) {
	acs.gone = true
	s.enqueueResult(acs.phone.ref, CreateCallFailed{}, r)
	s.enqueueResult(outbox.Ref{}, Disconnected{}, r)
}

// tell sends an event on its way.
func (s *simulation) enqueue(r outbox.Ref, b Body) { s.inbox = append(s.inbox, s.event(r, b)) }

// tellOf is tell with ACS's word on how it ended.
func (s *simulation) enqueueResult(r outbox.Ref, b Body, result Result) {
	e := s.event(r, b)
	e.Result = result
	s.inbox = append(s.inbox, e)
}

func (acs *acsModel) enqueueParticipants(s *simulation) {
	acs.sequence++
	s.enqueue(outbox.Ref{}, roster(acs.sequence, acs.participants...))
}

func (acs *acsModel) disconnect(s *simulation) {
	if acs.connected && !acs.gone {
		s.enqueueResult(outbox.Ref{}, Disconnected{}, Result{Code: 200})
	}
	acs.gone, acs.participants = true, nil
}

// leave takes somebody out of the call, which ends with the caller alone or with nobody.
func (acs *acsModel) removeParticipant(s *simulation, id string) {
	i := slices.Index(acs.participants, id)
	if i < 0 {
		return
	}
	acs.participants = slices.Delete(slices.Clone(acs.participants), i, i+1)
	if len(acs.participants) == 0 {
		acs.disconnect(s)
		return
	}
	acs.enqueueParticipants(s)
}

// ring lets the telephones ring until now.
func (acs *acsModel) updateTelephones(s *simulation) {
	if p := acs.phone; p != nil && !acs.connected && !acs.gone && !s.now.Before(p.ringsUntil) {
		if p.answers {
			acs.connect(s, p.ref, p.target)
		} else {
			why := []Result{busy, {Code: 603, SubCode: 560603, Q850: 34}, {Code: 408, SubCode: 560408}}
			acs.failCreate(s, why[s.pick(len(why), "why")])
		}
	}
	var ringing []*telephone
	for _, i := range acs.invitations {
		switch {
		case acs.gone:
		case s.now.Before(i.ringsUntil):
			ringing = append(ringing, i)
		case i.answers:
			if !slices.Contains(acs.participants, i.target) {
				acs.participants = append(slices.Clone(acs.participants), i.target)
			}
			s.enqueue(i.ref, Added{Participant: i.target})
			acs.enqueueParticipants(s)
		default:
			s.enqueue(i.ref, AddFailed{Participant: i.target})
		}
	}
	acs.invitations = ringing
}

// rows are the rows of ours that calls change from outside: the campaign's, the
// number's and the recording's.
type otherRows struct {
	settled  Outcome // how the campaign was told that its attempt ended
	released bool

	linked bool           // the recording knows its call
	file   RecordingState // what came of it
}

// keep does an action of the kind Storage.
func (r *otherRows) perform(s *simulation, c Call, a outbox.Action) Replied {
	switch a.Verb {
	case outbox.VerbSettle:
		if r.settled != "" && r.settled != c.Outcome {
			s.rt.Fatalf("settled as %s, after %s", c.Outcome, r.settled)
		}
		r.settled = c.Outcome
	case outbox.VerbRelease:
		if r.settled == "" {
			s.rt.Fatalf("released before it was settled")
		}
		r.released = true
	case outbox.VerbLink:
		r.linked = true
		return Replied{Verdict: VerdictOK, Recording: r.file}
	}
	return replyOK
}

// deliver lets the file of a recording come, or never come.
func (r *otherRows) fileRecording(s *simulation) {
	if !s.acs.recording || !s.acs.gone || r.file != "" {
		return
	}
	r.file = RecordingFiled
	if s.chance(20, "lost") {
		r.file = RecordingLost
	}
	if !r.linked { // the link will find it
		return
	}
	if op := s.c.Recordings[0].Op; r.file == RecordingFiled {
		s.enqueue(outbox.Ref{}, FilesFiled{RecordingID: "rec", Op: op})
	} else {
		s.enqueue(outbox.Ref{}, FilesLost{RecordingID: "rec", Op: op, Reason: "deleted"})
	}
}
