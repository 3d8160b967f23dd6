package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestInvitations(t *testing.T) {
	invitation := func(m *machine) outbox.Ref { return m.c.Wait.Invite.Ref }
	runCases(t, []testCase{
		{"music and invitation are sent at the same time", atInvitationSent, nil, "connected at agent, pending play add anna"},
		{"an agent who joins before the reply to the invitation has joined", atInvitationSent, func(m *machine) {
			add := m.pending(outbox.VerbAdd)
			m.reply(outbox.VerbPlay, replyOK)
			m.reportFor(invitation(m), Added{Participant: anna})
			m.replyTo(add, replyOK)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"an agent reported by another spelling is the one who was invited", atAgentRinging, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: "8:ACS:r_t_anna"})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"after an agent who does not join the next is invited", atAgentRinging, func(m *machine) {
			m.reportFor(invitation(m), AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"a failure that is reported twice skips no agent", atAgentRinging, func(m *machine) {
			first := invitation(m)
			m.reportFor(first, AddFailed{Participant: anna})
			m.reportFor(first, AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"after the last agent the flow goes to unanswered and the music stops", atAgentRinging, func(m *machine) {
			m.reportFor(invitation(m), AddFailed{Participant: anna})
			m.reportFor(invitation(m), AddFailed{Participant: ben})
		}, "connected at sorry, pending cancelMedia play"},
		{"after a refused invitation the next agent is invited", atInvitationSent, func(m *machine) {
			m.reply(outbox.VerbAdd, replyRefused("8544"))
		}, "connected at agent, pending play add ben"},
		{"a refusal that comes after Added changes nothing", atInvitationSent, func(m *machine) {
			add := m.pending(outbox.VerbAdd)
			m.reportFor(invitation(m), Added{Participant: anna})
			m.replyTo(add, replyRefused("409"))
		}, "connected at talk, pending play cancelMedia? startRecording"},
		{"a throttled invitation is a new send after the wait", atInvitationSent, func(m *machine) {
			m.reply(outbox.VerbAdd, replyThrottled(2*time.Second))
			m.wait(2 * time.Second)
		}, "connected at agent, pending play add anna#2"},
		{"after an invitation throttled until its deadline, a check decides, and the next agent is invited", atInvitationSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyOK)
			m.reply(outbox.VerbAdd, replyThrottled(time.Hour))
			m.wait(defaultRing + limits.InviteGrace)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at agent, pending add ben"},
		{"an invitation without response is not sent again", atInvitationUnconfirmed, nil, "connected at agent"},
		{"an invitation without response may have been accepted: its agent joins", atInvitationUnconfirmed, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"an invitation without response may have been accepted: its agent does not join", atInvitationUnconfirmed, func(m *machine) {
			m.reportFor(invitation(m), AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"an unconfirmed invitation makes a check of participants due", atInvitationChecked, nil, "connected at agent, pending checkParticipants"},
		{"an agent whom the check finds has joined", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller, anna))
		}, "connected at talk, pending cancelMedia startRecording"},
		{"an agent whom the check does not find is invited a second time", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at agent, pending add anna"},
		{"an agent is not invited a third time", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
			m.reply(outbox.VerbAdd, replyNoResponse)
			m.wait(defaultRing + limits.InviteGrace)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at agent, pending add ben"},
		{"the first of two invitations may be the one that succeeds", atInvitationChecked, func(m *machine) {
			first := invitation(m)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
			m.reportFor(first, Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"an invitation that ACS accepted is not repeated", atAgentRinging, func(m *machine) {
			m.wait(defaultRing + limits.InviteGrace)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at agent, pending add ben"},
		{"if the check gets no response, the next agent is invited", atInvitationChecked, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
		}, "connected at agent, pending add ben"},
		{"if the check is refused, the next agent is invited", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused("8501"))
		}, "connected at agent, pending add ben"},
		{"if the check finds no call, the call ends", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended abandoned"},
		{"an invitation whose lease has ended is not sent again", atInvitationSent, func(m *machine) {
			m.wait(30 * time.Second)
		}, "connected at agent, pending play#2"},
		{"an invitation whose lease has ended has its full time to ring", atInvitationSent, func(m *machine) {
			m.wait(30 * time.Second)
			m.wait(29 * time.Second)
		}, "connected at agent, pending play#2"},
		{"an agent who joins after the invitation was given up talks to the caller", atAgentRinging, func(m *machine) {
			first := invitation(m)
			m.reportFor(first, AddFailed{Participant: anna})
			m.reply(outbox.VerbAdd, replyOK)
			m.reportFor(first, Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"a participant who joins without an invitation is no agent", atAgentRinging, func(m *machine) {
			m.report(Added{Participant: "8:acs:r_t_else"})
		}, "connected at agent"},
		{"music that is being sent is stopped after it was sent", atInvitationSent, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
		}, "connected at talk, pending play cancelMedia? startRecording"},
		{"obsolete music without response is not sent again", atInvitationSent, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
			m.reply(outbox.VerbPlay, replyNoResponse)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"obsolete music that was throttled is not sent again", atInvitationSent, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
			m.reply(outbox.VerbPlay, replyThrottled(time.Second))
		}, "connected at talk, pending cancelMedia startRecording"},
		{"obsolete music whose lease has ended is not sent again", atInvitationSent, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
			m.wait(30 * time.Second)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"music that was refused is not stopped", func(t tester) *machine {
			m := atInvitationSent(t)
			m.reply(outbox.VerbPlay, replyRefused("8535"))
			return m
		}, func(m *machine) { m.reportFor(invitation(m), Added{Participant: anna}) }, "connected at talk, pending startRecording"},
	})
}
