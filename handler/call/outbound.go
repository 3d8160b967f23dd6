package call

import "switchboard/handler/call/outbox"

// Dial is what an outbound call is placed for: enough to give back, without the
// call, whatever was taken for it.
type Dial struct {
	Line    string     `json:"line,omitempty"`   // raw id of our line
	Callee  string     `json:"callee,omitempty"` // raw id of who is called
	Attempt AttemptRef `json:"attempt,omitzero"`
}

// Attempt is one dialling of one contact of a campaign. Zero: the call belongs to
// no campaign.
type AttemptRef struct {
	Campaign string `json:"campaign"`
	Contact  string `json:"contact"`
	Shard    int    `json:"shard"` // the partition that holds the contact
	Claim    int    `json:"claim"` // number of the attempt, from 1
}

// CreateOp is the operation that places a call: its first.
const CreateOp = 1

// dialled opens the call and owes the request that rings somebody.
func (s *step) dialled(d Dialled) {
	if s.State != "" {
		return // somebody else has opened it, or buried it
	}
	s.open(d.Dial)
	s.State, s.Flow, s.Limits = StateRinging, d.Flow, d.Limits
	s.OfferedAt = s.now
	s.addAction(outbox.Action{Verb: outbox.VerbCreate, Target: s.Callee})
	s.setDeadline(byConfirm, s.Limits.Confirm)
	s.setDeadline(byEnd, s.Limits.Call)
}

func (s *step) open(d Dial) {
	s.Schema, s.Direction = Schema, DirectionOutbound
	s.Line, s.Callee, s.Attempt = d.Line, d.Callee, d.Attempt
}

// buried takes the place of a call that was listed and never written, so that
// whoever was about to write it finds that it is over.
func (s *step) tombstone(d Dial) {
	if s.State != "" {
		return
	}
	s.Schema = Schema
	if d != (Dial{}) {
		s.open(d)
	}
	s.end(OutcomeCancelled)
}

// placed takes in that ACS took the request: the telephone rings.
func (s *step) createAccepted() {
	if s.State != StateRinging {
		return
	}
	s.clearDeadline(byConfirm)
	s.setDeadline(byRing, s.Limits.Ring)
}

// notPlaced takes in that ACS will not ring anybody.
func (s *step) createRefused() {
	if s.State == StateRinging {
		s.Result = s.e.Result
		s.end(ClassifyRequest(s.Result))
	}
}

// denied gives the call up when it may not be placed any more.
func (s *step) checkGate(g *DialVerdict) {
	if g == nil || g.Allowed || s.State != StateRinging {
		return
	}
	if i := s.Pending.IndexVerb(outbox.VerbCreate); i >= 0 && s.Pending[i].Owner == "" {
		s.end(OutcomeCancelled)
	}
}

// unsettled ends a call of which nothing was heard for so long that nothing will be.
// One that was refused for the time being again and again was never placed.
func (s *step) confirmTimeout() {
	if s.State != StateRinging {
		return
	}
	if i := s.Pending.IndexVerb(outbox.VerbCreate); i >= 0 && s.Pending[i].Owner != "" { // its owner may be sending it this moment
		s.Deadlines[byConfirm] = s.Pending[i].LeaseUntil
		return
	}
	s.end(s.outcomeUnconfirmed())
	s.hangUpLate()
}

// unplaced is the outcome of a call that is given up before ACS has said that it
// placed it.
func (s *step) outcomeUnconfirmed() Outcome {
	if i := s.Pending.IndexVerb(outbox.VerbCreate); i >= 0 && !s.Pending[i].Sent() {
		return OutcomeThrottled
	}
	return OutcomeUnknown
}

// rungOut looks after a telephone that has rung long enough. It may have been
// answered, and the event that says so lost.
func (s *step) ringTimeout() {
	if s.State == StateRinging {
		s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
	}
}

// rungOutLooked decides by ACS's word whether a call that has rung long enough is answered.
func (s *step) ringTimeoutChecked(connected bool) {
	switch {
	case s.EndingAs != "": // still there: hang up again
		if !s.Pending.Has(outbox.VerbHangUp) {
			s.hangUp(s.EndingAs)
		}
	case connected:
		s.connected()
	default:
		s.hangUp(OutcomeNoAnswer)
	}
}
