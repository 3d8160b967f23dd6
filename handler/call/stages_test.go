package call

import (
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// The participants of the tests, and the line that they call.
const (
	caller = "4:+12065550100"
	anna   = "8:acs:r_t_anna"
	ben    = "8:acs:r_t_ben"
	line   = "28:orgid:line"
	callee = "4:+12065550199"
)

// t0 is when the tests begin.
var t0 = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// limits are the limits of the calls in the tests.
var limits = Limits{
	Request: 10 * time.Second, Answer: 25 * time.Second, Connect: 20 * time.Second, Prompt: 2 * time.Minute,
	InviteGrace: 10 * time.Second, RecordingStart: 30 * time.Second, Hangup: 15 * time.Second,
	KeepAlive: 5 * time.Minute, Call: time.Hour, Ring: 45 * time.Second, Confirm: 10 * time.Minute,
	Recording: 25 * time.Hour,
}

// spoken is longer than any prompt of the tests takes to speak.
const spoken = 2 * time.Second

// reception is the flow of the inbound calls.
var reception = parse(`{"name":"reception","start":"greeting","nodes":{
	"greeting":{"kind":"play","prompt":{"text":"Hello."},"next":"menu","failed":"sorry"},
	"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"agent","#":"bye"},"repeats":1,"nothing":"bye"},
	"agent":{"kind":"agent","agents":["` + anna + `","` + ben + `"],"music":{"text":"la la"},"answered":"record","unanswered":"sorry"},
	"record":{"kind":"record","next":"talk"},
	"talk":{"kind":"talk","next":"bye"},
	"bye":{"kind":"play","prompt":{"text":"Goodbye."},"next":"end"},
	"sorry":{"kind":"play","prompt":{"text":"Sorry."},"next":"end"},
	"end":{"kind":"hangup"}}}`)

// notice is the flow of the outbound calls.
var notice = parse(`{"name":"notice","start":"menu","nodes":{
	"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"yes","9":"no"},"nothing":"end"},
	"yes":{"kind":"set","values":{"answer":"yes"},"next":"thanks"},
	"no":{"kind":"optout","next":"thanks"},
	"thanks":{"kind":"play","prompt":{"text":"Thank you."},"next":"end"},
	"end":{"kind":"hangup"}}}`)

// parse returns the flow of the document, and panics if it is not valid.
func parse(doc string) *flow.Flow {
	f, err := flow.Parse([]byte(doc))
	if err != nil {
		panic(err)
	}
	return f
}

// offered opens the inbound calls.
var offered = Offered{
	Line: line, Caller: caller, IncomingCallContext: "token",
	Flow: flow.Ref{Name: "reception", Version: "v1"}, Limits: limits,
}

// dialled opens the outbound calls.
var dialled = Dialled{
	Dial: Dial{Line: line, Callee: callee, Attempt: AttemptRef{Campaign: "c1", Contact: "p1", Shard: 2, Claim: 1}},
	Flow: flow.Ref{Name: "notice", Version: "v1"}, Limits: limits,
}

// The gate's verdicts.
var (
	gateOpen   = &DialVerdict{Allowed: true}
	gateClosed = &DialVerdict{Rule: "optedOut"}
)

// Results of calls that were not answered.
var (
	busy      = Result{Code: 486, SubCode: 560486}
	cancelled = Result{Code: 487, SubCode: 540487}
)

// The stages of a usual inbound call. At each, no request is on its way to ACS unless its comment names one.

// atOffer returns a call that was offered at t0; its answer is on its way.
func atOffer(t tester) *machine {
	t.Helper()
	m := &machine{t: t, c: Call{ID: "in-1"}, flow: reception, now: t0}
	m.apply(Event{Key: "offer", At: t0, ServerCallID: "server-1", CorrelationID: "corr-1", Body: offered})
	return m
}

// atAnswered returns a call whose answer ACS has accepted. No event has come yet.
func atAnswered(t tester) *machine {
	t.Helper()
	m := atOffer(t)
	m.reply(outbox.VerbAnswer, replyOK)
	return m
}

// atGreeting returns a connected call that plays the greeting.
func atGreeting(t tester) *machine {
	t.Helper()
	m := atAnswered(t)
	m.report(Connected{})
	m.reply(outbox.VerbPlay, replyOK)
	m.report(roster(1, caller))
	return m
}

// atMenu returns a call that plays the menu.
func atMenu(t tester) *machine {
	t.Helper()
	m := atGreeting(t)
	m.reportFor(m.c.Wait.Media, PlayCompleted{})
	m.reply(outbox.VerbRecognize, replyOK)
	return m
}

// atInvitationSent returns a call whose caller has pressed 1. Music and invitation are on their way.
func atInvitationSent(t tester) *machine {
	t.Helper()
	m := atMenu(t)
	m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"one"}})
	return m
}

// atAgentRinging returns a call that plays the music while the first agent's telephone rings.
func atAgentRinging(t tester) *machine {
	t.Helper()
	m := atMenu(t)
	m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"one"}})
	m.reply(outbox.VerbPlay, replyOK)
	m.reply(outbox.VerbAdd, replyOK)
	return m
}

// atInvitationUnconfirmed returns a call whose invitation got no response.
func atInvitationUnconfirmed(t tester) *machine {
	t.Helper()
	m := atInvitationSent(t)
	m.reply(outbox.VerbPlay, replyOK)
	m.reply(outbox.VerbAdd, replyNoResponse)
	return m
}

// atInvitationChecked returns such a call after the time to ring. A check of participants is on its way.
func atInvitationChecked(t tester) *machine {
	t.Helper()
	m := atInvitationUnconfirmed(t)
	m.wait(defaultRing + limits.InviteGrace)
	return m
}

