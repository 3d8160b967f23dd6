package call

import (
	"switchboard/handler/call/outbox"
	"testing"
	"time"
)

func TestRoster(t *testing.T) {
	cut := people(3, caller)
	cut.Count = 80
	tell(t, []story{
		{"an agent who leaves ends the talk", talking, func(l *life) {
			l.happens(people(3, caller))
		}, "connected at bye, pending play"},
		{"an older list changes nothing", talking, func(l *life) {
			l.happens(people(1, caller))
		}, "connected at talk"},
		{"in a list that was cut nobody is missing", talking, func(l *life) {
			l.happens(cut)
		}, "connected at talk"},
		{"a caller who leaves ends the call for everybody", talking, func(l *life) {
			l.happens(people(3, anna))
		}, "connected ending completed, pending hangUp"},
		{"a caller who leaves before anybody was there has abandoned it", asked, func(l *life) {
			l.happens(people(3))
		}, "connected ending abandoned, pending hangUp"},
		{"a caller who was never listed has not left", answered, func(l *life) {
			l.happens(Connected{})
			l.happens(people(1))
		}, "connected at greeting, pending play"},
		{"the first list may have any number", answered, func(l *life) {
			l.happens(Connected{})
			l.happens(people(0, caller))
			l.happens(people(1))
		}, "connected ending abandoned, pending hangUp"},
		{"an agent who is not listed yet is asked for", inviting, func(l *life) {
			l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
			l.happens(people(2, caller))
		}, "connected at talk, pending cancelMedia startRecording checkParticipants"},
		{"an agent alone in the call is not left there, though the caller was never listed", func(t tester) *life {
			l := answered(t)
			l.happens(Connected{})
			l.replies(outbox.VerbPlay, done)
			l.happensTo(l.c.Wait.Media, PlayCompleted{})
			l.replies(outbox.VerbRecognize, done)
			l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"one"}})
			l.replies(outbox.VerbAdd, done)
			l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
			return l
		}, func(l *life) {
			l.passes(limits.KeepAlive)
			l.replies(outbox.VerbCheckParticipants, Replied{Verdict: VerdictOK, Participants: []Participant{{ID: anna}}})
		}, "connected ending completed, pending hangUp"},
		{"and has left if ACS says so", inviting, func(l *life) {
			l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
			l.happens(people(2, caller))
			l.replies(outbox.VerbCheckParticipants, Replied{Verdict: VerdictOK, Participants: []Participant{{ID: caller}}})
		}, "connected at bye, pending cancelMedia startRecording play?"},
		{"an agent may be listed before joining is told", inviting, func(l *life) {
			l.happens(people(2, caller, anna))
			l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
			l.happens(people(3, caller))
		}, "connected at bye, pending cancelMedia startRecording play?"},
		{"an agent who was there and left before joining is told is found out by looking", inviting, func(l *life) {
			l.happens(people(2, caller, anna))
			l.happens(people(3, caller))
			l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
			l.replies(outbox.VerbCancelMedia, done)
			l.replies(outbox.VerbStartRecording, done)
			l.happens(RecordingStateChanged{Active: true, Op: l.c.Recordings[0].Op})
			l.passes(limits.KeepAlive)
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected at bye, pending play"},
		{"muting changes nothing", talking, func(l *life) {
			l.happens(ParticipantsUpdated{Sequence: 3, Participants: []Participant{{ID: caller, Muted: true}, {ID: anna, OnHold: true}}, Count: 2})
		}, "connected at talk"},
	})
}

func TestCallOfWhichNothingIsHeard(t *testing.T) {
	quiet := func(t tester) *life {
		l := talking(t)
		l.passes(limits.KeepAlive)
		return l
	}
	tell(t, []story{
		{"is looked at", quiet, nil, "connected at talk, pending checkParticipants"},
		{"goes on when everybody is there", quiet, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saw(caller, anna))
		}, "connected at talk"},
		{"goes on in its flow when the agent has left", quiet, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected at bye, pending play"},
		{"is hung up when the caller has left", quiet, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saw(anna))
		}, "connected ending completed, pending hangUp"},
		{"is over when ACS does not have it: its end was lost", quiet, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, refuses(CodeGone))
		}, "ended completed"},
		{"is looked at again when ACS does not answer", quiet, func(l *life) {
			for range outbox.MaxSends {
				l.replies(outbox.VerbCheckParticipants, unheard)
			}
			l.passes(limits.KeepAlive)
		}, "connected at talk, pending checkParticipants"},
		{"a look whose run has died is another's", quiet, func(l *life) {
			l.passes(30 * time.Second)
		}, "connected at talk, pending checkParticipants#2"},
		{"news while ACS is asked changes nothing", quiet, func(l *life) {
			l.happens(people(3, caller, anna))
		}, "connected at talk, pending checkParticipants"},
		{"an agent who joined while ACS was asked is not missing", inviting, func(l *life) {
			l.passes(defaultRing + limits.InviteGrace)
			l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
			l.replies(outbox.VerbCancelMedia, done)
			l.replies(outbox.VerbStartRecording, done)
			l.happens(people(2, caller, anna))
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected at talk"},
	})
}
