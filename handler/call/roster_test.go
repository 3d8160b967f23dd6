package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

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
