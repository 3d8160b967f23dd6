package call

import (
	"slices"
	"switchboard/handler/call/outbox"
)

// offered opens the call and owes its answer.
func (s *step) offered(o Offered) {
	if s.State != "" {
		return // a second offer of the same call
	}
	s.Schema = Schema
	s.Direction = DirectionInbound
	s.Line, s.Caller, s.Name, s.IncomingCallContext = o.Line, o.Caller, o.CallerName, o.IncomingCallContext
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

// tooLateToAnswer gives the call up, unless an answer is under way.
func (s *step) answerTimeout() {
	i := slices.IndexFunc(s.Pending, func(a outbox.Action) bool { return a.Verb == outbox.VerbAnswer })
	switch {
	case s.State != StateRinging || i < 0:
	case s.Pending[i].Owner != "" && s.now.Before(s.Pending[i].LeaseUntil):
		// Its owner may be sending it this moment; look again when that is over.
		s.Deadlines[byAnswer] = s.Pending[i].LeaseUntil
	case s.Pending[i].Sent(): // perhaps; but it is not sent again
		s.removeAction(s.Pending[i].Ref)
		s.setDeadline(byConnect, s.Limits.Connect)
	default:
		s.end(OutcomeMissed)
	}
}

// connected takes the call into its flow.
func (s *step) connected() {
	s.removeActions(outbox.VerbAnswer)
	s.removeActions(outbox.VerbCreate)
	for _, d := range []Deadline{byAnswer, byConnect, byConfirm, byRing} {
		s.clearDeadline(d)
	}
	switch {
	case s.State == StateEnded:
		if s.ConnectedAt.IsZero() {
			s.hangUpLate() // we had given it up
		}
	case s.State != StateRinging:
	case s.disconnectedFirst():
		s.clearDeadline(byDisconnect)
		s.end(s.outcomeNow()) // its end overtook its beginning
	case s.EndingAs != "": // answered while we were hanging up
		s.State, s.ConnectedAt = StateConnected, s.now
	default:
		s.State, s.ConnectedAt, s.IncomingCallContext = StateConnected, s.now, ""
		s.setDeadline(byKeepAlive, s.Limits.KeepAlive)
		s.enter(s.flow.Start)
	}
}

// neverConnected ends a call that ACS says has come to nothing.
func (s *step) setupFailed() {
	if s.State != StateRinging {
		return
	}
	s.Result = s.e.Result
	s.end(s.outcomeNeverConnected())
}

// lost is the outcome of a call that was never seen connected. One that we hung up
// ends as we meant it to, unless the network knew better. A caller who took the call
// back, or was connected to nobody, has abandoned it.
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

// notConnected looks after a call that was answered, it seems, and of whose
// connection nothing was heard.
func (s *step) connectTimeout() {
	switch {
	case s.State != StateRinging:
	case s.ConnectionID != "":
		s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
	default:
		s.end(OutcomeMissed)
	}
}

// answered takes in that ACS took the answer. The call goes on with Connected.
func (s *step) answerAccepted() {
	s.IncomingCallContext = ""
	s.clearDeadline(byAnswer)
	s.setDeadline(byConnect, s.Limits.Connect)
}
