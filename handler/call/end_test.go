package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestHangUp(t *testing.T) {
	// atHangUpSent returns a call whose hang-up is on its way.
	atHangUpSent := func(t tester) *machine {
		m := atGoodbye(t)
		m.reportFor(m.c.Wait.Media, PlayCompleted{})
		return m
	}
	// atHangUpTimeout returns a call whose hang-up was not followed by Disconnected. A check is on its way.
	atHangUpTimeout := func(t tester) *machine {
		m := atHangUp(t)
		m.wait(limits.Hangup)
		return m
	}
	runCases(t, []testCase{
		{"Disconnected before the reply ends the call", atHangUpSent, func(m *machine) {
			hangup := m.pending(outbox.VerbHangUp)
			m.report(Disconnected{})
			m.replyTo(hangup, replyOK)
		}, "ended completed"},
		{"a hang-up that finds no call ends it", atHangUpSent, func(m *machine) {
			m.reply(outbox.VerbHangUp, replyRefused(CodeGone))
		}, "ended completed"},
		{"a refused hang-up is not repeated at once", atHangUpSent, func(m *machine) {
			m.reply(outbox.VerbHangUp, replyRefused("8523"))
		}, "connected ending completed"},
		{"a refused hang-up is repeated after a check of participants", atHangUpSent, func(m *machine) {
			m.reply(outbox.VerbHangUp, replyRefused("8523"))
			m.wait(limits.Hangup)
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected ending completed, pending hangUp"},
		{"a hang-up refused as a duplicate makes a check of participants due", atHangUpSent, func(m *machine) {
			m.wait(30 * time.Second)
			m.reply(outbox.VerbHangUp, replyRefused("8585"))
		}, "connected ending completed, pending checkParticipants"},
		{"a throttled hang-up becomes a new send", atHangUpSent, func(m *machine) {
			m.reply(outbox.VerbHangUp, replyThrottled(2*time.Second))
			m.wait(2 * time.Second)
		}, "connected ending completed, pending hangUp#2"},
		{"a hang-up whose lease has ended is repeated with its pair", atHangUpSent, func(m *machine) {
			m.wait(30 * time.Second)
		}, "connected ending completed, pending hangUp"},
		{"a hang-up whose pair is too old is replaced by a check of participants", atHangUpSent, func(m *machine) {
			m.wait(outbox.PairLife)
		}, "connected ending completed, pending checkParticipants"},
		{"a hang-up without Disconnected makes a check of participants due", atHangUpTimeout, nil, "connected ending completed, pending checkParticipants"},
		{"a check that finds no call ends it", atHangUpTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended completed"},
		{"a check that finds the call hangs it up again", atHangUpTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected ending completed, pending hangUp"},
		{"a check without response is repeated later", atHangUpTimeout, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
			m.wait(limits.Hangup + limits.lease(outbox.VerbCheckParticipants))
		}, "connected ending completed, pending checkParticipants"},
		{"a pending check is not added a second time", atHangUpTimeout, func(m *machine) {
			m.wait(20 * time.Second)
			m.reply(outbox.VerbCheckParticipants, replyThrottled(time.Hour))
			m.wait(limits.Hangup + limits.lease(outbox.VerbCheckParticipants))
		}, "connected ending completed, pending checkParticipants#2?"},
		{"a call that is being hung up does not go on in its flow", atHangUp, func(m *machine) {
			m.report(roster(9, caller, anna))
		}, "connected ending completed"},
		{"a hang-up drops the other requests", atAgentRinging, func(m *machine) {
			m.report(roster(2, anna))
		}, "connected ending abandoned, pending hangUp"},
		{"Disconnected ends a call that waits for an agent", atAgentRinging, func(m *machine) {
			m.report(Disconnected{})
		}, "ended abandoned"},
		{"Disconnected completes a call that an agent joined", atTalk, func(m *machine) {
			m.report(Disconnected{})
		}, "ended completed"},
		{"a call is hung up at its longest time", atTalk, func(m *machine) {
			m.wait(limits.Call)
		}, "connected ending completed, pending hangUp"},
		{"a call without an agent is hung up at its longest time", atMenu, func(m *machine) {
			m.wait(limits.Call)
		}, "connected ending abandoned, pending hangUp"},
		{"a call that is not connected is missed at its longest time", atAnswered, func(m *machine) {
			m.wait(limits.Call)
		}, "ended missed, pending hangUp"},
		{"a call that is being hung up is not hung up again at its longest time", atHangUp, func(m *machine) {
			m.wait(limits.Call)
		}, "connected ending completed, pending hangUp"},
	})
}
