package call

import "switchboard/handler/call/outbox"

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
	s.setDeadline(DeadlineAnswer, s.Limits.Answer-s.now.Sub(s.OfferedAt))
	s.setDeadline(DeadlineEnd, s.Limits.Call)
}

// answerTimeout gives the call up, unless its answer may have been sent.
func (s *step) answerTimeout() {
	i := s.Pending.IndexVerb(outbox.VerbAnswer)
	switch {
	case s.State != StateRinging || i < 0:
	case s.Pending[i].Owner != "" && s.now.Before(s.Pending[i].LeaseUntil):
		// Its owner may be sending it now: decide when the lease has ended.
		s.setDeadlineAt(DeadlineAnswer, s.Pending[i].LeaseUntil)
	case s.Pending[i].Sent(): // ACS may have accepted it: wait for Connected, and do not send it again
		s.removeAction(s.Pending[i].Ref)
		s.setDeadline(DeadlineConnect, s.Limits.Connect)
	default:
		s.end(OutcomeMissed)
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
	s.clearDeadline(DeadlineAnswer)
	s.setDeadline(DeadlineConnect, s.Limits.Connect)
}

// answerFailed ends a call whose answer ACS refused, unless an earlier request may have been accepted.
func (s *step) answerFailed(a outbox.Action, f failure) {
	if f.performedBefore(a) {
		s.clearDeadline(DeadlineAnswer)
		s.setDeadline(DeadlineConnect, s.Limits.Connect)
		return
	}
	s.Result = s.e.Result
	s.end(outcomeAnswerRefused(f.code))
}

// outcomeAnswerRefused returns the outcome of a call whose answer ACS refused with this code.
func outcomeAnswerRefused(code string) Outcome {
	switch code {
	case "7504", "7507", "8567": // no permission, another resource's key, no speech service
		return OutcomeMisconfigured
	case CodeGone, "8528", "8585", "8587": // the caller has left, or it was too late
		return OutcomeMissed
	default:
		return OutcomeFailed
	}
}
