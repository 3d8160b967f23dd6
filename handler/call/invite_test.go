package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestInvitations(t *testing.T) {
	invitation := func(m *machine) outbox.Ref { return m.c.Wait.Invite.Ref }
	runCases(t, []testCase{
		{"music and invitation go out side by side", atInvitationSent, nil, "connected at agent, pending play add anna"},
		{"an agent who joins before ACS's answer is in the call", atInvitationSent, func(m *machine) {
			add := m.pending(outbox.VerbAdd)
			m.reply(outbox.VerbPlay, replyOK)
			m.reportFor(invitation(m), Added{Participant: anna})
			m.replyTo(add, replyOK)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"an agent known by another spelling is who was invited", atAgentRinging, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: "8:ACS:r_t_anna"})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"after one who does not join comes the next", atAgentRinging, func(m *machine) {
			m.reportFor(invitation(m), AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"a failure that is told twice skips nobody", atAgentRinging, func(m *machine) {
			first := invitation(m)
			m.reportFor(first, AddFailed{Participant: anna})
			m.reportFor(first, AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"after the last one comes nobody, and the music stops", atAgentRinging, func(m *machine) {
			m.reportFor(invitation(m), AddFailed{Participant: anna})
			m.reportFor(invitation(m), AddFailed{Participant: ben})
		}, "connected at sorry, pending cancelMedia play"},
		{"a refused invitation goes to the next", atInvitationSent, func(m *machine) {
			m.reply(outbox.VerbAdd, replyRefused("8544"))
		}, "connected at agent, pending play add ben"},
		{"a refusal that an event contradicts changes nothing", atInvitationSent, func(m *machine) {
			add := m.pending(outbox.VerbAdd)
			m.reportFor(invitation(m), Added{Participant: anna})
			m.replyTo(add, replyRefused("409"))
		}, "connected at talk, pending play cancelMedia? startRecording"},
		{"a throttled invitation is sent again when ACS allows", atInvitationSent, func(m *machine) {
			m.reply(outbox.VerbAdd, replyThrottled(2*time.Second))
			m.wait(2 * time.Second)
		}, "connected at agent, pending play add anna#2"},
		{"one throttled until its deadline passes to the next after a look", atInvitationSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyOK)
			m.reply(outbox.VerbAdd, replyThrottled(time.Hour))
			m.wait(defaultRing + limits.InviteGrace)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at agent, pending add ben"},
		{"an unheard invitation is not sent again", atInvitationUnconfirmed, nil, "connected at agent"},
		{"it may have been done: its agent joins", atInvitationUnconfirmed, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"it may have been done: its agent does not want to", atInvitationUnconfirmed, func(m *machine) {
			m.reportFor(invitation(m), AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"at its deadline ACS is asked who is in the call", atInvitationChecked, nil, "connected at agent, pending checkParticipants"},
		{"an agent who is there has joined", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller, anna))
		}, "connected at talk, pending cancelMedia startRecording"},
		{"one who is not is invited once more", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at agent, pending add anna"},
		{"but only once", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
			m.reply(outbox.VerbAdd, replyNoResponse)
			m.wait(defaultRing + limits.InviteGrace)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at agent, pending add ben"},
		{"the first of two invitations may be the one that comes through", atInvitationChecked, func(m *machine) {
			first := invitation(m)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
			m.reportFor(first, Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"one that ACS took is not made again", atAgentRinging, func(m *machine) {
			m.wait(defaultRing + limits.InviteGrace)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at agent, pending add ben"},
		{"when ACS does not say who is there nobody is rung twice", atInvitationChecked, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
		}, "connected at agent, pending add ben"},
		{"nor when it refuses to say", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused("8501"))
		}, "connected at agent, pending add ben"},
		{"a call that is gone is over", atInvitationChecked, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended abandoned"},
		{"one whose run has died is of unknown fate", atInvitationSent, func(m *machine) {
			m.wait(30 * time.Second)
		}, "connected at agent, pending play#2"},
		{"and has its time to ring", atInvitationSent, func(m *machine) {
			m.wait(30 * time.Second)
			m.wait(29 * time.Second)
		}, "connected at agent, pending play#2"},
		{"an agent given up who joins all the same has the caller", atAgentRinging, func(m *machine) {
			first := invitation(m)
			m.reportFor(first, AddFailed{Participant: anna})
			m.reply(outbox.VerbAdd, replyOK)
			m.reportFor(first, Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"somebody who joins without an invitation is no agent", atAgentRinging, func(m *machine) {
			m.report(Added{Participant: "8:acs:r_t_else"})
		}, "connected at agent"},
		{"music that is still on its way is stopped after it", atInvitationSent, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
		}, "connected at talk, pending play cancelMedia? startRecording"},
		{"and not played again if it went unheard", atInvitationSent, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
			m.reply(outbox.VerbPlay, replyNoResponse)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"nor if it was throttled", atInvitationSent, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
			m.reply(outbox.VerbPlay, replyThrottled(time.Second))
		}, "connected at talk, pending cancelMedia startRecording"},
		{"nor if its run has died", atInvitationSent, func(m *machine) {
			m.reportFor(invitation(m), Added{Participant: anna})
			m.wait(30 * time.Second)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"music that was never sent need not be stopped", func(t tester) *machine {
			m := atInvitationSent(t)
			m.reply(outbox.VerbPlay, replyRefused("8535"))
			return m
		}, func(m *machine) { m.reportFor(invitation(m), Added{Participant: anna}) }, "connected at talk, pending startRecording"},
	})
}
