package call

import (
	"slices"

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
	s.present(b.Participants, b.Count > len(b.Participants), 0)
	unseen := func(p Party) bool { return !p.Seen && !p.Left }
	if s.State == StateConnected && s.Ending == "" && slices.ContainsFunc(s.Agents, unseen) {
		s.deadline(byLook, 0)
	}
}

// present takes in who is in the call. When the list is cut, absence from it
// says nothing. A list that was asked for, by the operation look, is the truth
// about everybody who had joined before it was asked for; another one only about
// those who have been in one before. A person who was in none may be listed under
// another spelling, and is gone only where there are none but agents.
func (s *step) present(list []Participant, cut bool, look int) {
	s.Roster.Participants = list
	there := s.Roster.has(s.Person())
	personGone := !cut && !there && (s.Roster.Person || look > 0 && s.agentsOnly())
	s.Roster.Person = s.Roster.Person || there
	for i, p := range s.Agents {
		switch {
		case s.Roster.has(p.ID):
			s.Agents[i].Seen, s.Agents[i].Left = true, false
		case cut:
		case look == 0 && p.Seen, look > p.After:
			s.Agents[i].Left = true
		}
	}
	if s.State != StateConnected || s.Ending != "" {
		return
	}
	if personGone {
		s.personLeft()
		return
	}
	if n, ok := s.node().(*flow.Talk); ok && s.alone() {
		s.enter(n.Next)
	}
}

// agentsOnly reports whether there are people in the call, all of them agents.
func (s *step) agentsOnly() bool {
	return len(s.Roster.Participants) > 0 && !slices.ContainsFunc(s.Roster.Participants, func(p Participant) bool {
		return !slices.ContainsFunc(s.Agents, func(a Party) bool { return a.ID == p.ID })
	})
}

// alone reports whether no agent is in the call any more.
func (s *step) alone() bool {
	return !slices.ContainsFunc(s.Agents, func(p Party) bool { return !p.Left })
}

// look asks ACS about a call of which nothing was heard for a while.
func (s *step) look() {
	if s.State != StateConnected {
		return
	}
	if !s.HasPending(Look) {
		s.do(Action{Verb: Look})
	}
	s.deadline(byLook, s.Limits.Look)
}

// looked takes in who is in the call, and what that decides.
func (s *step) looked(list []Participant, connected bool) {
	switch {
	case s.State == StateRinging && s.Direction == Outbound:
		s.rungOutLooked(connected)
		s.present(list, false, s.e.Ref.Op)
	case s.State == StateRinging:
		// It is there, so it is connected: the event that says so was lost.
		s.connected()
		s.present(list, false, s.e.Ref.Op)
	case s.State == StateConnected:
		invite := s.Wait.Invite.Look == s.e.Ref
		s.present(list, false, s.e.Ref.Op)
		if s.Ending != "" {
			if !s.HasPending(HangUp) {
				s.release(s.Ending) // still there: hang up again
			}
		} else if invite && s.Wait.Invite.Look == s.e.Ref {
			s.inviteLooked()
		}
	}
}
