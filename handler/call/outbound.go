package call

import "switchboard/handler/call/outbox"

// Dial is what an outbound call was dialled for. It suffices to release, without the call, what was reserved
// for it.
type Dial struct {
	Line    string     `json:"line,omitempty"`   // raw id of our line
	Callee  string     `json:"callee,omitempty"` // raw id of the person called
	Attempt AttemptRef `json:"attempt,omitzero"`
}

// AttemptRef identifies one attempt at one contact of a campaign. Zero: the call belongs to no campaign.
type AttemptRef struct {
	Campaign string `json:"campaign"`
	Contact  string `json:"contact"`
	Shard    int    `json:"shard"` // the partition that holds the contact
	Claim    int    `json:"claim"` // number of the attempt, from 1
}

// CreateOp is the number of the operation that dials an outbound call: it is the call's first.
const CreateOp = 1

// dialled opens an outbound call and adds its CreateCall.
func (s *step) dialled(d Dialled) {
	if s.State != "" {
		return // the call is open already, or has a tombstone
	}
	s.open(d.Dial)
	s.State, s.Flow, s.Limits = StateRinging, d.Flow, d.Limits
	s.OfferedAt = s.now
	s.addAction(outbox.Action{Verb: outbox.VerbCreate, Target: s.Callee})
	s.setDeadline(DeadlineConfirm, s.Limits.Confirm)
	s.setDeadline(DeadlineEnd, s.Limits.Call)
}

// open makes the call an outbound one for d.
func (s *step) open(d Dial) {
	s.Schema, s.Direction = Schema, DirectionOutbound
	s.Line, s.Callee, s.Attempt = d.Line, d.Callee, d.Attempt
}

// tombstone ends a call that was never opened, so that a process that is about to open it finds it ended.
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

// createAccepted records that ACS accepted the CreateCall: the telephone rings.
func (s *step) createAccepted() {
	if s.State != StateRinging {
		return
	}
	s.clearDeadline(DeadlineConfirm)
	s.setDeadline(DeadlineRing, s.Limits.Ring)
}

// createFailed ends a call whose CreateCall ACS refused.
func (s *step) createFailed() {
	if s.State == StateRinging {
		s.Result = s.e.Result
		s.end(ClassifyRequest(s.Result))
	}
}

// checkGate ends a call that the gate refuses, if its CreateCall is pending without an owner. One that is
// leased may have been sent.
func (s *step) checkGate(verdict *DialVerdict) {
	if verdict == nil || verdict.Allowed || s.State != StateRinging {
		return
	}
	if i := s.Pending.IndexVerb(outbox.VerbCreate); i >= 0 && s.Pending[i].Owner == "" {
		s.end(OutcomeCancelled)
	}
}

// confirmTimeout ends a call that ACS did not report on within Limits.Confirm.
func (s *step) confirmTimeout() {
	if s.State != StateRinging {
		return
	}
	if i := s.Pending.IndexVerb(outbox.VerbCreate); i >= 0 && s.Pending[i].Owner != "" {
		// Its owner may be sending it now: decide when the lease has ended.
		s.setDeadlineAt(DeadlineConfirm, s.Pending[i].LeaseUntil)
		return
	}
	s.end(s.outcomeUnconfirmed())
	s.hangUpLate()
}

// outcomeUnconfirmed returns the outcome of a call that is given up before ACS accepted its CreateCall:
// throttled if ACS throttled every request, otherwise unknown.
func (s *step) outcomeUnconfirmed() Outcome {
	if i := s.Pending.IndexVerb(outbox.VerbCreate); i >= 0 && !s.Pending[i].Sent() {
		return OutcomeThrottled
	}
	return OutcomeUnknown
}

// ringTimeout checks a call that has rung for Limits.Ring. It may have been answered and the event lost.
func (s *step) ringTimeout() {
	if s.State == StateRinging {
		s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
	}
}

// ringTimeoutChecked takes a call that has rung for Limits.Ring into its flow if ACS returns it as
// connected, and hangs it up otherwise.
func (s *step) ringTimeoutChecked(connected bool) {
	switch {
	case s.EndingAs != "":
		s.hangUpAgain()
	case connected:
		s.connected()
	default:
		s.hangUp(OutcomeNoAnswer)
	}
}
