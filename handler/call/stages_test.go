package call

import (
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// notice is the flow of the calls that the tests place.
var notice = parse(`{"name":"notice","start":"menu","nodes":{
	"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"yes","9":"no"},"nothing":"end"},
	"yes":{"kind":"set","values":{"answer":"yes"},"next":"thanks"},
	"no":{"kind":"optout","next":"thanks"},
	"thanks":{"kind":"play","prompt":{"text":"Thank you."},"next":"end"},
	"end":{"kind":"hangup"}}}`)

const callee = "4:+12065550199"

var dialled = Dialled{
	Dial: Dial{Line: line, Callee: callee, Attempt: AttemptRef{Campaign: "c1", Contact: "p1", Shard: 2, Claim: 1}},
	Flow: flow.Ref{Name: "notice", Version: "v1"}, Limits: limits,
}

// The stages of a call that is placed.

// dial: the request that rings somebody is on its way.
func dial(t tester) *life {
	t.Helper()
	l := &life{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0}
	l.move(Event{Key: "dialled", Body: dialled})
	return l
}

// denied: ACS has had too many requests; the line was told.
func denied(t tester) *life {
	t.Helper()
	l := dial(t)
	l.replies(outbox.VerbCreate, throttled(5*time.Second))
	l.replies(outbox.VerbBackOff, done)
	return l
}

// unheardOf: nobody knows whether the request has reached ACS.
func unheardOf(t tester) *life {
	t.Helper()
	l := dial(t)
	l.replies(outbox.VerbCreate, unheard)
	return l
}

// placed: the telephone rings.
func placed(t tester) *life {
	t.Helper()
	l := dial(t)
	l.replies(outbox.VerbCreate, done)
	return l
}

// rungOut: it has rung long enough, and ACS is asked.
func rungOut(t tester) *life {
	t.Helper()
	l := placed(t)
	l.passes(limits.Ring)
	return l
}

// givenUp: it is being hung up.
func givenUp(t tester) *life {
	t.Helper()
	l := rungOut(t)
	l.replies(outbox.VerbCheckParticipants, done)
	return l
}

// noticed: somebody has answered and hears the menu.
func noticed(t tester) *life {
	t.Helper()
	l := placed(t)
	l.happens(Connected{})
	l.replies(outbox.VerbRecognize, done)
	return l
}

// silent: nothing was heard until the settle time; all is written down.
func silent(t tester) *life {
	t.Helper()
	l := unheardOf(t)
	l.passes(limits.Confirm)
	l.replies(outbox.VerbSettle, done)
	l.replies(outbox.VerbRelease, done)
	return l
}

// open and shut are verdicts on placing the call.
var (
	open = &DialVerdict{Allowed: true, Rule: "dial"}
	shut = &DialVerdict{Rule: "optedOut"}
)

// fails tells by callback that the call came to nothing.
func (l *life) fails(r Result) {
	l.t.Helper()
	e := l.event(outbox.Ref{Op: CreateOp, Send: 1}, CreateCallFailed{})
	e.Result = r
	l.move(e)
}

// isRefused tells by ACS's answer that the call will not be placed.
func (l *life) isRefused(r Result) {
	l.t.Helper()
	e := replyTo(l.owed(outbox.VerbCreate), l.now, refuses("400"))
	e.Result = r
	l.move(e)
}

// ends tells that the call's connection is no more.
func (l *life) ends(r Result) {
	l.t.Helper()
	e := l.event(outbox.Ref{}, Disconnected{})
	e.Result = r
	l.move(e)
}

// What ACS says of telephones that were not answered.
var (
	busy      = Result{Code: 486, SubCode: 560486}
	takenBack = Result{Code: 487, SubCode: 540487}
)
