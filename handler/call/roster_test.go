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
		{"in a list that was cut nobody is missing", atTalk, func(m *machine) {
			m.report(cut)
		}, "connected at talk"},
		{"a caller who leaves ends the call for everybody", atTalk, func(m *machine) {
			m.report(roster(3, anna))
		}, "connected ending completed, pending hangUp"},
		{"a caller who leaves before anybody was there has abandoned it", atMenu, func(m *machine) {
			m.report(roster(3))
		}, "connected ending abandoned, pending hangUp"},
		{"a caller who was never listed has not left", atAnswered, func(m *machine) {
			m.report(Connected{})
			m.report(roster(1))
		}, "connected at greeting, pending play"},
		{"the first list may have any number", atAnswered, func(m *machine) {
			m.report(Connected{})
			m.report(roster(0, caller))
			m.report(roster(1))
		}, "connected ending abandoned, pending hangUp"},
		{"an agent who is not listed yet is asked for", atAgentRinging, func(m *machine) {
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.report(roster(2, caller))
		}, "connected at talk, pending cancelMedia startRecording checkParticipants"},
		{"an agent alone in the call is not left there, though the caller was never listed", func(t tester) *machine {
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
		{"and has left if ACS says so", atAgentRinging, func(m *machine) {
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.report(roster(2, caller))
			m.reply(outbox.VerbCheckParticipants, Replied{Verdict: VerdictOK, Participants: []Participant{{ID: caller}}})
		}, "connected at bye, pending cancelMedia startRecording play?"},
		{"an agent may be listed before joining is told", atAgentRinging, func(m *machine) {
			m.report(roster(2, caller, anna))
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.report(roster(3, caller))
		}, "connected at bye, pending cancelMedia startRecording play?"},
		{"an agent who was there and left before joining is told is found out by looking", atAgentRinging, func(m *machine) {
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
		{"is looked at", atKeepAliveTimeout, nil, "connected at talk, pending checkParticipants"},
		{"goes on when everybody is there", atKeepAliveTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller, anna))
		}, "connected at talk"},
		{"goes on in its flow when the agent has left", atKeepAliveTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at bye, pending play"},
		{"is hung up when the caller has left", atKeepAliveTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(anna))
		}, "connected ending completed, pending hangUp"},
		{"is over when ACS does not have it: its end was lost", atKeepAliveTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended completed"},
		{"is looked at again when ACS does not answer", atKeepAliveTimeout, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
			m.wait(limits.KeepAlive)
		}, "connected at talk, pending checkParticipants"},
		{"a look whose run has died is another's", atKeepAliveTimeout, func(m *machine) {
			m.wait(30 * time.Second)
		}, "connected at talk, pending checkParticipants#2"},
		{"news while ACS is asked changes nothing", atKeepAliveTimeout, func(m *machine) {
			m.report(roster(3, caller, anna))
		}, "connected at talk, pending checkParticipants"},
		{"an agent who joined while ACS was asked is not missing", atAgentRinging, func(m *machine) {
			m.wait(defaultRing + limits.InviteGrace)
			m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
			m.reply(outbox.VerbCancelMedia, replyOK)
			m.reply(outbox.VerbStartRecording, replyOK)
			m.report(roster(2, caller, anna))
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at talk"},
	})
}
