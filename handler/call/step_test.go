package call

import (
	"fmt"
	"switchboard/handler/call/outbox"
	"testing"
	"time"
)

func TestUsualCall(t *testing.T) {
	tell(t, []story{
		{"an offer is to be answered", offer, nil, "ringing, pending answer"},
		{"an answer that ACS has taken waits for the connection", answered, nil, "ringing"},
		{"a connected caller is greeted", greeted, nil, "connected at greeting"},
		{"after the greeting comes the menu", asked, nil, "connected at menu"},
		{"a key leads to the agents", inviting, nil, "connected at agent"},
		{"an agent who joins talks to the caller", talking, nil, "connected at talk"},
		{"after the agent has left the caller is thanked", thanked, nil, "connected at bye"},
		{"a caller who was thanked is released", released, nil, "connected ending completed"},
		{"a call that is over is completed", over, nil, "ended completed"},
		{"and owes nothing once its recording is filed", filed, nil, "ended completed"},
	})
	if c := over(t).c; !c.HasWork() || c.Active() || !c.Wake().Equal(c.EndedAt.Add(limits.Recording)) {
		t.Errorf("before that it owes %v, is busy %v, wakes at %v", c.HasWork(), c.Active(), c.Wake())
	}
	c := filed(t).c
	if c.ConnectionID != "conn-1" || c.ServerCallID != "server-1" || c.CorrelationID != "corr-1" || c.IncomingCallContext != "" {
		t.Errorf("ids = %q, %q, %q, context %q", c.ConnectionID, c.ServerCallID, c.CorrelationID, c.IncomingCallContext)
	}
	if len(c.Agents) != 1 || c.Agents[0].ID != anna || !c.Agents[0].Left {
		t.Errorf("agents = %+v", c.Agents)
	}
	if c.HasWork() || !c.Wake().IsZero() {
		t.Errorf("owes %v, wakes at %v", c.HasWork(), c.Wake())
	}
}

// stages are all stages of a usual call, of one that was given up, and of those
// that are placed.
var stages = map[string]func(tester) *life{
	"ringing": offer, "answered": answered, "greeting": greeted, "menu": asked, "agent": inviting,
	"talk": talking, "bye": thanked, "ending": released, "ended": over, "filed": filed, "missed": missed,
	"dialled": dial, "throttled": denied, "unheard of": unheardOf, "placed": placed, "overdue": rungOut,
	"given up": givenUp, "notice": noticed, "silent": silent,
}

// bodies of events of every kind that ACS sends, in an order of no meaning.
func everyBody() []Body {
	return []Body{
		offered, dialled, Tombstone{}, Tombstone{Dial: dialled.Dial}, Connected{}, Disconnected{}, AnswerFailed{},
		CreateCallFailed{}, PlayStarted{}, PlayCompleted{}, PlayFailed{}, PlayCanceled{}, Recognized{}, Recognized{Tones: []string{"one"}}, RecognizeFailed{},
		RecognizeFailed{Tones: []string{"pound"}}, RecognizeCanceled{}, Added{Participant: ben},
		AddFailed{Participant: anna}, people(9, caller), people(9), RecordingStateChanged{RecordingID: "x", Active: true},
		RecordingStateChanged{RecordingID: "x"}, StartRecordingFailed{RecordingID: "x"},
		FilesFiled{RecordingID: "rec-1", Op: 8}, FilesLost{RecordingID: "x", Op: 8, Reason: "deleted"},
		Unknown{Type: "x"}, done, unheard, refuses("8522"), throttled(time.Second), Wake{},
	}
}

func TestEveryEventAtEveryStageLeavesACallThatGoesOn(t *testing.T) {
	// life.check does the looking.
	for stage, from := range stages {
		there := from(t)
		for i, body := range everyBody() {
			t.Run(fmt.Sprintf("%d %s at %s", i, Event{Body: body}.Kind(), stage), func(t *testing.T) {
				for _, ref := range []outbox.Ref{{}, {Op: 1, Send: 1}, {Op: 1, Send: 2}, {Op: 99, Send: 1}, there.c.Wait.Media, there.c.Wait.Invite.Ref} {
					l := there.fork(t)
					l.happensTo(ref, body)
					l.happensTo(ref, body)
					l.passes(time.Second)
				}
			})
		}
	}
}

