package call

import (
	"switchboard/handler/call/outbox"
	"testing"
	"time"
)

func TestAnswer(t *testing.T) {
	tell(t, []story{
		{"a connection that is heard of before ACS's answer proves it", offer, func(l *life) {
			answer := l.owed(outbox.VerbAnswer)
			l.happens(Connected{})
			l.answers(answer, done)
		}, "connected at greeting, pending play"},
		{"a refusal after the connection changes nothing", offer, func(l *life) {
			answer := l.owed(outbox.VerbAnswer)
			l.happens(Connected{})
			l.answers(answer, refuses("8528"))
		}, "connected at greeting, pending play"},
		{"any event with the answer's context proves it", offer, func(l *life) {
			l.happensTo(outbox.Ref{Op: 1, Send: 1}, Unknown{})
		}, "ringing"},
		{"an answer too late ends the call missed", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, refuses("8587"))
		}, "ended missed"},
		{"an answer to a caller who is gone ends the call missed", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, refuses(CodeGone))
		}, "ended missed"},
		{"an answer with the wrong resource's key is misconfigured", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, refuses("7507"))
		}, "ended misconfigured"},
		{"an answer that ACS does not understand has failed", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, refuses("8523"))
		}, "ended failed"},
		{"a throttled answer waits as long as ACS asks", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, throttled(3*time.Second))
			l.passes(2 * time.Second)
		}, "ringing, pending answer#2?"},
		{"and is then a new send", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, throttled(3*time.Second))
			l.passes(3 * time.Second)
		}, "ringing, pending answer#2"},
		{"an answer that goes unheard stays with its owner", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, unheard)
			l.passes(8 * time.Second)
			if l.owed(outbox.VerbAnswer).Leases != 1 {
				l.t.Errorf("taken over after 8 s")
			}
		}, "ringing, pending answer"},
		{"its pair is sent again when its owner's time is up", offer, func(l *life) {
			first := l.owed(outbox.VerbAnswer)
			l.replies(outbox.VerbAnswer, unheard)
			l.passes(9 * time.Second)
			if a := l.owed(outbox.VerbAnswer); a.Leases != 2 || a.Owner == first.Owner || !a.FirstSent.Equal(first.FirstSent) {
				l.t.Errorf("taken over as %+v from %+v", a, first)
			}
		}, "ringing, pending answer"},
		{"the refusal of a repeat is a question: the callback decides", offer, func(l *life) {
			l.passes(9 * time.Second)
			l.replies(outbox.VerbAnswer, refuses("8585"))
			l.happens(Connected{})
		}, "connected at greeting, pending play"},
		{"a question that no callback answers ends the call missed", offer, func(l *life) {
			l.passes(9 * time.Second)
			l.replies(outbox.VerbAnswer, refuses("409"))
			l.passes(limits.Connect)
		}, "ended missed"},
		{"no answer begins 25 s after the offer", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, throttled(25*time.Second))
			l.passes(25 * time.Second)
		}, "ended missed"},
		{"nor is one given up that was unheard, and throttled when it was repeated", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, unheard)
			l.passes(10 * time.Second)
			l.replies(outbox.VerbAnswer, throttled(20*time.Second))
			l.passes(16 * time.Second)
		}, "ringing"},
		{"an answer under way then is waited for", offer, func(l *life) {
			l.replies(outbox.VerbAnswer, throttled(24*time.Second))
			l.passes(24 * time.Second)
			l.passes(2 * time.Second)
			l.replies(outbox.VerbAnswer, done)
		}, "ringing"},
		{"an answer that was sent and never heard of is waited for, but not repeated", offer, func(l *life) {
			l.passes(20 * time.Second)
			l.passes(12 * time.Second)
		}, "ringing"},
		{"and ends the call missed in the end", missed, nil, "ended missed"},
		{"a connection that comes after that is hung up", missed, func(l *life) {
			l.happens(Connected{})
		}, "ended missed, pending hangUp"},
		{"and so is one that ACS's late answer tells of", missed, func(l *life) {
			l.answers(outbox.Action{Verb: outbox.VerbAnswer, Ref: outbox.Ref{Op: 1, Send: 1}, Leases: 1}, done)
		}, "ended missed, pending hangUp"},
		{"it is hung up once", missed, func(l *life) {
			l.happens(Connected{})
			l.answers(outbox.Action{Verb: outbox.VerbAnswer, Ref: outbox.Ref{Op: 1, Send: 1}, Leases: 1}, done)
			l.replies(outbox.VerbHangUp, done)
		}, "ended missed"},
		{"its end leaves nothing to hang up", missed, func(l *life) {
			l.happens(Connected{})
			l.happens(Disconnected{})
		}, "ended missed"},
		{"a late hang-up that is refused is let be", missed, func(l *life) {
			l.happens(Connected{})
			l.replies(outbox.VerbHangUp, refuses("8523"))
		}, "ended missed"},
		{"a late hang-up that goes unheard is repeated for 4 minutes", missed, func(l *life) {
			l.happens(Connected{})
			for range 9 {
				l.passes(30 * time.Second)
			}
		}, "ended missed"},
		{"an answer that came to nothing ends the call", answered, func(l *life) {
			e := l.event(outbox.Ref{}, AnswerFailed{})
			e.Result = Result{Code: 403, SubCode: 10105}
			l.move(e)
		}, "ended misconfigured"},
		{"a caller who took the call back has abandoned it", answered, func(l *life) {
			e := l.event(outbox.Ref{}, AnswerFailed{})
			e.Result = Result{Code: 487, SubCode: 540487}
			l.move(e)
		}, "ended abandoned"},
	})
}

