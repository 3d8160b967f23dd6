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
			m.replyTo(add, replyRefusedStatus(409))
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

func TestRoster(t *testing.T) {
	cut := roster(3, caller)
	cut.Count = 80
	runCases(t, []testCase{
		{"an agent who leaves ends the talk", atTalk, func(m *machine) {
			m.report(roster(3, caller))
		}, "connected at bye, pending play"},
		{"an older list changes nothing", atTalk, func(m *machine) {
			m.report(roster(1, caller))
		}, "connected at talk"},
		{"absence from a truncated list changes nothing", atTalk, func(m *machine) {
			m.report(cut)
		}, "connected at talk"},
		{"a caller who leaves has the call hung up", atTalk, func(m *machine) {
			m.report(roster(3, anna))
		}, "connected ending completed, pending hangUp"},
		{"a caller who leaves before an agent joins has abandoned the call", atMenu, func(m *machine) {
			m.report(roster(3))
		}, "connected ending abandoned, pending hangUp"},
		{"a caller who was never listed has not left", atAnswered, func(m *machine) {
			m.report(Connected{})
			m.report(roster(1))
		}, "connected at greeting, pending play"},
		{"the first list may have any sequence number", atAnswered, func(m *machine) {
			m.report(Connected{})
			m.report(roster(0, caller))
			m.report(roster(1))
		}, "connected ending abandoned, pending hangUp"},
		{"an agent who joined and is not listed makes a check due", atAgentRinging, func(m *machine) {
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.report(roster(2, caller))
		}, "connected at talk, pending cancelMedia startRecording checkParticipants"},
		{"a call with agents only is hung up though the caller was never listed", func(t tester) *machine {
			m := atAnswered(t)
			m.report(Connected{})
			m.reply(outbox.VerbPlay, replyOK)
			m.reportFor(m.c.Wait.Media, PlayCompleted{})
			m.reply(outbox.VerbRecognize, replyOK)
			m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"one"}})
			m.reply(outbox.VerbAdd, replyOK)
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			return m
		}, func(m *machine) {
			m.wait(limits.KeepAlive)
			m.reply(outbox.VerbCheckParticipants, Replied{Verdict: VerdictOK, Participants: []Participant{{ID: anna}}})
		}, "connected ending completed, pending hangUp"},
		{"an agent who joined and whom the check does not find has left", atAgentRinging, func(m *machine) {
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.report(roster(2, caller))
			m.reply(outbox.VerbCheckParticipants, Replied{Verdict: VerdictOK, Participants: []Participant{{ID: caller}}})
		}, "connected at bye, pending cancelMedia startRecording play?"},
		{"an agent may be listed before Added", atAgentRinging, func(m *machine) {
			m.report(roster(2, caller, anna))
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.report(roster(3, caller))
		}, "connected at bye, pending cancelMedia startRecording play?"},
		{"an agent who was listed and left before Added is found out by the keep-alive", atAgentRinging, func(m *machine) {
			m.report(roster(2, caller, anna))
			m.report(roster(3, caller))
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.reply(outbox.VerbCancelMedia, replyOK)
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(RecordingStateChanged{Active: true, Op: m.c.Recordings[0].Op})
			m.wait(limits.KeepAlive)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at bye, pending play"},
		{"muting changes nothing", atTalk, func(m *machine) {
			m.report(ParticipantsUpdated{Sequence: 3, Participants: []Participant{{ID: caller, Muted: true}, {ID: anna, OnHold: true}}, Count: 2})
		}, "connected at talk"},
	})
}

func TestKeepAliveTimeout(t *testing.T) {
	atKeepAliveTimeout := func(t tester) *machine {
		m := atTalk(t)
		m.wait(limits.KeepAlive)
		return m
	}
	runCases(t, []testCase{
		{"makes a check of participants due", atKeepAliveTimeout, nil, "connected at talk, pending checkParticipants"},
		{"changes nothing if all participants are found", atKeepAliveTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller, anna))
		}, "connected at talk"},
		{"lets the flow go on if the agent has left", atKeepAliveTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at bye, pending play"},
		{"has the call hung up if the caller has left", atKeepAliveTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(anna))
		}, "connected ending completed, pending hangUp"},
		{"ends the call if the check finds none", atKeepAliveTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended completed"},
		{"makes a new check due if the check gets no response", atKeepAliveTimeout, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
			m.wait(limits.KeepAlive)
		}, "connected at talk, pending checkParticipants"},
		{"leads to a new send if the lease of the check has ended", atKeepAliveTimeout, func(m *machine) {
			m.wait(30 * time.Second)
		}, "connected at talk, pending checkParticipants#2"},
		{"keeps the check though an event comes", atKeepAliveTimeout, func(m *machine) {
			m.report(roster(3, caller, anna))
		}, "connected at talk, pending checkParticipants"},
		{"keeps an agent who joined after the check was asked for", atAgentRinging, func(m *machine) {
			m.wait(defaultRing + limits.InviteGrace)
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.reply(outbox.VerbCancelMedia, replyOK)
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(roster(2, caller, anna))
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at talk"},
	})
}