func TestEventsWithoutSense(t *testing.T) {
	tests := []struct {
		name string
		from func(tester) *life
		then func(l *life)
	}{
		{"a second offer of the same call changes nothing", asked, func(l *life) { l.happens(offered) }},
		{"a second connection of a connected call changes nothing", asked, func(l *life) {
			l.happens(Connected{})
		}},
		{"a prompt that ended long ago changes nothing", inviting, func(l *life) {
			l.happensTo(outbox.Ref{Op: 2, Send: 1}, PlayCompleted{})
		}},
		{"keys of a menu that was left change nothing", inviting, func(l *life) {
			l.happensTo(outbox.Ref{Op: 3, Send: 1}, Recognized{Tones: []string{"pound"}})
		}},
		{"an event without a context belongs to no prompt", asked, func(l *life) {
			l.happens(Recognized{Tones: []string{"one"}})
		}},
		{"an unknown event changes nothing", talking, func(l *life) {
			l.happens(Unknown{Type: "Microsoft.Communication.New"})
		}},
		{"a late answer of ACS changes nothing", talking, func(l *life) {
			l.answers(outbox.Action{Verb: outbox.VerbAnswer, Ref: outbox.Ref{Op: 1, Send: 1}, Leases: 1}, refuses("8522"))
		}},
		{"a late failure of an invitation changes nothing", talking, func(l *life) {
			l.happensTo(outbox.Ref{Op: 5, Send: 1}, AddFailed{Participant: anna})
		}},
		{"an agent who joined does not join twice", talking, func(l *life) {
			l.happensTo(outbox.Ref{Op: 5, Send: 1}, Added{Participant: anna})
		}},
		{"a failed answer of a connected call changes nothing", asked, func(l *life) {
			l.happens(AnswerFailed{})
		}},
		{"a burial of a call that is there changes nothing", asked, func(l *life) { l.happens(Tombstone{}) }},
		{"an end of a call that has ended changes nothing", over, func(l *life) { l.happens(Disconnected{}) }},
		{"a connection of a call that has come to its end changes nothing", over, func(l *life) {
			l.happens(Connected{})
		}},
		{"a prompt after the end changes nothing", over, func(l *life) {
			l.happensTo(outbox.Ref{Op: 8, Send: 1}, PlayCompleted{})
		}},
		{"people after the end change nothing", over, func(l *life) { l.happens(people(9, caller, anna)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.from(t)
			before := l.c
			tt.then(l)
			// Only what every event brings: a row of history, and news.
			l.c.Seq, l.c.Updated, l.c.RecentEventKeys = before.Seq, before.Updated, before.RecentEventKeys
			if at, ok := before.Deadlines[byKeepAlive]; ok {
				l.c.Deadlines[byKeepAlive] = at
			}
			if got, want := doc(t, l.c), doc(t, before); got != want {
				t.Errorf("the call is %s\n    was %s", got, want)
			}
		})
	}
}

func TestEventOfAnotherConnection(t *testing.T) {
	l := asked(t)
	e := l.event(outbox.Ref{}, Disconnected{})
	e.ConnectionID = "conn-2"
	l.move(e)
	if got := summary(l.c); got != "connected at menu" {
		t.Errorf("the call is %s: it took another connection's end for its own", got)
	}
	l.replays()

	t.Run("does not keep deadlines from being met", func(t *testing.T) {
		l := asked(t)
		l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"one"}})
		l.now = l.now.Add(limits.lease(outbox.VerbAdd)) // the run that was to invite has died
		e := l.event(outbox.Ref{}, Connected{})
		e.ConnectionID = "conn-2"
		l.move(e)
		if got := summary(l.c); got != "connected at agent, pending play#2" {
			t.Errorf("the call is %s: an invitation is never sent by a second run", got)
		}
	})
}

