package call

import "slices"

// offered opens the call and owes its answer.
func (s *step) offered(o Offered) {
	if s.State != "" {
		return // a second offer of the same call
	}
	s.Schema = Schema
	s.Direction = Inbound
	s.Line, s.Caller, s.Name, s.Context = o.Line, o.Caller, o.Name, o.Context
	s.ServerCallID, s.CorrelationID = s.e.ServerCallID, s.e.CorrelationID
	s.State, s.Flow, s.Limits = StateRinging, o.Flow, o.Limits
	s.OfferedAt = s.e.At.UTC()
	if s.OfferedAt.IsZero() || s.OfferedAt.After(s.now) {
		s.OfferedAt = s.now
	}
	s.do(Action{Verb: Answer})
	s.deadline(byAnswer, s.Limits.Answer-s.now.Sub(s.OfferedAt))
	s.deadline(byEnd, s.Limits.Call)
}

// tooLateToAnswer gives the call up, unless an answer is under way.
func (s *step) tooLateToAnswer() {
	i := slices.IndexFunc(s.Pending, func(a Action) bool { return a.Verb == Answer })
	switch {
	case s.State != StateRinging || i < 0:
	case s.Pending[i].By != "" && s.now.Before(s.Pending[i].Until):
		// Its owner may be sending it this moment; look again when that is over.
		s.Deadlines[byAnswer] = s.Pending[i].Until
	case s.Pending[i].sent(): // perhaps; but it is not sent again
		s.strike(s.Pending[i].Ref)
		s.deadline(byConnect, s.Limits.Connect)
	default:
		s.end(Missed)
	}
}

// connected takes the call into its flow.
func (s *step) connected() {
	s.strikeVerb(Answer)
	s.strikeVerb(Create)
	for _, d := range []Deadline{byAnswer, byConnect, bySettle, byRing} {
		s.met(d)
	}
	switch {
	case s.State == StateEnded:
		if s.ConnectedAt.IsZero() {
			s.hangUpLate() // we had given it up
		}
	case s.State != StateRinging:
	case s.goneEarly():
		s.met(byGone)
		s.end(s.outcomeNow()) // its end overtook its beginning
	case s.Ending != "": // answered while we were hanging up
		s.State, s.ConnectedAt = StateConnected, s.now
	default:
		s.State, s.ConnectedAt, s.Context = StateConnected, s.now, ""
		s.deadline(byLook, s.Limits.Look)
		s.enter(s.flow.Start)
	}
}

// neverConnected ends a call that ACS says has come to nothing.
func (s *step) neverConnected() {
	if s.State != StateRinging {
		return
	}
	s.Result = s.e.Result
	s.end(s.lost())
}

// lost is the outcome of a call that was never seen connected. One that we hung up
// ends as we meant it to, unless the network knew better. A caller who took the call
// back, or was connected to nobody, has abandoned it.
func (s *step) lost() Outcome {
	o := Classify(s.Result)
	switch {
	case o != Completed && o != Cancelled && o != Failed:
		return o
	case s.Ending != "":
		return s.Ending
	case o == Failed:
		return o
	default:
		return Abandoned
	}
}

// notConnected looks after a call that was answered, it seems, and of whose
// connection nothing was heard.
func (s *step) notConnected() {
	switch {
	case s.State != StateRinging:
	case s.ConnectionID != "":
		s.do(Action{Verb: Look})
	default:
		s.end(Missed)
	}
}

// answered takes in that ACS took the answer. The call goes on with Connected.
func (s *step) answered() {
	s.Context = ""
	s.met(byAnswer)
	s.deadline(byConnect, s.Limits.Connect)
}
