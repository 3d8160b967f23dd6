package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// defaultRing is how long an agent's telephone rings if the flow sets no time.
const defaultRing = 20 * time.Second

// Invite is the invitation of an agent that is under way.
type Invite struct {
	Ref       outbox.Ref `json:"ref,omitzero"`        // the request
	Agent     string     `json:"agent"`               // raw id
	Index     int        `json:"index"`               // position of the agent in the node's list
	Accepted  bool       `json:"accepted,omitempty"`  // whether ACS has accepted the request
	Reinvited bool       `json:"reinvited,omitempty"` // whether it repeats an unconfirmed invitation
	Check     outbox.Ref `json:"check,omitzero"`      // check of participants that decides it
}

// inviteNext invites the agent after the one whose invitation is under way.
func (s *step) inviteNext() {
	if n, ok := s.node().(*flow.Agent); ok {
		s.invite(n, s.Wait.Invite.Index+1)
	}
}

// reinvite repeats the invitation under way as a new operation. It is done once for each agent.
func (s *step) reinvite(n *flow.Agent) {
	s.invite(n, s.Wait.Invite.Index)
	s.Wait.Invite.Reinvited = true
}

// invite invites the node's agent with this index. After the last one, the flow goes to the node's
// Unanswered.
func (s *step) invite(n *flow.Agent, index int) {
	s.clearDeadline(DeadlineInvite)
	if index >= len(n.Agents) {
		s.Wait.Invite = Invite{}
		s.stopMusic()
		s.enter(n.Unanswered)
		return
	}
	ring := n.Ring.Or(defaultRing)
	ref := s.addAction(outbox.Action{Verb: outbox.VerbAdd, Target: n.Agents[index], Ring: ring})
	s.Wait.Invite = Invite{Ref: ref, Agent: n.Agents[index], Index: index}
	s.setDeadline(DeadlineInvite, ring+s.Limits.InviteGrace)
}

// inviteAccepted records that ACS accepted the invitation: the agent's telephone rings now.
func (s *step) inviteAccepted(a outbox.Action) {
	if s.Wait.Invite.Ref == a.Ref {
		s.Wait.Invite.Accepted = true
		s.setDeadline(DeadlineInvite, a.Ring+s.Limits.InviteGrace)
	}
}

// added records that an invited agent joined. It counts even if the invitation was given up.
func (s *step) added(participant string) {
	if s.State != StateConnected || s.e.Ref.Op == 0 {
		return
	}
	s.join(participant, s.e.Ref.Op)
}

// join records an agent as joined. If the flow waits for an agent it goes on, whichever agent this is.
func (s *step) join(agent string, op int) {
	if slices.ContainsFunc(s.Agents, func(a JoinedAgent) bool { return a.Op == op }) {
		return
	}
	s.Agents = append(s.Agents, JoinedAgent{
		ID: agent, Op: op, Joined: s.now, JoinedAfterOp: s.Ops, SeenInRoster: s.Roster.has(agent),
	})
	n, ok := s.node().(*flow.Agent)
	if !ok {
		return
	}
	s.removeAction(s.Wait.Invite.Ref) // this may be another invitation than the one that succeeded
	s.Wait.Invite = Invite{}
	s.clearDeadline(DeadlineInvite)
	s.stopMusic()
	s.enter(n.Answered)
}

// inviteFailed invites the next agent, if the invitation that failed is the one under way.
func (s *step) inviteFailed(invitation outbox.Ref) {
	if invitation != (outbox.Ref{}) && invitation == s.Wait.Invite.Ref {
		s.inviteNext()
	}
}

// inviteUnconfirmed gives an invitation that may have been sent a moment ago the time to ring. DeadlineInvite
// checks it then.
func (s *step) inviteUnconfirmed(a outbox.Action) {
	if s.Wait.Invite.Ref == a.Ref {
		s.setDeadline(DeadlineInvite, a.Ring+s.Limits.InviteGrace)
	}
}

// inviteTimeout checks the participants when an invitation has neither succeeded nor failed in time.
func (s *step) inviteTimeout() {
	if _, ok := s.node().(*flow.Agent); !ok || s.State != StateConnected {
		return
	}
	if i := s.Pending.Index(s.Wait.Invite.Ref); i >= 0 {
		if a := s.Pending[i]; a.Owner != "" { // its lease has not ended: expireLeases would have removed it
			s.setDeadlineAt(DeadlineInvite, a.LeaseUntil)
			return
		}
		s.removeAction(s.Wait.Invite.Ref) // ACS throttled it every time
		s.Wait.Invite.Accepted = true     // so that the same agent is not invited again
	}
	s.Wait.Invite.Check = s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
}

