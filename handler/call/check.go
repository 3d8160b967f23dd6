package call

import "switchboard/handler/call/outbox"

// checkParticipants asks ACS for the participants, unless that is under way.
func (s *step) checkParticipants() {
	if !s.Pending.Has(outbox.VerbCheckParticipants) {
		s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
	}
}

// keepAliveTimeout checks the participants of a call for which no event came for Limits.KeepAlive.
func (s *step) keepAliveTimeout() {
	if s.State != StateConnected {
		return
	}
	s.checkParticipants()
	s.setDeadline(DeadlineKeepAlive, s.Limits.KeepAlive)
}

// checkIfGone makes the keep-alive due if ACS refused a request because it does not have the call or the
// participant.
func (s *step) checkIfGone(f failure) {
	if f.gone() && s.State == StateConnected {
		s.setDeadline(DeadlineKeepAlive, 0)
	}
}

// participantsChecked handles the list of a check of participants, and decides what was checked for: whether
// the call is connected, whether a hang-up took effect, or whether an invited agent has joined.
func (s *step) participantsChecked(participants []Participant, answered bool) {
	list := participantList{participants: participants, checkOp: s.e.Ref.Op}
	switch s.State {
	case StateRinging:
		if s.Direction == DirectionOutbound {
			s.ringTimeoutChecked(answered)
		} else { // ACS has the call, so it is connected, and the event was lost
			s.connected()
		}
		s.updateRoster(list)
	case StateConnected:
		ofInvite := s.isInviteCheck(s.e.Ref)
		s.updateRoster(list)
		switch {
		case s.EndingAs != "":
			s.hangUpAgain()
		case ofInvite && s.isInviteCheck(s.e.Ref): // and the list did not take the call elsewhere
			s.inviteChecked()
		}
	}
}

// checkFailed handles a check of participants that ACS refused, or that got no response on its last send.
func (s *step) checkFailed(a outbox.Action, f failure) {
	switch {
	case f.gone():
		s.callGone()
	case s.State == StateRinging: // ACS has the call, but it is not connected in time
		s.end(s.outcomeGivenUp())
		s.hangUpLate()
	case s.isInviteCheck(a.Ref):
		s.inviteNext() // inviting the same agent again could ring one telephone twice
	}
}
