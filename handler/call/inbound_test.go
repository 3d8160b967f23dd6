package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestAnswerOfAnOffer(t *testing.T) {
	runCases(t, []testCase{
		{"a connection that is heard of before ACS's answer proves it", atOffer, func(m *machine) {
			answer := m.pending(outbox.VerbAnswer)
			m.report(Connected{})
			m.replyTo(answer, replyOK)
		}, "connected at greeting, pending play"},
		{"a refusal after the connection changes nothing", atOffer, func(m *machine) {
			answer := m.pending(outbox.VerbAnswer)
			m.report(Connected{})
			m.replyTo(answer, replyRefused("8528"))
		}, "connected at greeting, pending play"},
		{"any event with the answer's context proves it", atOffer, func(m *machine) {
			m.reportFor(outbox.Ref{Op: 1, Send: 1}, Unknown{})
		}, "ringing"},
		{"an answer too late ends the call missed", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyRefused("8587"))
		}, "ended missed"},
		{"an answer to a caller who is gone ends the call missed", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyRefused(CodeGone))
		}, "ended missed"},
		{"an answer with the wrong resource's key is misconfigured", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyRefused("7507"))
		}, "ended misconfigured"},
		{"an answer that ACS does not understand has failed", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyRefused("8523"))
		}, "ended failed"},
		{"a throttled answer waits as long as ACS asks", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyThrottled(3*time.Second))
			m.wait(2 * time.Second)
		}, "ringing, pending answer#2?"},
		{"and is then a new send", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyThrottled(3*time.Second))
			m.wait(3 * time.Second)
		}, "ringing, pending answer#2"},
		{"an answer that goes unheard stays with its owner", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyNoResponse)
			m.wait(8 * time.Second)
			if m.pending(outbox.VerbAnswer).Leases != 1 {
				m.t.Errorf("taken over after 8 s")
			}
		}, "ringing, pending answer"},
		{"its pair is sent again when its owner's time is up", atOffer, func(m *machine) {
			first := m.pending(outbox.VerbAnswer)
			m.reply(outbox.VerbAnswer, replyNoResponse)
			m.wait(9 * time.Second)
			if a := m.pending(outbox.VerbAnswer); a.Leases != 2 || a.Owner == first.Owner || !a.FirstSent.Equal(first.FirstSent) {
				m.t.Errorf("taken over as %+v from %+v", a, first)
			}
		}, "ringing, pending answer"},
		{"the refusal of a repeat is a question: the callback decides", atOffer, func(m *machine) {
			m.wait(9 * time.Second)
			m.reply(outbox.VerbAnswer, replyRefused("8585"))
			m.report(Connected{})
		}, "connected at greeting, pending play"},
		{"a question that no callback answers ends the call missed", atOffer, func(m *machine) {
			m.wait(9 * time.Second)
			m.reply(outbox.VerbAnswer, replyRefused("409"))
			m.wait(limits.Connect)
		}, "ended missed"},
		{"no answer begins 25 s after the offer", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyThrottled(25*time.Second))
			m.wait(25 * time.Second)
		}, "ended missed"},
		{"nor is one given up that was unheard, and throttled when it was repeated", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyNoResponse)
			m.wait(10 * time.Second)
			m.reply(outbox.VerbAnswer, replyThrottled(20*time.Second))
			m.wait(16 * time.Second)
		}, "ringing"},
		{"an answer under way then is waited for", atOffer, func(m *machine) {
			m.reply(outbox.VerbAnswer, replyThrottled(24*time.Second))
			m.wait(24 * time.Second)
			m.wait(2 * time.Second)
			m.reply(outbox.VerbAnswer, replyOK)
		}, "ringing"},
		{"an answer that was sent and never heard of is waited for, but not repeated", atOffer, func(m *machine) {
			m.wait(20 * time.Second)
			m.wait(12 * time.Second)
		}, "ringing"},
		{"and ends the call missed in the end", atMissed, nil, "ended missed"},
		{"a connection that comes after that is hung up", atMissed, func(m *machine) {
			m.report(Connected{})
		}, "ended missed, pending hangUp"},
		{"and so is one that ACS's late answer tells of", atMissed, func(m *machine) {
			m.replyTo(outbox.Action{Verb: outbox.VerbAnswer, Ref: outbox.Ref{Op: 1, Send: 1}, Leases: 1}, replyOK)
		}, "ended missed, pending hangUp"},
		{"it is hung up once", atMissed, func(m *machine) {
			m.report(Connected{})
			m.replyTo(outbox.Action{Verb: outbox.VerbAnswer, Ref: outbox.Ref{Op: 1, Send: 1}, Leases: 1}, replyOK)
			m.reply(outbox.VerbHangUp, replyOK)
		}, "ended missed"},
		{"its end leaves nothing to hang up", atMissed, func(m *machine) {
			m.report(Connected{})
			m.report(Disconnected{})
		}, "ended missed"},
		{"a late hang-up that is refused is let be", atMissed, func(m *machine) {
			m.report(Connected{})
			m.reply(outbox.VerbHangUp, replyRefused("8523"))
		}, "ended missed"},
		{"a late hang-up that goes unheard is repeated for 4 minutes", atMissed, func(m *machine) {
			m.report(Connected{})
			for range 9 {
				m.wait(30 * time.Second)
			}
		}, "ended missed"},
		{"an answer that came to nothing ends the call", atAnswered, func(m *machine) {
			e := m.event(outbox.Ref{}, AnswerFailed{})
			e.Result = Result{Code: 403, SubCode: 10105}
			m.apply(e)
		}, "ended misconfigured"},
		{"a caller who took the call back has abandoned it", atAnswered, func(m *machine) {
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
		{"is looked for", atConnectTimeout, nil, "ringing, pending checkParticipants"},
		{"counts as heard of when people are there", atConnectTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
		}, "connected at greeting, pending play"},
		{"is abandoned when the call is gone", atConnectTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended abandoned"},
		{"is given up when the call is still not connected", atConnectTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused("8501"))
		}, "ended missed, pending hangUp"},
		{"is given up when ACS does not say", atConnectTimeout, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
		}, "ended missed, pending hangUp"},
		{"may come while it is looked for", atConnectTimeout, func(m *machine) {
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
		{"waits for what says more", atDisconnectedFirst, nil, "ringing"},
		{"was the end of a connected call when the connection is heard of", atDisconnectedFirst, func(m *machine) {
			m.report(Connected{})
		}, "ended abandoned"},
		{"takes the more exact result", atDisconnectedFirst, func(m *machine) {
			e := m.event(outbox.Ref{}, CreateCallFailed{})
			e.Result = Result{Code: 486, SubCode: 560486}
			m.apply(e)
		}, "ended busy"},
		{"ends the call when nothing more is heard", atDisconnectedFirst, func(m *machine) {
			m.wait(disconnectWait)
		}, "ended noAnswer"},
		{"is not put off by another end", atDisconnectedFirst, func(m *machine) {
			m.wait(disconnectWait - time.Second)
			m.report(Disconnected{})
			m.wait(time.Second)
		}, "ended noAnswer"},
		{"in good order was a caller who heard nobody", atAnswered, func(m *machine) {
			e := m.event(outbox.Ref{}, Disconnected{})
			e.Result = Result{Code: 200}
			m.apply(e)
			m.wait(disconnectWait)
		}, "ended abandoned"},
		{"leaves nothing to answer", atOffer, func(m *machine) { m.report(Disconnected{}) }, "ringing"},
	})
}

func TestLateOfferIsNotAnswered(t *testing.T) {
	m := &machine{t: t, c: Call{ID: "in-1"}, flow: reception, now: t0.Add(25 * time.Second)}
	run := m.apply(Event{Key: "offer", At: t0, Body: offered})
	if got := summary(m.c); got != "ended missed" || len(m.c.Pending.Leased(run)) > 0 || !m.c.Answered() {
		t.Errorf("the call is %s", got)
	}
	m.checkReplay()
}

func TestOfferFromTheFutureRingsFromNow(t *testing.T) {
	for _, at := range []time.Time{{}, t0.Add(time.Hour)} {
		m := &machine{t: t, c: Call{ID: "in-1"}, flow: reception, now: t0}
		m.apply(Event{Key: "offer", At: at, Body: offered})
		if got := m.c.Deadlines[byAnswer]; !got.Equal(t0.Add(limits.Answer)) || !m.c.OfferedAt.Equal(t0) {
			t.Errorf("offered at %v, to be answered by %v", m.c.OfferedAt, got)
		}
	}
}
