package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestAnswerOfAnOffer(t *testing.T) {
	runCases(t, []testCase{
		{"Connected before the reply confirms the answer", atOffer, func(m *machine) {
			answer := m.pending(outbox.VerbAnswer)
			m.report(Connected{})
			m.replyTo(answer, replyOK)
		}, "connected at greeting, pending play"},
		{"a refusal after Connected changes nothing", atOffer, func(m *machine) {
			answer := m.pending(outbox.VerbAnswer)
			m.report(Connected{})
			m.replyTo(answer, replyRefused("8528"))
		}, "connected at greeting, pending play"},
		{"any event with the answer's context confirms it", atOffer, func(m *machine) {
			m.reportFor(outbox.Ref{Op: 1, Send: 1}, Unknown{})
		}, "ringing"},
		{"an answer refused as too late ends the call missed", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyRefused("8587"))
		}, "ended missed"},
		{"an answer refused because the caller has left ends the call missed", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyRefused(CodeGone))
		}, "ended missed"},
		{"an answer with the wrong resource's key ends the call misconfigured", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyRefused("7507"))
		}, "ended misconfigured"},
		{"an answer refused as invalid ends the call failed", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyRefused("8523"))
		}, "ended failed"},
		{"a throttled answer waits as long as ACS asks", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyThrottled(3*time.Second))
			m.wait(2 * time.Second)
		}, "ringing, pending answer#2?"},
		{"a throttled answer is a new send after the wait", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyThrottled(3*time.Second))
			m.wait(3 * time.Second)
		}, "ringing, pending answer#2"},
		{"an answer without response stays leased to its owner", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyNoResponse)
			m.wait(8 * time.Second)
			if m.pending(outbox.VerbAnswer).Leases != 1 {
				m.t.Errorf("leases after 8 s = %d, want 1", m.pending(outbox.VerbAnswer).Leases)
			}
		}, "ringing, pending answer"},
		{"an answer without response is repeated with its pair when the lease has ended", atOffer, func(m *machine) {
			first := m.pending(outbox.VerbAnswer)
			m.reply(outbox.VerbAnswer, replyNoResponse)
			m.wait(9 * time.Second)
			if a := m.pending(outbox.VerbAnswer); a.Leases != 2 || a.Owner == first.Owner || !a.FirstSent.Equal(first.FirstSent) {
				m.t.Errorf("leased anew as %+v, before as %+v", a, first)
			}
		}, "ringing, pending answer"},
		{"after a repeat is refused as a duplicate, Connected connects the call", atOffer, func(m *machine) {
			m.wait(9 * time.Second)
			m.reply(outbox.VerbAnswer, replyRefused("8585"))
			m.report(Connected{})
		}, "connected at greeting, pending play"},
		{"after a repeat is refused as a duplicate, silence ends the call missed", atOffer, func(m *machine) {
			m.wait(9 * time.Second)
			m.reply(outbox.VerbAnswer, replyRefusedStatus(409))
			m.wait(limits.Connect)
		}, "ended missed"},
		{"no answer begins 25 s after the offer", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyThrottled(25*time.Second))
			m.wait(25 * time.Second)
		}, "ended missed"},
		{"at 25 s, an answer that may have been accepted is waited for though its repeat is throttled", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyNoResponse)
			m.wait(10 * time.Second)
			m.reply(outbox.VerbAnswer, replyThrottled(20*time.Second))
			m.wait(16 * time.Second)
		}, "ringing"},
		{"at 25 s, an answer that is being sent is waited for", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyThrottled(24*time.Second))
			m.wait(24 * time.Second)
			m.wait(2 * time.Second)
			m.reply(outbox.VerbAnswer, replyOK)
		}, "ringing"},
		{"at 25 s, an answer without response is waited for and not repeated", atOffer, func(m *machine) {
			m.wait(20 * time.Second)
			m.wait(12 * time.Second)
		}, "ringing"},
		{"an answer without response ends the call missed when nothing follows", atMissed, nil, "ended missed"},
		{"Connected after the end is hung up", atMissed, func(m *machine) {
			m.report(Connected{})
		}, "ended missed, pending hangUp"},
		{"a late reply that names a connection after the end is hung up", atMissed, func(m *machine) {
			m.replyTo(outbox.Action{Verb: outbox.VerbAnswer, Ref: outbox.Ref{Op: 1, Send: 1}, Leases: 1}, replyOK)
		}, "ended missed, pending hangUp"},
		{"a late connection is hung up once", atMissed, func(m *machine) {
			m.report(Connected{})
			m.replyTo(outbox.Action{Verb: outbox.VerbAnswer, Ref: outbox.Ref{Op: 1, Send: 1}, Leases: 1}, replyOK)
			m.reply(outbox.VerbHangUp, replyOK)
		}, "ended missed"},
		{"the end of a late connection leaves nothing to hang up", atMissed, func(m *machine) {
			m.report(Connected{})
			m.report(Disconnected{})
		}, "ended missed"},
		{"a late hang-up that is refused is not repeated", atMissed, func(m *machine) {
			m.report(Connected{})
			m.reply(outbox.VerbHangUp, replyRefused("8523"))
		}, "ended missed"},
		{"a late hang-up without response is repeated for 4 minutes", atMissed, func(m *machine) {
			m.report(Connected{})
			for range 9 {
				m.wait(30 * time.Second)
			}
		}, "ended missed"},
		{"AnswerFailed ends the call", atAnswered, func(m *machine) {
			e := m.event(outbox.Ref{}, AnswerFailed{})
			e.Result = Result{Code: 403, SubCode: 10105}
			m.apply(e)
		}, "ended misconfigured"},
		{"AnswerFailed because the caller cancelled ends the call abandoned", atAnswered, func(m *machine) {
			e := m.event(outbox.Ref{}, AnswerFailed{})
			e.Result = Result{Code: 487, SubCode: 540487}
			m.apply(e)
		}, "ended abandoned"},
	})
}