func TestTimeNeverGoesBack(t *testing.T) {
	l := asked(t)
	updated := l.c.Updated
	l.now = t0.Add(-time.Hour)
	next, _ := Apply(l.c, l.event(outbox.Ref{}, Unknown{}), Input{Now: l.now, Flow: l.flow, Owner: "late"})
	if !next.Updated.Equal(updated) {
		t.Errorf("updated = %v, want %v", next.Updated, updated)
	}
}

func TestTickThatChangesNothingIsNotWritten(t *testing.T) {
	for stage, from := range stages {
		t.Run(stage, func(t *testing.T) {
			l := from(t)
			for range 2 {
				before := l.c
				next, moved := Apply(before, Event{Body: Wake{}}, Input{Now: l.now, Flow: l.flow, Owner: "sweep"})
				if moved || doc(t, next) != doc(t, before) {
					t.Errorf("a tick without need moved the call to %s", summary(next))
				}
			}
		})
	}
}

func TestBurialTakesThePlaceOfACallThatWasNeverWritten(t *testing.T) {
	l := &life{t: t, c: Call{ID: "in-1"}, now: t0}
	l.move(Event{Key: "tombstone", Body: Tombstone{}})
	l.move(Event{Key: "offer", At: t0, Body: offered}) // whoever was about to open it
	if got := summary(l.c); got != "ended cancelled" {
		t.Errorf("the call is %s", got)
	}
	l.replays()
}

func TestCallEndsWithItsLastRowOfHistory(t *testing.T) {
	tests := []struct {
		name string
		from func(tester) *life
		want string
	}{
		{"a connected call is hung up at once", talking, "ended completed, pending hangUp"},
		{"a call that was placed is given up", placed, "ended noAnswer, pending settle release hangUp"},
		{"an answered call is hung up", answered, "ended missed, pending hangUp"},
		{"a call that rings is given up", offer, "ended missed, pending hangUp"},
		{"a call that is being hung up is over", released, "ended completed, pending hangUp"},
		{"a call that has ended stays as it is", over, "ended completed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.from(t)
			before := summary(l.c)
			l.c.Seq = maxHistory - 2
			l.happens(Unknown{})
			if got := summary(l.c); got != before {
				t.Errorf("one row earlier the call is %s", got)
			}
			l.happens(Unknown{})
			if got := summary(l.c); got != tt.want || l.c.Seq != 9900 {
				t.Errorf("at row %d the call is %s, want %s", l.c.Seq, got, tt.want)
			}
		})
	}
}

func TestFullHistoryTakesInOnlyWhatIsDoneAboutDebts(t *testing.T) {
	full := func(t *testing.T) *life {
		l := placed(t)
		l.c.Seq = maxHistory - 1
		l.happens(Unknown{})
		return l
	}
	t.Run("what changes nothing is not written down", func(t *testing.T) {
		l := full(t)
		l.replies(outbox.VerbHangUp, done)
		rows := l.c.Seq
		for range 100 {
			l.happens(Unknown{})
			l.happens(people(9, callee))
			l.fails(busy)
		}
		if l.c.Seq != rows {
			t.Errorf("%d rows more", l.c.Seq-rows)
		}
	})
	t.Run("what pays a debt is", func(t *testing.T) {
		l := full(t)
		l.replies(outbox.VerbSettle, done)
		l.replies(outbox.VerbRelease, done)
		l.replies(outbox.VerbHangUp, done)
		if got := summary(l.c); got != "ended noAnswer" || l.c.Seq != maxHistory+3 {
			t.Errorf("at row %d the call is %s", l.c.Seq, got)
		}
	})
	t.Run("a change that never comes about takes fewer and fewer rows", func(t *testing.T) {
		l := full(t)
		l.replies(outbox.VerbHangUp, done)
		day := func() int {
			rows := l.c.Seq
			for end := l.now.Add(24 * time.Hour); l.now.Before(end); l.passes(max(l.c.Wake().Sub(l.now), time.Second)) {
				if l.owed(outbox.VerbSettle).Owner != "" {
					l.replies(outbox.VerbSettle, unheard)
				}
			}
			return l.c.Seq - rows
		}
		if first, second := day(), day(); second > 200 {
			t.Errorf("%d rows on the first day, %d on the second", first, second)
		}
	})
}