func TestConnectionThatIsNotHeardOf(t *testing.T) {
	overdue := func(t tester) *life {
		l := answered(t)
		l.passes(limits.Connect)
		return l
	}
	tell(t, []story{
		{"is looked for", overdue, nil, "ringing, pending checkParticipants"},
		{"counts as heard of when people are there", overdue, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected at greeting, pending play"},
		{"is abandoned when the call is gone", overdue, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, refuses(CodeGone))
		}, "ended abandoned"},
		{"is given up when the call is still not connected", overdue, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, refuses("8501"))
		}, "ended missed, pending hangUp"},
		{"is given up when ACS does not say", overdue, func(l *life) {
			for range outbox.MaxSends {
				l.replies(outbox.VerbCheckParticipants, unheard)
			}
		}, "ended missed, pending hangUp"},
		{"may come while it is looked for", overdue, func(l *life) {
			l.happens(Connected{})
		}, "connected at greeting, pending checkParticipants play"},
	})
}

func TestEndBeforeTheConnection(t *testing.T) {
	gone := func(t tester) *life {
		l := answered(t)
		e := l.event(outbox.Ref{}, Disconnected{})
		e.Result = Result{Code: 480, SubCode: 560480}
		l.move(e)
		return l
	}
	tell(t, []story{
		{"waits for what says more", gone, nil, "ringing"},
		{"was the end of a connected call when the connection is heard of", gone, func(l *life) {
			l.happens(Connected{})
		}, "ended abandoned"},
		{"takes the more exact result", gone, func(l *life) {
			e := l.event(outbox.Ref{}, CreateCallFailed{})
			e.Result = Result{Code: 486, SubCode: 560486}
			l.move(e)
		}, "ended busy"},
		{"ends the call when nothing more is heard", gone, func(l *life) {
			l.passes(disconnectWait)
		}, "ended noAnswer"},
		{"is not put off by another end", gone, func(l *life) {
			l.passes(disconnectWait - time.Second)
			l.happens(Disconnected{})
			l.passes(time.Second)
		}, "ended noAnswer"},
		{"in good order was a caller who heard nobody", answered, func(l *life) {
			e := l.event(outbox.Ref{}, Disconnected{})
			e.Result = Result{Code: 200}
			l.move(e)
			l.passes(disconnectWait)
		}, "ended abandoned"},
		{"leaves nothing to answer", offer, func(l *life) { l.happens(Disconnected{}) }, "ringing"},
	})
}

func TestOfferThatComesTooLateIsNotAnswered(t *testing.T) {
	l := &life{t: t, c: Call{ID: "in-1"}, flow: reception, now: t0.Add(25 * time.Second)}
	run := l.move(Event{Key: "offer", At: t0, Body: offered})
	if got := summary(l.c); got != "ended missed" || len(l.c.Pending.Leased(run)) > 0 || !l.c.Answered() {
		t.Errorf("the call is %s", got)
	}
	l.replays()
}

func TestOfferFromTheFutureRingsFromNow(t *testing.T) {
	for _, at := range []time.Time{{}, t0.Add(time.Hour)} {
		l := &life{t: t, c: Call{ID: "in-1"}, flow: reception, now: t0}
		l.move(Event{Key: "offer", At: at, Body: offered})
		if got := l.c.Deadlines[byAnswer]; !got.Equal(t0.Add(limits.Answer)) || !l.c.OfferedAt.Equal(t0) {
			t.Errorf("offered at %v, to be answered by %v", l.c.OfferedAt, got)
		}
	}
}
