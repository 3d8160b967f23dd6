package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestHangUp(t *testing.T) {
	// hanging: the hang-up is on its way.
	atHangUpSent := func(t tester) *machine {
		m := atGoodbye(t)
		m.reportFor(m.c.Wait.Media, PlayCompleted{})
		return m
	}
	// doubted: nothing was heard of the end, and ACS is asked.
	atHangUpTimeout := func(t tester) *machine {
		m := atHangUp(t)
		m.wait(limits.Hangup)
		return m
	}
	runCases(t, []testCase{
		{"an end that is heard of before ACS's answer counts", atHangUpSent, func(m *machine) {
			hangup := m.pending(outbox.VerbHangUp)
			m.report(Disconnected{})
			m.replyTo(hangup, replyOK)
		}, "ended completed"},
		{"a hang-up of a call that is gone ends it", atHangUpSent, func(m *machine) {
			m.reply(outbox.VerbHangUp, replyRefused(CodeGone))
		}, "ended completed"},
		{"a hang-up that ACS refuses is tried again, but not at once", atHangUpSent, func(m *machine) {
			m.reply(outbox.VerbHangUp, replyRefused("8523"))
		}, "connected ending completed"},
		{"after a look", atHangUpSent, func(m *machine) {
			m.reply(outbox.VerbHangUp, replyRefused("8523"))
			m.wait(limits.Hangup)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected ending completed, pending hangUp"},
		{"the refusal of a repeat is a question", atHangUpSent, func(m *machine) {
			m.wait(30 * time.Second)
			m.reply(outbox.VerbHangUp, replyRefused("8585"))
		}, "connected ending completed, pending checkParticipants"},
		{"a throttled hang-up is sent again", atHangUpSent, func(m *machine) {
			m.reply(outbox.VerbHangUp, replyThrottled(2*time.Second))
			m.wait(2 * time.Second)
		}, "connected ending completed, pending hangUp#2"},
		{"one whose run has died is repeated with its pair", atHangUpSent, func(m *machine) {
			m.wait(30 * time.Second)
		}, "connected ending completed, pending hangUp"},
		{"one whose pair ACS has forgotten is looked after", atHangUpSent, func(m *machine) {
			m.wait(outbox.PairLife)
		}, "connected ending completed, pending checkParticipants"},
		{"an end that is not heard of is looked for", atHangUpTimeout, nil, "connected ending completed, pending checkParticipants"},
		{"a call that is gone is over", atHangUpTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended completed"},
		{"one that is still there is hung up again", atHangUpTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected ending completed, pending hangUp"},
		{"one of which ACS does not speak is looked for again", atHangUpTimeout, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
			m.wait(limits.Hangup + limits.lease(outbox.VerbCheckParticipants))
		}, "connected ending completed, pending checkParticipants"},
		{"a look that is under way is not doubled", atHangUpTimeout, func(m *machine) {
			m.wait(20 * time.Second)
			m.reply(outbox.VerbCheckParticipants, replyThrottled(time.Hour))
			m.wait(limits.Hangup + limits.lease(outbox.VerbCheckParticipants))
		}, "connected ending completed, pending checkParticipants#2?"},
		{"the flow goes no further", atHangUp, func(m *machine) {
			m.report(roster(9, caller, anna))
		}, "connected ending completed"},
		{"hanging up waits for nothing", atAgentRinging, func(m *machine) {
			m.report(roster(2, anna))
		}, "connected ending abandoned, pending hangUp"},
		{"a call that disconnects is over wherever it is", atAgentRinging, func(m *machine) {
			m.report(Disconnected{})
		}, "ended abandoned"},
		{"a call that disconnects after an agent was there is completed", atTalk, func(m *machine) {
			m.report(Disconnected{})
		}, "ended completed"},
		{"the longest call is hung up", atTalk, func(m *machine) {
			m.wait(limits.Call)
		}, "connected ending completed, pending hangUp"},
		{"so is one with nobody but the caller", atMenu, func(m *machine) {
			m.wait(limits.Call)
		}, "connected ending abandoned, pending hangUp"},
		{"one that rings for ever is missed", atAnswered, func(m *machine) {
			m.wait(limits.Call)
		}, "ended missed, pending hangUp"},
		{"the longest call is hung up once", atHangUp, func(m *machine) {
			m.wait(limits.Call)
		}, "connected ending completed, pending hangUp"},
	})
}
