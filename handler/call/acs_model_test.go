package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
)

// acsModel is a model of ACS for one call, with the telephones behind it.
type acsModel struct {
	connected, gone bool
	participants    []string
	sequence        int
	phone           *telephone // the callee's
	invitations     []*telephone
	recording       bool
	pairs           map[outbox.Ref]Replied // replies that a repeat gets again
}

// telephone is a telephone that rings.
type telephone struct {
	ref        outbox.Ref
	target     string
	ringsUntil time.Time
	answers    bool
}

// perform handles a request as ACS does.
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
	return acs.performConnected(s, a)
}

// performConnected handles a request for the connected call.
func (acs *acsModel) performConnected(s *simulation, a outbox.Action) Replied {
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

// createCall rings the callee.
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

// performWhileRinging handles a request while the callee's telephone rings.
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

// connect connects the call with its first participant.
func (acs *acsModel) connect(s *simulation, r outbox.Ref, id string) {
	acs.connected, acs.participants = true, []string{id}
	s.enqueue(r, Connected{})
	acs.enqueueParticipants(s)
}

// failCreate ends the ringing. ACS reports both CreateCallFailed and Disconnected.
func (acs *acsModel) failCreate(s *simulation, r Result) {
	acs.gone = true
	s.enqueueResult(acs.phone.ref, CreateCallFailed{}, r)
	s.enqueueResult(outbox.Ref{}, Disconnected{}, r)
}

// enqueue sends an event on its way.
func (s *simulation) enqueue(r outbox.Ref, b Body) { s.inbox = append(s.inbox, s.event(r, b)) }

// enqueueResult sends an event with a result on its way.
func (s *simulation) enqueueResult(r outbox.Ref, b Body, result Result) {
	e := s.event(r, b)
	e.Result = result
	s.inbox = append(s.inbox, e)
}

// enqueueParticipants reports the participants.
func (acs *acsModel) enqueueParticipants(s *simulation) {
	acs.sequence++
	s.enqueue(outbox.Ref{}, roster(acs.sequence, acs.participants...))
}

// disconnect ends the call for everyone.
func (acs *acsModel) disconnect(s *simulation) {
	if acs.connected && !acs.gone {
		s.enqueueResult(outbox.Ref{}, Disconnected{}, Result{Code: 200})
	}
	acs.gone, acs.participants = true, nil
}

// removeParticipant lets a participant leave. The call ends when the last one has left.
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

// updateTelephones answers or stops the telephones whose time to ring has ended.
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

// otherRows are the rows that local actions change: the campaign's, the number's and the recording's.
type otherRows struct {
	settled  Outcome // outcome with which the attempt was settled
	released bool

	linked bool           // whether the recording's row names its call
	file   RecordingState // filed or lost; empty: neither yet
}

// perform performs a local action.
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

// fileRecording files the recording, or loses it.
func (r *otherRows) fileRecording(s *simulation) {
	if !s.acs.recording || !s.acs.gone || r.file != "" {
		return
	}
	r.file = RecordingFiled
	if s.chance(20, "lost") {
		r.file = RecordingLost
	}
	if !r.linked { // the reply to the link will report it
		return
	}
	if op := s.c.Recordings[0].Op; r.file == RecordingFiled {
		s.enqueue(outbox.Ref{}, FilesFiled{RecordingID: "rec", Op: op})
	} else {
		s.enqueue(outbox.Ref{}, FilesLost{RecordingID: "rec", Op: op, Reason: "deleted"})
	}
}
