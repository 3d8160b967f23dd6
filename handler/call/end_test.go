package call

import (
	"switchboard/handler/call/outbox"
	"testing"
	"time"
)

func TestRelease(t *testing.T) {
	// hanging: the hang-up is on its way.
	hanging := func(t tester) *life {
		l := thanked(t)
		l.happensTo(l.c.Wait.Media, PlayCompleted{})
		return l
	}
	// doubted: nothing was heard of the end, and ACS is asked.
	doubted := func(t tester) *life {
		l := released(t)
		l.passes(limits.Hangup)
		return l
	}
	tell(t, []story{
		{"an end that is heard of before ACS's answer counts", hanging, func(l *life) {
			hangup := l.owed(outbox.VerbHangUp)
			l.happens(Disconnected{})
			l.answers(hangup, done)
		}, "ended completed"},
		{"a hang-up of a call that is gone ends it", hanging, func(l *life) {
			l.replies(outbox.VerbHangUp, refuses(CodeGone))
		}, "ended completed"},
		{"a hang-up that ACS refuses is tried again, but not at once", hanging, func(l *life) {
			l.replies(outbox.VerbHangUp, refuses("8523"))
		}, "connected ending completed"},
		{"after a look", hanging, func(l *life) {
			l.replies(outbox.VerbHangUp, refuses("8523"))
			l.passes(limits.Hangup)
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected ending completed, pending hangUp"},
		{"the refusal of a repeat is a question", hanging, func(l *life) {
			l.passes(30 * time.Second)
			l.replies(outbox.VerbHangUp, refuses("8585"))
		}, "connected ending completed, pending checkParticipants"},
		{"a throttled hang-up is sent again", hanging, func(l *life) {
			l.replies(outbox.VerbHangUp, throttled(2*time.Second))
			l.passes(2 * time.Second)
		}, "connected ending completed, pending hangUp#2"},
		{"one whose run has died is repeated with its pair", hanging, func(l *life) {
			l.passes(30 * time.Second)
		}, "connected ending completed, pending hangUp"},
		{"one whose pair ACS has forgotten is looked after", hanging, func(l *life) {
			l.passes(outbox.PairLife)
		}, "connected ending completed, pending checkParticipants"},
		{"an end that is not heard of is looked for", doubted, nil, "connected ending completed, pending checkParticipants"},
		{"a call that is gone is over", doubted, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, refuses(CodeGone))
		}, "ended completed"},
		{"one that is still there is hung up again", doubted, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected ending completed, pending hangUp"},
		{"one of which ACS does not speak is looked for again", doubted, func(l *life) {
			for range outbox.MaxSends {
				l.replies(outbox.VerbCheckParticipants, unheard)
			}
			l.passes(limits.Hangup + limits.lease(outbox.VerbCheckParticipants))
		}, "connected ending completed, pending checkParticipants"},
		{"a look that is under way is not doubled", doubted, func(l *life) {
			l.passes(20 * time.Second)
			l.replies(outbox.VerbCheckParticipants, throttled(time.Hour))
			l.passes(limits.Hangup + limits.lease(outbox.VerbCheckParticipants))
		}, "connected ending completed, pending checkParticipants#2?"},
		{"the flow goes no further", released, func(l *life) {
			l.happens(people(9, caller, anna))
		}, "connected ending completed"},
		{"hanging up waits for nothing", inviting, func(l *life) {
			l.happens(people(2, anna))
		}, "connected ending abandoned, pending hangUp"},
		{"a call that disconnects is over wherever it is", inviting, func(l *life) {
			l.happens(Disconnected{})
		}, "ended abandoned"},
		{"a call that disconnects after an agent was there is completed", talking, func(l *life) {
			l.happens(Disconnected{})
		}, "ended completed"},
		{"the longest call is hung up", talking, func(l *life) {
			l.passes(limits.Call)
		}, "connected ending completed, pending hangUp"},
		{"so is one with nobody but the caller", asked, func(l *life) {
			l.passes(limits.Call)
		}, "connected ending abandoned, pending hangUp"},
		{"one that rings for ever is missed", answered, func(l *life) {
			l.passes(limits.Call)
		}, "ended missed, pending hangUp"},
		{"the longest call is hung up once", released, func(l *life) {
			l.passes(limits.Call)
		}, "connected ending completed, pending hangUp"},
	})
}
