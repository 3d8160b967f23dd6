package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Roster is the list of participants that ACS reported last.
type Roster struct {
	Sequence     int           `json:"sequence"` // grows with each list
	Participants []Participant `json:"participants,omitempty"`
	// RemotePartySeen reports that the remote party has been in a list.
	RemotePartySeen bool `json:"remotePartySeen,omitempty"`
}

// has reports whether the participant with this raw id is in the roster.
func (r Roster) has(id string) bool {
	return slices.ContainsFunc(r.Participants, func(p Participant) bool { return p.ID == id })
}

// JoinedAgent is an agent who has joined the call.
type JoinedAgent struct {
	ID            string    `json:"id"` // raw id
	Op            int       `json:"op"` // operation that invited the agent
	Joined        time.Time `json:"joined"`
	JoinedAfterOp int       `json:"joinedAfterOp"`          // number of the last operation at that time
	SeenInRoster  bool      `json:"seenInRoster,omitempty"` // whether the agent has been in a list
	Left          bool      `json:"left,omitempty"`
}

// rosterChanged replaces the roster by a list of participants, unless the list is older. A joined agent who
// has been in no list has left already, or joined after the list was made: participants are checked at once.
func (s *step) rosterChanged(b ParticipantsUpdated) {
	if b.Sequence < s.Roster.Sequence || s.State == StateEnded {
		return
	}
	s.Roster.Sequence = b.Sequence
	s.updateRoster(b.Participants, b.Count > len(b.Participants), 0)
	unseen := func(a JoinedAgent) bool { return !a.SeenInRoster && !a.Left }
	if s.State == StateConnected && s.EndingAs == "" && slices.ContainsFunc(s.Agents, unseen) {
		s.setDeadline(byKeepAlive, 0)
	}
}

// updateRoster replaces the participants and finds out who has left. checkOp is the operation that checked
// the participants; 0 if ACS reported them by itself.
//
// Absence from a truncated list means nothing. An agent has left if a check that was asked for after the
// agent joined does not list them, or if they were listed before and a report does not list them any more.
// A remote party that was listed before has left if it is not listed any more. One that was never listed may
// go by another spelling: it has left if a check lists agents and no other participant.
func (s *step) updateRoster(list []Participant, truncated bool, checkOp int) {
	s.Roster.Participants = list
	present := s.Roster.has(s.RemoteParty())
	remotePartyGone := !truncated && !present && (s.Roster.RemotePartySeen || checkOp > 0 && s.agentsOnly())
	s.Roster.RemotePartySeen = s.Roster.RemotePartySeen || present
	for i, a := range s.Agents {
		switch {
		case s.Roster.has(a.ID):
			s.Agents[i].SeenInRoster, s.Agents[i].Left = true, false
		case truncated:
		case checkOp == 0 && a.SeenInRoster, checkOp > a.JoinedAfterOp:
			s.Agents[i].Left = true
		}
	}
	if s.State != StateConnected || s.EndingAs != "" {
		return
	}
	if remotePartyGone {
		s.remotePartyLeft()
		return
	}
	if n, ok := s.node().(*flow.Talk); ok && s.alone() {
		s.enter(n.Next)
	}
}

// agentsOnly reports whether the call has participants, all of them agents.
func (s *step) agentsOnly() bool {
	return len(s.Roster.Participants) > 0 && !slices.ContainsFunc(s.Roster.Participants, func(p Participant) bool {
		return !slices.ContainsFunc(s.Agents, func(a JoinedAgent) bool { return a.ID == p.ID })
	})
}

// alone reports whether every agent who joined has left.
func (s *step) alone() bool {
	return !slices.ContainsFunc(s.Agents, func(a JoinedAgent) bool { return !a.Left })
}

// keepAliveTimeout checks the participants of a call for which no event came for Limits.KeepAlive.
func (s *step) keepAliveTimeout() {
	if s.State != StateConnected {
		return
	}
	if !s.Pending.Has(outbox.VerbCheckParticipants) {
		s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
	}
	s.setDeadline(byKeepAlive, s.Limits.KeepAlive)
}

// participantsChecked handles the list of a check of participants, and decides what was checked for: whether
// an outbound call is answered, whether a hang-up took effect, or whether an invited agent has joined.
func (s *step) participantsChecked(list []Participant, connected bool) {
	switch {
	case s.State == StateRinging && s.Direction == DirectionOutbound:
		s.ringTimeoutChecked(connected)
		s.updateRoster(list, false, s.e.Ref.Op)
	case s.State == StateRinging:
		// ACS has the call, so it is connected: the event was lost.
		s.connected()
		s.updateRoster(list, false, s.e.Ref.Op)
	case s.State == StateConnected:
		decidesInvite := s.Wait.Invite.Check == s.e.Ref
		s.updateRoster(list, false, s.e.Ref.Op)
		if s.EndingAs != "" {
			if !s.Pending.Has(outbox.VerbHangUp) {
				s.hangUp(s.EndingAs) // it has not ended: hang up again
			}
		} else if decidesInvite && s.Wait.Invite.Check == s.e.Ref {
			s.inviteChecked()
		}
	}
}
