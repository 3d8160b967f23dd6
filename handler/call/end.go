package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
)

// hangUp hangs up for everyone and drops all other requests to ACS. The call ends, with the outcome, when
// ACS reports its end. The outcome of an earlier hangUp is kept.
func (s *step) hangUp(outcome Outcome) {
	if s.EndingAs == "" {
		s.EndingAs = outcome
	}
	s.Wait = Wait{}
	s.dropPending()
	for _, d := range []Deadline{DeadlineRing, DeadlinePrompt, DeadlineInvite, DeadlineRecording, DeadlineKeepAlive} {
		s.clearDeadline(d)
	}
	s.addAction(outbox.Action{Verb: outbox.VerbHangUp})
	s.setDeadline(DeadlineHangup, s.Limits.Hangup)
}

// dropPending removes all pending requests to ACS. A recording whose start was not sent yet has failed.
func (s *step) dropPending() {
	for _, a := range s.Pending {
		if i := s.recording(a.Op, ""); a.Verb == outbox.VerbStartRecording && i >= 0 && !a.Sent() {
			s.Recordings[i].State = RecordingFailed
		}
	}
	s.Pending = slices.DeleteFunc(s.Pending, func(a outbox.Action) bool { return a.Verb.RetryClass() != outbox.Local })
}

// callTimeout ends a call that has lasted for Limits.Call.
func (s *step) callTimeout() {
	switch s.State {
	case StateConnected:
		s.hangUp(s.outcomeNow())
	case StateRinging:
		s.end(s.outcomeGivenUp())
		s.hangUpLate()
	}
}

// outcomeGivenUp returns the outcome of a ringing call that is given up now.
func (s *step) outcomeGivenUp() Outcome {
	switch {
	case s.EndingAs != "":
		return s.EndingAs
	case s.Direction == DirectionInbound:
		return OutcomeMissed
	case s.hasDeadline(DeadlineConfirm):
		return s.outcomeUnconfirmed()
	default:
		return OutcomeNoAnswer
	}
}

// maxHistory is the number of history rows at which a call is ended. It is more than any conversation needs,
// and few enough to be read and replayed.
const maxHistory = 9900

// limitHistory ends a call whose history is full. It does not wait for the hang-up, because waiting takes
// rows too.
func (s *step) limitHistory() {
	if s.Seq+1 < maxHistory || s.State == StateEnded {
		return
	}
	outcome := s.outcomeGivenUp()
	if s.State == StateConnected {
		outcome = s.outcomeNow()
	}
	s.end(outcome)
	s.hangUpLate()
}

// hangUpTimeout checks whether a call that was hung up has ended.
func (s *step) hangUpTimeout() {
	if s.State == StateEnded {
		return
	}
	for _, a := range s.Pending {
		if a.Verb == outbox.VerbHangUp { // it is still being sent, or will be sent again
			s.setDeadlineAt(DeadlineHangup, later(a.LeaseUntil, s.now.Add(s.Limits.Hangup)))
			return
		}
	}
	s.checkParticipants()
	s.setDeadline(DeadlineHangup, s.Limits.Hangup+s.Limits.lease(outbox.VerbCheckParticipants))
}

// hangUpAgain hangs up a call that has not ended although it was hung up.
func (s *step) hangUpAgain() {
	if !s.Pending.Has(outbox.VerbHangUp) {
		s.hangUp(s.EndingAs)
	}
}

// hangUpFailed handles a hang-up that ACS refused.
func (s *step) hangUpFailed(a outbox.Action, f failure) {
	switch {
	case s.State == StateEnded:
	case f.gone():
		s.callGone()
	case f.performedBefore(a):
		s.setDeadline(DeadlineHangup, 0)
	default: // not at once, because ACS would refuse it again
		s.setDeadline(DeadlineHangup, s.Limits.Hangup)
	}
}

// hangUpLate hangs up the connection of a call that was given up before it was connected.
func (s *step) hangUpLate() {
	if s.ConnectionID != "" && !s.Pending.Has(outbox.VerbHangUp) {
		s.addAction(outbox.Action{Verb: outbox.VerbHangUp})
	}
}

// hangUpLateConnection hangs up a connection that is first reported when the call has ended already, unless
// the event reports its end.
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

// disconnected ends a connected call. A ringing one waits for disconnectWait: an event with a more exact
// result may follow, or the Connected that should have come first.
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
		for _, d := range []Deadline{DeadlineAnswer, DeadlineConnect, DeadlineConfirm, DeadlineRing, DeadlineHangup} {
			s.clearDeadline(d)
		}
		s.dropPending()
		s.setDeadline(DeadlineDisconnect, disconnectWait)
	case StateEnded:
		s.dropPending() // a late hang-up is not needed any more
	}
}

// disconnectedFirst reports whether Disconnected came before Connected.
func (s *step) disconnectedFirst() bool { return s.hasDeadline(DeadlineDisconnect) }

// setupFailed ends a call that ACS reports as failed before it was connected.
func (s *step) setupFailed() {
	if s.State != StateRinging {
		return
	}
	s.Result = s.e.Result
	s.end(s.outcomeNeverConnected())
}

// outcomeNeverConnected returns the outcome of a call that ended before it was seen connected, from ACS's
// result. A specific result goes first, then the outcome of our own hang-up. A call that ended normally or
// was cancelled was abandoned by its caller.
func (s *step) outcomeNeverConnected() Outcome {
	o := Classify(s.Result)
	switch {
	case o != OutcomeCompleted && o != OutcomeCancelled && o != OutcomeFailed:
		return o
	case s.EndingAs != "":
		return s.EndingAs
	case o == OutcomeFailed:
		return o
	default:
		return OutcomeAbandoned
	}
}

// disconnectTimeout ends a ringing call whose Disconnected was not followed by another event.
func (s *step) disconnectTimeout() {
	if s.State == StateRinging {
		s.end(s.outcomeNeverConnected())
	}
}

// callGone ends a call that ACS does not have any more.
func (s *step) callGone() {
	switch s.State {
	case StateConnected:
		s.end(s.outcomeNow())
	case StateRinging:
		if s.Direction == DirectionOutbound {
			s.end(s.outcomeGivenUp())
		} else { // our answer was accepted, but the caller has left
			s.end(OutcomeAbandoned)
		}
	}
}

// outcomeNow returns the outcome of a connected call that ends now.
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

// end ends the call. It is the only way to StateEnded.
func (s *step) end(outcome Outcome) {
	s.State, s.Outcome, s.EndedAt = StateEnded, outcome, s.now
	s.dropPending()
	for i, r := range s.Recordings {
		if r.State == RecordingStarted {
			s.Recordings[i].State = RecordingFinished
		}
	}
	s.Wait, s.Deadlines, s.IncomingCallContext = Wait{}, nil, ""
	s.settleAndRelease()
	if slices.ContainsFunc(s.Recordings, Recording.outstanding) {
		s.setDeadline(DeadlineFile, s.Limits.Recording)
	}
}

// settleAndRelease adds the changes of other rows that the end of an outbound call requires. The attempt is
// settled before the number is released, because a released number can be called again.
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

// lineWait is how long a line waits after a call that failed because of the line.
const lineWait = 30 * time.Second
