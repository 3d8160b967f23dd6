package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// defaultRing is how long an agent's telephone rings when the flow gives no time.
const defaultRing = 20 * time.Second

// invite rings the node's agent with this index; after the last one, the flow
// goes where it says for nobody.
func (s *step) invite(n *flow.Agent, index int, again bool) {
	s.clearDeadline(byInvite)
	if index >= len(n.Agents) {
		s.Wait.Invite = Invite{}
		s.stopMusic()
		s.enter(n.Unanswered)
		return
	}
	ring := n.Ring.Or(defaultRing)
	ref := s.addAction(outbox.Action{Verb: outbox.VerbAdd, Target: n.Agents[index], Ring: ring})
	s.Wait.Invite = Invite{Ref: ref, Agent: n.Agents[index], Index: index, Reinvited: again}
	s.setDeadline(byInvite, ring+s.Limits.InviteGrace)
}

// inviteTaken takes in that ACS took the invitation: the telephone rings now.
func (s *step) inviteAccepted(a outbox.Action) {
	if s.Wait.Invite.Ref == a.Ref {
		s.Wait.Invite.Accepted = true
		s.setDeadline(byInvite, a.Ring+s.Limits.InviteGrace)
	}
}

// added takes in that somebody joined. An agent whose invitation was given up is
// in the call all the same.
func (s *step) added(participant string) {
	if s.State != StateConnected || s.e.Ref.Op == 0 {
		return
	}
	s.join(participant, s.e.Ref.Op)
}

// join counts an agent as joined. Whoever it is, the flow need not wait for
// another: the caller has somebody to talk to.
func (s *step) join(agent string, op int) {
	if slices.ContainsFunc(s.Agents, func(p JoinedAgent) bool { return p.Op == op }) {
		return
	}
	s.Agents = append(s.Agents, JoinedAgent{
		ID: agent, Op: op, Joined: s.now, JoinedAfterOp: s.Ops, SeenInRoster: s.Roster.has(agent),
	})
	n, ok := s.node().(*flow.Agent)
	if !ok {
		return
	}
	s.removeAction(s.Wait.Invite.Ref) // it may be an earlier invitation that came through
	s.Wait.Invite = Invite{}
	s.clearDeadline(byInvite)
	s.stopMusic()
	s.enter(n.Answered)
}

// notAdded goes on to the next agent.
func (s *step) addFailed() {
	n, ok := s.node().(*flow.Agent)
	if ok && s.e.Ref != (outbox.Ref{}) && s.e.Ref == s.Wait.Invite.Ref {
		s.invite(n, s.Wait.Invite.Index+1, false)
	}
}

// inviteOverdue deals with an invitation of which nothing was heard for as long
// as the telephone may ring: who is in the call decides.
func (s *step) inviteTimeout() {
	if _, ok := s.node().(*flow.Agent); !ok || s.State != StateConnected {
		return
	}
	if i := s.Pending.Index(s.Wait.Invite.Ref); i >= 0 {
		if a := s.Pending[i]; a.Owner != "" { // its owner's time is not up: expire would have struck it
			s.Deadlines[byInvite] = a.LeaseUntil
			return
		}
		s.removeAction(s.Wait.Invite.Ref) // throttled all the time: it was never sent
		s.Wait.Invite.Accepted = true
	}
	s.Wait.Invite.Check = s.addAction(outbox.Action{Verb: outbox.VerbCheckParticipants})
}

// inviteLooked decides an overdue invitation by who is in the call. One of which
// it is unknown whether ACS ever got it is made once more, as a new operation.
func (s *step) inviteChecked() {
	n, ok := s.node().(*flow.Agent)
	if !ok {
		return
	}
	w := s.Wait.Invite
	switch {
	case s.Roster.has(w.Agent):
		s.join(w.Agent, w.Ref.Op)
	case w.Accepted || w.Reinvited:
		s.invite(n, w.Index+1, false)
	default:
		s.invite(n, w.Index, true)
	}
}

// inviteUndecided goes on to the next agent when ACS does not say who is in the
// call: ringing the same one again could be one telephone rung twice.
func (s *step) inviteCheckRefused() {
	if n, ok := s.node().(*flow.Agent); ok {
		s.invite(n, s.Wait.Invite.Index+1, false)
	}
}

// musicOff stops the music on hold. Where it is on its way to ACS, the request to
// stop it waits behind it in its lane.
func (s *step) stopMusic() {
	if s.Wait.Music == (outbox.Ref{}) {
		return
	}
	s.stopPrompt(s.Wait.Music)
	s.Wait.Music = outbox.Ref{}
}
