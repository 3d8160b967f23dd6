package call

import (
	"slices"

	"switchboard/handler/call/outbox"
)

// offered opens an inbound call and adds its answer.
func (s *step) offered(o Offered) {
	if s.State != "" {
		return // the call is open already, or has a tombstone
	}
	s.Schema = Schema
	s.Direction = DirectionInbound
	s.Line, s.Caller, s.IncomingCallContext = o.Line, o.Caller, o.IncomingCallContext
	s.ServerCallID, s.CorrelationID = s.e.ServerCallID, s.e.CorrelationID
	s.State, s.Flow, s.Limits = StateRinging, o.Flow, o.Limits
	s.OfferedAt = s.e.At.UTC()
	if s.OfferedAt.IsZero() || s.OfferedAt.After(s.now) {
		s.OfferedAt = s.now
	}
	s.addAction(outbox.Action{Verb: outbox.VerbAnswer})
	s.setDeadline(byAnswer, s.Limits.Answer-s.now.Sub(s.OfferedAt))
	s.setDeadline(byEnd, s.Limits.Call)
}

// answerTimeout gives the call up, unless its answer may have been sent.
func (s *step) answerTimeout() {
	i := slices.IndexFunc(s.Pending, func(a outbox.Action) bool { return a.Verb == outbox.VerbAnswer })
	switch {
	case s.State != StateRinging || i < 0:
	case s.Pending[i].Owner != "" && s.now.Before(s.Pending[i].LeaseUntil):
		// Its owner may be sending it now: decide when the lease has ended.
		s.Deadlines[byAnswer] = s.Pending[i].LeaseUntil
	case s.Pending[i].Sent(): // ACS may have accepted it: wait for Connected, and do not send it again
		s.removeAction(s.Pending[i].Ref)
		s.setDeadline(byConnect, s.Limits.Connect)
	default:
		s.end(OutcomeMissed)
	}
}

// connected confirms that the call is connected and enters its flow. A call that was given up before is hung
// up.
func (s *step) connected() {
	s.removeActions(outbox.VerbAnswer)
	s.removeActions(outbox.VerbCreate)
	for _, d := range []Deadline{byAnswer, byConnect, byConfirm, byRing} {
		s.clearDeadline(d)
	}
	switch {
	case s.State == StateEnded:
		if s.ConnectedAt.IsZero() {
			s.hangUpLate()
		}
	case s.State != StateRinging:
	case s.disconnectedFirst():
		s.clearDeadline(byDisconnect)
		s.end(s.outcomeNow()) // Connected and Disconnected came in reverse order
	case s.EndingAs != "": // it was answered while we were hanging up
		s.State, s.ConnectedAt = StateConnected, s.now
	default:
		s.State, s.ConnectedAt, s.IncomingCallContext = StateConnected, s.now, ""
		s.setDeadline(byKeepAlive, s.Limits.KeepAlive)
		s.enter(s.flow.Start)
	}
}

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

// connectTimeout handles a call that was answered, or may have been, and was not reported connected. If ACS
// has reported a connection at all, it is asked about the call.
func (s *step) connectTimeout() {
	switch {
	case s.State != StateRinging:
	case s.ConnectionID != "":
		s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
	default:
		s.end(OutcomeMissed)
	}
}

// answerAccepted records that ACS accepted the answer. The call goes on with Connected.
func (s *step) answerAccepted() {
	s.IncomingCallContext = ""
	s.clearDeadline(byAnswer)
	s.setDeadline(byConnect, s.Limits.Connect)
}