// atTalk returns a call in which agent and caller talk and are recorded.
func atTalk(t tester) *machine {
	t.Helper()
	m := atAgentRinging(t)
	m.reportFor(m.c.Wait.Invite.Ref, Added{Participant: anna})
	m.reply(outbox.VerbCancelMedia, replyOK)
	m.reply(outbox.VerbStartRecording, replyOK)
	m.report(roster(2, caller, anna))
	m.report(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: m.c.Recordings[0].Op})
	m.reply(outbox.VerbLink, replyOK)
	return m
}

// atGoodbye returns a call that the agent has left; it plays the goodbye.
func atGoodbye(t tester) *machine {
	t.Helper()
	m := atTalk(t)
	m.report(roster(3, caller))
	m.reply(outbox.VerbPlay, replyOK)
	return m
}

// atHangUp returns a call whose hang-up ACS has accepted.
func atHangUp(t tester) *machine {
	t.Helper()
	m := atGoodbye(t)
	m.reportFor(m.c.Wait.Media, PlayCompleted{})
	m.reply(outbox.VerbHangUp, replyOK)
	return m
}

// atEnd returns a call that has ended as usual. Its recording is outstanding.
func atEnd(t tester) *machine {
	t.Helper()
	m := atHangUp(t)
	m.report(Disconnected{})
	return m
}

// atFiled returns an ended call whose recording is filed.
func atFiled(t tester) *machine {
	t.Helper()
	m := atEnd(t)
	m.apply(Event{Key: "filed", Body: FilesFiled{RecordingID: "rec-1", Op: m.c.Recordings[0].Op}})
	return m
}

// atMissed returns an ended call whose answer got no response.
func atMissed(t tester) *machine {
	t.Helper()
	m := atOffer(t)
	m.wait(30 * time.Second)
	m.wait(30 * time.Second)
	return m
}

// The stages of an outbound call, likewise.

// atDialled returns a call whose CreateCall is on its way.
func atDialled(t tester) *machine {
	t.Helper()
	m := &machine{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0}
	m.apply(Event{Key: "dialled", Body: dialled})
	return m
}

// atThrottled returns a call whose CreateCall ACS has throttled. Its line has backed off.
func atThrottled(t tester) *machine {
	t.Helper()
	m := atDialled(t)
	m.reply(outbox.VerbCreate, replyThrottled(5*time.Second))
	m.reply(outbox.VerbBackOff, replyOK)
	return m
}

// atCreateUnconfirmed returns a call whose CreateCall got no response.
func atCreateUnconfirmed(t tester) *machine {
	t.Helper()
	m := atDialled(t)
	m.reply(outbox.VerbCreate, replyNoResponse)
	return m
}

// atRinging returns a call whose CreateCall ACS has accepted.
func atRinging(t tester) *machine {
	t.Helper()
	m := atDialled(t)
	m.reply(outbox.VerbCreate, replyOK)
	return m
}

// atRingTimeout returns a call that has rung for limits.Ring. A check of participants is on its way.
func atRingTimeout(t tester) *machine {
	t.Helper()
	m := atRinging(t)
	m.wait(limits.Ring)
	return m
}

// atRingHangUp returns a call that was not answered. Its hang-up is on its way.
func atRingHangUp(t tester) *machine {
	t.Helper()
	m := atRingTimeout(t)
	m.reply(outbox.VerbCheckParticipants, replyOK)
	return m
}

// atNotice returns a call that is answered and plays the menu.
func atNotice(t tester) *machine {
	t.Helper()
	m := atRinging(t)
	m.report(Connected{})
	m.reply(outbox.VerbRecognize, replyOK)
	return m
}

// atConfirmTimeout returns a call that has ended because ACS did not report on it. It has no work left.
func atConfirmTimeout(t tester) *machine {
	t.Helper()
	m := atCreateUnconfirmed(t)
	m.wait(limits.Confirm)
	m.reply(outbox.VerbSettle, replyOK)
	m.reply(outbox.VerbRelease, replyOK)
	return m
}

// stages holds every stage by its name.
var stages = map[string]func(tester) *machine{
	"ringing": atOffer, "answered": atAnswered, "greeting": atGreeting, "menu": atMenu, "agent": atAgentRinging,
	"talk": atTalk, "bye": atGoodbye, "ending": atHangUp, "ended": atEnd, "filed": atFiled, "missed": atMissed,
	"dialled": atDialled, "throttled": atThrottled, "unconfirmed": atCreateUnconfirmed, "outbound ringing": atRinging, "ring timeout": atRingTimeout,
	"ring hang-up": atRingHangUp, "notice": atNotice, "confirm timeout": atConfirmTimeout,
}

// everyBody returns at least one event body of every kind, in no particular order.
func everyBody() []Body {
	return []Body{
		offered, dialled, Tombstone{}, Tombstone{Dial: dialled.Dial}, Connected{}, Disconnected{}, AnswerFailed{},
		CreateCallFailed{}, PlayStarted{}, PlayCompleted{}, PlayFailed{}, PlayCanceled{}, Recognized{}, Recognized{Tones: []string{"one"}}, RecognizeFailed{},
		RecognizeFailed{Tones: []string{"pound"}}, RecognizeCanceled{}, Added{Participant: ben},
		AddFailed{Participant: anna}, roster(9, caller), roster(9), RecordingStateChanged{RecordingID: "x", Active: true},
		RecordingStateChanged{RecordingID: "x"}, StartRecordingFailed{RecordingID: "x"},
		FilesFiled{RecordingID: "rec-1", Op: 8}, FilesLost{RecordingID: "x", Op: 8, Reason: "deleted"},
		Unknown{Type: "x"}, replyOK, replyNoResponse, replyRefused("8522"), replyThrottled(time.Second), Wake{},
	}
}