// isInviteCheck reports whether the operation is the check that decides the invitation under way.
func (s *step) isInviteCheck(r outbox.Ref) bool { return s.Wait.Invite.Check == r }

// inviteChecked decides an overdue invitation by the list of participants. One that ACS may never have
// received is repeated once, as a new operation.
func (s *step) inviteChecked() {
	n, ok := s.node().(*flow.Agent)
	if !ok {
		return
	}
	invite := s.Wait.Invite
	switch {
	case s.Roster.has(invite.Agent):
		s.join(invite.Agent, invite.Ref.Op)
	case invite.Accepted || invite.Reinvited:
		s.inviteNext()
	default:
		s.reinvite(n)
	}
}

// stopMusic stops the music on hold. If the music is still being sent, the request that stops it waits
// behind it in its lane.
func (s *step) stopMusic() {
	if s.Wait.Music == (outbox.Ref{}) {
		return
	}
	s.stopPrompt(s.Wait.Music)
	s.Wait.Music = outbox.Ref{}
}

// Roster is the list of participants that ACS reported last.
type Roster struct {
	Sequence     int           `json:"sequence"` // grows with each list
	Participants []Participant `json:"participants,omitempty"`
	// RemotePartySeen reports that the remote party has been in a list.
	RemotePartySeen bool `json:"remotePartySeen,omitempty"`
}

// has reports whether the participant with this raw id is in the roster.
func (r Roster) has(id string) bool { return hasParticipant(r.Participants, id) }

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
	s.updateRoster(participantList{participants: b.Participants, truncated: b.Count > len(b.Participants)})
	unseen := func(a JoinedAgent) bool { return !a.SeenInRoster && !a.Left }
	if s.State == StateConnected && s.EndingAs == "" && slices.ContainsFunc(s.Agents, unseen) {
		s.setDeadline(DeadlineKeepAlive, 0)
	}
}

// participantList is a list of participants that ACS returned.
type participantList struct {
	participants []Participant
	truncated    bool // it lacks some: that a participant is not listed means nothing
	checkOp      int  // the operation that asked for it; 0: ACS reported it by itself
}

// updateRoster replaces the participants by those of the list, and finds out who has left: the call goes on
// without its agents, and is hung up without its remote party.
func (s *step) updateRoster(list participantList) {
	remotePartyLeft := s.remotePartyLeft(list)
	s.Roster.Participants = list.participants
	s.Roster.RemotePartySeen = s.Roster.RemotePartySeen || s.Roster.has(s.RemoteParty())
	for i, a := range s.Agents {
		s.Agents[i] = a.updated(list)
	}
	if s.State != StateConnected || s.EndingAs != "" {
		return
	}
	if remotePartyLeft {
		s.hangUp(s.outcomeNow())
		return
	}
	if n, ok := s.node().(*flow.Talk); ok && s.alone() {
		s.enter(n.Next)
	}
}

// remotePartyLeft reports whether the remote party has left, by the list. One that was listed before has left
// if it is not listed any more. One that was never listed may go by another spelling: it has left if a check
// lists agents and no other participant.
func (s *step) remotePartyLeft(list participantList) bool {
	if list.truncated || list.has(s.RemoteParty()) {
		return false
	}
	return s.Roster.RemotePartySeen || list.checkOp > 0 && s.agentsOnly(list)
}

// agentsOnly reports whether the list has participants, all of them agents who joined.
func (s *step) agentsOnly(list participantList) bool {
	return len(list.participants) > 0 && !slices.ContainsFunc(list.participants, func(p Participant) bool {
		return !slices.ContainsFunc(s.Agents, func(a JoinedAgent) bool { return a.ID == p.ID })
	})
}

// updated returns the agent as the list shows them. An agent has left if a check that was asked for after the
// agent joined does not list them, or if they were listed before and a report does not list them any more.
func (a JoinedAgent) updated(list participantList) JoinedAgent {
	reported := list.checkOp == 0
	switch {
	case list.has(a.ID):
		a.SeenInRoster, a.Left = true, false
	case list.truncated:
	case reported && a.SeenInRoster, list.checkOp > a.JoinedAfterOp:
		a.Left = true
	}
	return a
}

// has reports whether the list has the participant with this raw id.
func (l participantList) has(id string) bool { return hasParticipant(l.participants, id) }

// hasParticipant reports whether the participant with this raw id is among the listed ones.
func hasParticipant(list []Participant, id string) bool {
	return slices.ContainsFunc(list, func(p Participant) bool { return p.ID == id })
}

// alone reports whether every agent who joined has left.
func (s *step) alone() bool {
	return !slices.ContainsFunc(s.Agents, func(a JoinedAgent) bool { return !a.Left })
}