func TestConnectTimeout(t *testing.T) {
	atConnectTimeout := func(t tester) *machine {
		m := atAnswered(t)
		m.wait(limits.Connect)
		return m
	}
	runCases(t, []testCase{
		{"makes a check of participants due", atConnectTimeout, nil, "ringing, pending checkParticipants"},
		{"connects the call if the check finds participants", atConnectTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at greeting, pending play"},
		{"ends the call abandoned if the check finds no call", atConnectTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended abandoned"},
		{"gives the call up if the check is refused", atConnectTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused("8501"))
		}, "ended missed, pending hangUp"},
		{"gives the call up if the check gets no response", atConnectTimeout, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
		}, "ended missed, pending hangUp"},
		{"is cleared by Connected while the check is pending", atConnectTimeout, func(m *machine) {
			m.report(Connected{})
		}, "connected at greeting, pending checkParticipants play"},
	})
}

func TestDisconnectedBeforeConnected(t *testing.T) {
	atDisconnectedFirst := func(t tester) *machine {
		m := atAnswered(t)
		e := m.event(outbox.Ref{}, Disconnected{})
		e.Result = Result{Code: 480, SubCode: 560480}
		m.apply(e)
		return m
	}
	runCases(t, []testCase{
		{"waits for a more exact event", atDisconnectedFirst, nil, "ringing"},
		{"ends the call abandoned when Connected follows", atDisconnectedFirst, func(m *machine) {
			m.report(Connected{})
		}, "ended abandoned"},
		{"ends the call with the result of the event that follows", atDisconnectedFirst, func(m *machine) {
			e := m.event(outbox.Ref{}, CreateCallFailed{})
			e.Result = Result{Code: 486, SubCode: 560486}
			m.apply(e)
		}, "ended busy"},
		{"ends the call with its own result when nothing follows", atDisconnectedFirst, func(m *machine) {
			m.wait(disconnectWait)
		}, "ended noAnswer"},
		{"is not postponed by a second Disconnected", atDisconnectedFirst, func(m *machine) {
			m.wait(disconnectWait - time.Second)
			m.report(Disconnected{})
			m.wait(time.Second)
		}, "ended noAnswer"},
		{"with a normal result ends the call abandoned", atAnswered, func(m *machine) {
			e := m.event(outbox.Ref{}, Disconnected{})
			e.Result = Result{Code: 200}
			m.apply(e)
			m.wait(disconnectWait)
		}, "ended abandoned"},
		{"removes the answer", atOffer, func(m *machine) { m.report(Disconnected{}) }, "ringing"},
	})
}

func TestLateOfferIsNotAnswered(t *testing.T) {
	m := &machine{t: t, c: Call{ID: "in-1"}, flow: reception, now: t0.Add(25 * time.Second)}
	run := m.apply(Event{Key: "offer", At: t0, Body: offered})
	if got := summary(m.c); got != "ended missed" || len(m.c.Pending.Leased(run)) > 0 || !m.c.Answered() {
		t.Errorf("the call is %s, want ended missed with nothing leased", got)
	}
	m.checkReplay()
}

func TestOfferFromTheFutureRingsFromNow(t *testing.T) {
	for _, at := range []time.Time{{}, t0.Add(time.Hour)} {
		m := &machine{t: t, c: Call{ID: "in-1"}, flow: reception, now: t0}
		m.apply(Event{Key: "offer", At: at, Body: offered})
		if got := m.c.Deadlines[DeadlineAnswer]; !got.Equal(t0.Add(limits.Answer)) || !m.c.OfferedAt.Equal(t0) {
			t.Errorf("offered at %v, answer deadline %v; want %v and %v", m.c.OfferedAt, got, t0, t0.Add(limits.Answer))
		}
	}
}
