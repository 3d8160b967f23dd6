package call

import (
	"slices"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// rosterChanged takes in who is in the call, unless it is older than what is
// known. An agent who has joined and was never seen has either left already or
// come after this list was made: ask.
func (s *step) rosterChanged(b ParticipantsUpdated) {
	if b.Sequence < s.Roster.Sequence || s.State == StateEnded {
		return
	}
	s.Roster.Sequence = b.Sequence
	s.updateRoster(b.Participants, b.Count > len(b.Participants), 0)
	unseen := func(p JoinedAgent) bool { return !p.SeenInRoster && !p.Left }
	if s.State == StateConnected && s.EndingAs == "" && slices.ContainsFunc(s.Agents, unseen) {
		s.setDeadline(byKeepAlive, 0)
	}
}

// present takes in who is in the call. When the list is cut, absence from it
// says nothing. A list that was asked for, by the operation look, is the truth
// about everybody who had joined before it was asked for; another one only about
// those who have been in one before. A person who was in none may be listed under
// another spelling, and is gone only where there are none but agents.
func (s *step) updateRoster(list []Participant, cut bool, look int) {
	s.Roster.Participants = list
	there := s.Roster.has(s.RemoteParty())
	personGone := !cut && !there && (s.Roster.RemotePartySeen || look > 0 && s.agentsOnly())
	s.Roster.RemotePartySeen = s.Roster.RemotePartySeen || there
	for i, p := range s.Agents {
		switch {
		case s.Roster.has(p.ID):
			s.Agents[i].SeenInRoster, s.Agents[i].Left = true, false
		case cut:
		case look == 0 && p.SeenInRoster, look > p.JoinedAfterOp:
			s.Agents[i].Left = true
		}
	}
	if s.State != StateConnected || s.EndingAs != "" {
		return
	}
	if personGone {
		s.remotePartyLeft()
		return
	}
	if n, ok := s.node().(*flow.Talk); ok && s.alone() {
		s.enter(n.Next)
	}
}

// agentsOnly reports whether there are people in the call, all of them agents.
func (s *step) agentsOnly() bool {
	return len(s.Roster.Participants) > 0 && !slices.ContainsFunc(s.Roster.Participants, func(p Participant) bool {
		return !slices.ContainsFunc(s.Agents, func(a JoinedAgent) bool { return a.ID == p.ID })
	})
}

// alone reports whether no agent is in the call any more.
func (s *step) alone() bool {
	return !slices.ContainsFunc(s.Agents, func(p JoinedAgent) bool { return !p.Left })
}

// look asks ACS about a call of which nothing was heard for a while.
func (s *step) keepAliveTimeout() {
	if s.State != StateConnected {
		return
	}
	if !s.Pending.Has(outbox.VerbCheckParticipants) {
		s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
	}
	s.setDeadline(byKeepAlive, s.Limits.KeepAlive)
}

// looked takes in who is in the call, and what that decides.
func (s *step) participantsChecked(list []Participant, connected bool) {
	switch {
	case s.State == StateRinging && s.Direction == DirectionOutbound:
		s.ringTimeoutChecked(connected)
		s.updateRoster(list, false, s.e.Ref.Op)
	case s.State == StateRinging:
		// It is there, so it is connected: the event that says so was lost.
		s.connected()
		s.updateRoster(list, false, s.e.Ref.Op)
	case s.State == StateConnected:
		invite := s.Wait.Invite.Check == s.e.Ref
		s.updateRoster(list, false, s.e.Ref.Op)
		if s.EndingAs != "" {
			if !s.Pending.Has(outbox.VerbHangUp) {
				s.hangUp(s.EndingAs) // still there: hang up again
			}
		} else if invite && s.Wait.Invite.Check == s.e.Ref {
			s.inviteChecked()
		}
	}
}
