package call

import (
	"slices"
	"switchboard/handler/call/outbox"
	"time"
)

// release hangs up for everybody; the call ends when ACS says that it is over.
// Whatever else ACS was still owed is dropped.
func (s *step) hangUp(as Outcome) {
	if s.EndingAs == "" {
		s.EndingAs = as
	}
	s.Wait = Wait{}
	s.dropPending()
	for _, d := range []Deadline{byRing, byPrompt, byInvite, byRecording, byKeepAlive} {
		s.clearDeadline(d)
	}
	s.addAction(outbox.Action{Verb: outbox.VerbHangUp})
	s.setDeadline(byHangup, s.Limits.Hangup)
}

// drop strikes off everything that ACS was to be asked for. A recording that was
// not asked for yet will not be.
func (s *step) dropPending() {
	for _, a := range s.Pending {
		if i := s.recording(a.Op, ""); a.Verb == outbox.VerbStartRecording && i >= 0 && !a.Sent() {
			s.Recordings[i].State = RecordingFailed
		}
	}
	s.Pending = slices.DeleteFunc(s.Pending, func(a outbox.Action) bool { return a.Verb.RetryClass() != outbox.Local })
}

// personLeft ends a call that its person has left while others are still in it.
func (s *step) remotePartyLeft() {
	s.hangUp(s.outcomeNow())
}

// tooLong ends a call that has reached its longest time.
func (s *step) callTimeout() {
	switch s.State {
	case StateConnected:
		s.hangUp(s.outcomeNow())
	case StateRinging:
		s.end(s.outcomeGivenUp())
		s.hangUpLate()
	}
}

// unmet is the outcome of a call that rings and is given up.
func (s *step) outcomeGivenUp() Outcome {
	_, unsettled := s.Deadlines[byConfirm]
	switch {
	case s.EndingAs != "":
		return s.EndingAs
	case s.Direction == DirectionInbound:
		return OutcomeMissed
	case unsettled:
		return s.outcomeUnconfirmed()
	default:
		return OutcomeNoAnswer
	}
}

// maxHistory is how many rows of history a call may have: more than any
// conversation makes, and few enough to be read and replayed.
const maxHistory = 9900

// full ends a call at its last row of history. Nothing is waited for any more,
// because waiting takes rows too.
func (s *step) limitHistory() {
	if s.Seq+1 < maxHistory || s.State == StateEnded {
		return
	}
	as := s.outcomeGivenUp()
	if s.State == StateConnected {
		as = s.outcomeNow()
	}
	s.end(as)
	s.hangUpLate()
}

// hangupOverdue looks whether a call that was hung up is over.
func (s *step) hangUpTimeout() {
	if s.State == StateEnded {
		return
	}
	for _, a := range s.Pending {
		if a.Verb == outbox.VerbHangUp { // not heard of yet: its owner is at it, or the next one will be
			s.Deadlines[byHangup] = later(a.LeaseUntil, s.now.Add(s.Limits.Hangup))
			return
		}
	}
	if !s.Pending.Has(outbox.VerbCheckParticipants) {
		s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
	}
	s.setDeadline(byHangup, s.Limits.Hangup+s.Limits.lease(outbox.VerbCheckParticipants))
}

// hangUpLate hangs up a connection that came to be after we gave the call up.
func (s *step) hangUpLate() {
	if s.ConnectionID != "" && !s.Pending.Has(outbox.VerbHangUp) {
		s.addAction(outbox.Action{Verb: outbox.VerbHangUp})
	}
}

// foundLate hangs up a connection that is first heard of when the call is over,
// unless what is heard is its end.
func (s *step) hangUpLateConnection() {
	if !s.firstReport || s.State != StateEnded || !s.ConnectedAt.IsZero() {
		return
	}
	switch s.e.Body.(type) {
	case Disconnected, AnswerFailed, CreateCallFailed:
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
		if s.disconnectedFirst() {
			return
		}
		s.Result = s.e.Result
		for _, d := range []Deadline{byAnswer, byConnect, byConfirm, byRing, byHangup} {
			s.clearDeadline(d)
		}
		s.dropPending()
		s.setDeadline(byDisconnect, disconnectWait)
	case StateEnded:
		s.dropPending() // a late hang-up has nothing left to do
	}
}

// goneEarly reports that the call's end was heard before its connection.
func (s *step) disconnectedFirst() bool {
	_, ok := s.Deadlines[byDisconnect]
	return ok
}

// stayedGone ends a call of whose end nothing more was heard.
func (s *step) disconnectTimeout() {
	if s.State == StateRinging {
		s.end(s.outcomeNeverConnected())
	}
}

// outcomeNow is the outcome of a connected call that ends at this moment.
func (s *step) outcomeNow() Outcome {
	switch {
	case s.EndingAs != "":
		return s.EndingAs
	case len(s.Agents) > 0:
		return OutcomeCompleted
	default:
		return OutcomeAbandoned
	}
}

// end is the one way to StateEnded.
func (s *step) end(as Outcome) {
	s.State, s.Outcome, s.EndedAt = StateEnded, as, s.now
	s.dropPending()
	for i, r := range s.Recordings {
		if r.State == RecordingStarted {
			s.Recordings[i].State = RecordingFinished
		}
	}
	s.Wait, s.Deadlines, s.IncomingCallContext = Wait{}, nil, ""
	s.settleAndRelease()
	if slices.ContainsFunc(s.Recordings, Recording.outstanding) {
		s.setDeadline(byFile, s.Limits.Recording)
	}
}

// settle owes what others are to know of the end of an outbound call, in the order
// in which they may: the campaign first, because a number that is free can be rung.
func (s *step) settleAndRelease() {
	if s.Direction != DirectionOutbound {
		return
	}
	if s.Outcome.isLineFault() {
		s.addAction(outbox.Action{Verb: outbox.VerbBackOff, At: s.now.Add(lineWait)})
	}
	if s.Attempt != (AttemptRef{}) {
		s.addAction(outbox.Action{Verb: outbox.VerbSettle})
	}
	s.addAction(outbox.Action{Verb: outbox.VerbRelease})
}

// lineWait is how long a line waits after a call that failed because of it.
const lineWait = 30 * time.Second
