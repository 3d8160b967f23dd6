package call

import (
	"switchboard/handler/call/outbox"
	"testing"
	"time"
)

// pressed: the caller has pressed 1; music and invitation are on their way.
func pressed(t tester) *life {
	t.Helper()
	l := asked(t)
	l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"one"}})
	return l
}

// uncertain: nobody knows whether the first agent's telephone rings.
func uncertain(t tester) *life {
	t.Helper()
	l := pressed(t)
	l.replies(outbox.VerbPlay, done)
	l.replies(outbox.VerbAdd, unheard)
	return l
}

// looking: the time for it to ring is over, and ACS is asked who is there.
func looking(t tester) *life {
	t.Helper()
	l := uncertain(t)
	l.passes(defaultRing + limits.InviteGrace)
	return l
}

func TestInvitations(t *testing.T) {
	invitation := func(l *life) outbox.Ref { return l.c.Wait.Invite.Ref }
	tell(t, []story{
		{"music and invitation go out side by side", pressed, nil, "connected at agent, pending play add anna"},
		{"an agent who joins before ACS's answer is in the call", pressed, func(l *life) {
			add := l.owed(outbox.VerbAdd)
			l.replies(outbox.VerbPlay, done)
			l.happensTo(invitation(l), Added{Participant: anna})
			l.answers(add, done)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"an agent known by another spelling is who was invited", inviting, func(l *life) {
			l.happensTo(invitation(l), Added{Participant: "8:ACS:r_t_anna"})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"after one who does not join comes the next", inviting, func(l *life) {
			l.happensTo(invitation(l), AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"a failure that is told twice skips nobody", inviting, func(l *life) {
			first := invitation(l)
			l.happensTo(first, AddFailed{Participant: anna})
			l.happensTo(first, AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"after the last one comes nobody, and the music stops", inviting, func(l *life) {
			l.happensTo(invitation(l), AddFailed{Participant: anna})
			l.happensTo(invitation(l), AddFailed{Participant: ben})
		}, "connected at sorry, pending cancelMedia play"},
		{"a refused invitation goes to the next", pressed, func(l *life) {
			l.replies(outbox.VerbAdd, refuses("8544"))
		}, "connected at agent, pending play add ben"},
		{"a refusal that an event contradicts changes nothing", pressed, func(l *life) {
			add := l.owed(outbox.VerbAdd)
			l.happensTo(invitation(l), Added{Participant: anna})
			l.answers(add, refuses("409"))
		}, "connected at talk, pending play cancelMedia? startRecording"},
		{"a throttled invitation is sent again when ACS allows", pressed, func(l *life) {
			l.replies(outbox.VerbAdd, throttled(2*time.Second))
			l.passes(2 * time.Second)
		}, "connected at agent, pending play add anna#2"},
		{"one throttled until its deadline passes to the next after a look", pressed, func(l *life) {
			l.replies(outbox.VerbPlay, done)
			l.replies(outbox.VerbAdd, throttled(time.Hour))
			l.passes(defaultRing + limits.InviteGrace)
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected at agent, pending add ben"},
		{"an unheard invitation is not sent again", uncertain, nil, "connected at agent"},
		{"it may have been done: its agent joins", uncertain, func(l *life) {
			l.happensTo(invitation(l), Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"it may have been done: its agent does not want to", uncertain, func(l *life) {
			l.happensTo(invitation(l), AddFailed{Participant: anna})
		}, "connected at agent, pending add ben"},
		{"at its deadline ACS is asked who is in the call", looking, nil, "connected at agent, pending checkParticipants"},
		{"an agent who is there has joined", looking, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saw(caller, anna))
		}, "connected at talk, pending cancelMedia startRecording"},
		{"one who is not is invited once more", looking, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected at agent, pending add anna"},
		{"but only once", looking, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saw(caller))
			l.replies(outbox.VerbAdd, unheard)
			l.passes(defaultRing + limits.InviteGrace)
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected at agent, pending add ben"},
		{"the first of two invitations may be the one that comes through", looking, func(l *life) {
			first := invitation(l)
			l.replies(outbox.VerbCheckParticipants, saw(caller))
			l.happensTo(first, Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"one that ACS took is not made again", inviting, func(l *life) {
			l.passes(defaultRing + limits.InviteGrace)
			l.replies(outbox.VerbCheckParticipants, saw(caller))
		}, "connected at agent, pending add ben"},
		{"when ACS does not say who is there nobody is rung twice", looking, func(l *life) {
			for range outbox.MaxSends {
				l.replies(outbox.VerbCheckParticipants, unheard)
			}
		}, "connected at agent, pending add ben"},
		{"nor when it refuses to say", looking, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, refuses("8501"))
		}, "connected at agent, pending add ben"},
		{"a call that is gone is over", looking, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, refuses(CodeGone))
		}, "ended abandoned"},
		{"one whose run has died is of unknown fate", pressed, func(l *life) {
			l.passes(30 * time.Second)
		}, "connected at agent, pending play#2"},
		{"and has its time to ring", pressed, func(l *life) {
			l.passes(30 * time.Second)
			l.passes(29 * time.Second)
		}, "connected at agent, pending play#2"},
		{"an agent given up who joins all the same has the caller", inviting, func(l *life) {
			first := invitation(l)
			l.happensTo(first, AddFailed{Participant: anna})
			l.replies(outbox.VerbAdd, done)
			l.happensTo(first, Added{Participant: anna})
		}, "connected at talk, pending cancelMedia startRecording"},
		{"somebody who joins without an invitation is no agent", inviting, func(l *life) {
			l.happens(Added{Participant: "8:acs:r_t_else"})
		}, "connected at agent"},
		{"music that is still on its way is stopped after it", pressed, func(l *life) {
			l.happensTo(invitation(l), Added{Participant: anna})
		}, "connected at talk, pending play cancelMedia? startRecording"},
		{"and not played again if it went unheard", pressed, func(l *life) {
			l.happensTo(invitation(l), Added{Participant: anna})
			l.replies(outbox.VerbPlay, unheard)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"nor if it was throttled", pressed, func(l *life) {
			l.happensTo(invitation(l), Added{Participant: anna})
			l.replies(outbox.VerbPlay, throttled(time.Second))
		}, "connected at talk, pending cancelMedia startRecording"},
		{"nor if its run has died", pressed, func(l *life) {
			l.happensTo(invitation(l), Added{Participant: anna})
			l.passes(30 * time.Second)
		}, "connected at talk, pending cancelMedia startRecording"},
		{"music that was never sent need not be stopped", func(t tester) *life {
			l := pressed(t)
			l.replies(outbox.VerbPlay, refuses("8535"))
			return l
		}, func(l *life) { l.happensTo(invitation(l), Added{Participant: anna}) }, "connected at talk, pending startRecording"},
	})
}
