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

// invite invites the node's agent with this index. After the last one, the flow goes to the node's
// Unanswered.
func (s *step) invite(n *flow.Agent, index int, reinvited bool) {
	s.clearDeadline(byInvite)
	if index >= len(n.Agents) {
		s.Wait.Invite = Invite{}
		s.stopMusic()
		s.enter(n.Unanswered)
		return
	}
	ring := n.Ring.Or(defaultRing)
	ref := s.addAction(outbox.Action{Verb: outbox.VerbAdd, Target: n.Agents[index], Ring: ring})
	s.Wait.Invite = Invite{Ref: ref, Agent: n.Agents[index], Index: index, Reinvited: reinvited}
	s.setDeadline(byInvite, ring+s.Limits.InviteGrace)
}

// inviteAccepted records that ACS accepted the invitation: the agent's telephone rings now.
func (s *step) inviteAccepted(a outbox.Action) {
	if s.Wait.Invite.Ref == a.Ref {
		s.Wait.Invite.Accepted = true
		s.setDeadline(byInvite, a.Ring+s.Limits.InviteGrace)
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
	s.clearDeadline(byInvite)
	s.stopMusic()
	s.enter(n.Answered)
}

// addFailed invites the next agent, if the event belongs to the invitation under way.
func (s *step) addFailed() {
	n, ok := s.node().(*flow.Agent)
	if ok && s.e.Ref != (outbox.Ref{}) && s.e.Ref == s.Wait.Invite.Ref {
		s.invite(n, s.Wait.Invite.Index+1, false)
	}
}

// inviteTimeout checks the participants when an invitation has neither succeeded nor failed in time.
func (s *step) inviteTimeout() {
	if _, ok := s.node().(*flow.Agent); !ok || s.State != StateConnected {
		return
	}
	if i := s.Pending.Index(s.Wait.Invite.Ref); i >= 0 {
		if a := s.Pending[i]; a.Owner != "" { // its lease has not ended: expireLeases would have removed it
			s.Deadlines[byInvite] = a.LeaseUntil
			return
		}
		s.removeAction(s.Wait.Invite.Ref) // ACS throttled it every time
		s.Wait.Invite.Accepted = true     // so that the same agent is not invited again
	}
	s.Wait.Invite.Check = s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
}

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
		s.invite(n, invite.Index+1, false)
	default:
		s.invite(n, invite.Index, true)
	}
}

// inviteCheckRefused invites the next agent when ACS returns no list of participants: inviting the same one
// again could ring one telephone twice.
func (s *step) inviteCheckRefused() {
	if n, ok := s.node().(*flow.Agent); ok {
		s.invite(n, s.Wait.Invite.Index+1, false)
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
