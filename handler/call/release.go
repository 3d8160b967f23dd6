package call

import (
	"slices"
	"time"
)

// release hangs up for everybody; the call ends when ACS says that it is over.
// Whatever else ACS was still owed is dropped.
func (s *step) release(as Outcome) {
	if s.Ending == "" {
		s.Ending = as
	}
	s.Wait = Wait{}
	s.drop()
	for _, d := range []Deadline{byRing, byPrompt, byInvite, byRecording, byLook} {
		s.met(d)
	}
	s.do(Action{Verb: HangUp})
	s.deadline(byHangup, s.Limits.Hangup)
}

// drop strikes off everything that ACS was to be asked for. A recording that was
// not asked for yet will not be.
func (s *step) drop() {
	for _, a := range s.Pending {
		if i := s.recording(a.Op, ""); a.Verb == StartRecord && i >= 0 && !a.sent() {
			s.Recordings[i].State = RecordingNone
		}
	}
	s.Pending = slices.DeleteFunc(s.Pending, func(a Action) bool { return a.Verb.Repeat() != Storage })
}

// personLeft ends a call that its person has left while others are still in it.
func (s *step) personLeft() {
	s.release(s.outcomeNow())
}

// tooLong ends a call that has reached its longest time.
func (s *step) tooLong() {
	switch s.State {
	case StateConnected:
		s.release(s.outcomeNow())
	case StateRinging:
		s.end(s.unmet())
		s.hangUpLate()
	}
}

// unmet is the outcome of a call that rings and is given up.
func (s *step) unmet() Outcome {
	_, unsettled := s.Deadlines[bySettle]
	switch {
	case s.Ending != "":
		return s.Ending
	case s.Direction == Inbound:
		return Missed
	case unsettled:
		return s.unplaced()
	default:
		return NoAnswer
	}
}

// maxHistory is how many rows of history a call may have: more than any
// conversation makes, and few enough to be read and replayed.
const maxHistory = 9900

// full ends a call at its last row of history. Nothing is waited for any more,
// because waiting takes rows too.
func (s *step) full() {
	if s.Seq+1 < maxHistory || s.State == StateEnded {
		return
	}
	as := s.unmet()
	if s.State == StateConnected {
		as = s.outcomeNow()
	}
	s.end(as)
	s.hangUpLate()
}

// hangupOverdue looks whether a call that was hung up is over.
func (s *step) hangupOverdue() {
	if s.State == StateEnded {
		return
	}
	for _, a := range s.Pending {
		if a.Verb == HangUp { // not heard of yet: its owner is at it, or the next one will be
			s.Deadlines[byHangup] = later(a.Until, s.now.Add(s.Limits.Hangup))
			return
		}
	}
	if !s.HasPending(Look) {
		s.do(Action{Verb: Look})
	}
	s.deadline(byHangup, s.Limits.Hangup+s.Limits.own(Look))
}

// hangUpLate hangs up a connection that came to be after we gave the call up.
func (s *step) hangUpLate() {
	if s.ConnectionID != "" && !s.HasPending(HangUp) {
		s.do(Action{Verb: HangUp})
	}
}

// foundLate hangs up a connection that is first heard of when the call is over,
// unless what is heard is its end.
func (s *step) foundLate() {
	if !s.found || s.State != StateEnded || !s.ConnectedAt.IsZero() {
		return
	}
	switch s.e.Body.(type) {
	case Disconnected, AnswerFailed, CreateFailed:
	default:
		s.hangUpLate()
	}
}

// disconnected ends the call. One that was not seen connected waits a little for
// the event that says more.
func (s *step) disconnected() {
	switch s.State {
	case StateConnected:
		s.Result = s.e.Result
		s.end(s.outcomeNow())
	case StateRinging:
		if s.goneEarly() {
			return
		}
		s.Result = s.e.Result
		for _, d := range []Deadline{byAnswer, byConnect, bySettle, byRing, byHangup} {
			s.met(d)
		}
		s.drop()
		s.deadline(byGone, goneWait)
	case StateEnded:
		s.drop() // a late hang-up has nothing left to do
	}
}

// goneEarly reports that the call's end was heard before its connection.
func (s *step) goneEarly() bool {
	_, ok := s.Deadlines[byGone]
	return ok
}

// stayedGone ends a call of whose end nothing more was heard.
func (s *step) stayedGone() {
	if s.State == StateRinging {
		s.end(s.lost())
	}
}

// outcomeNow is the outcome of a connected call that ends at this moment.
func (s *step) outcomeNow() Outcome {
	switch {
	case s.Ending != "":
		return s.Ending
	case len(s.Agents) > 0:
		return Completed
	default:
		return Abandoned
	}
}

// end is the one way to StateEnded.
func (s *step) end(as Outcome) {
	s.State, s.Outcome, s.EndedAt = StateEnded, as, s.now
	s.drop()
	for i, r := range s.Recordings {
		if r.State == RecordingStarted {
			s.Recordings[i].State = RecordingFinished
		}
	}
	s.Wait, s.Deadlines, s.Context = Wait{}, nil, ""
	s.settle()
	if slices.ContainsFunc(s.Recordings, Recording.owed) {
		s.deadline(byFile, s.Limits.Recording)
	}
}

// settle owes what others are to know of the end of an outbound call, in the order
// in which they may: the campaign first, because a number that is free can be rung.
func (s *step) settle() {
	if s.Direction != Outbound {
		return
	}
	if s.Outcome.lineFails() {
		s.do(Action{Verb: SlowLine, At: s.now.Add(lineWait)})
	}
	if s.Attempt != (Attempt{}) {
		s.do(Action{Verb: Settle})
	}
	s.do(Action{Verb: Release})
}

// lineWait is how long a line waits after a call that failed because of it.
const lineWait = 30 * time.Second
