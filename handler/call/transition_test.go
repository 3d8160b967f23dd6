package call

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

func TestUsualInboundCall(t *testing.T) {
	runCases(t, []testCase{
		{"an offer is answered", atOffer, nil, "ringing, pending answer"},
		{"an answer that ACS has accepted waits for Connected", atAnswered, nil, "ringing"},
		{"a connected call plays the greeting", atGreeting, nil, "connected at greeting"},
		{"after the greeting comes the menu", atMenu, nil, "connected at menu"},
		{"a key leads to the agents", atAgentRinging, nil, "connected at agent"},
		{"an agent who joins talks to the caller", atTalk, nil, "connected at talk"},
		{"after the agent has left the goodbye is played", atGoodbye, nil, "connected at bye"},
		{"after the goodbye the call is hung up", atHangUp, nil, "connected ending completed"},
		{"a call that has ended is completed", atEnd, nil, "ended completed"},
		{"a call whose recording is filed has no work", atFiled, nil, "ended completed"},
	})
	if c := atEnd(t).c; !c.HasWork() || c.Active() || !c.Wake().Equal(c.EndedAt.Add(limits.Recording)) {
		t.Errorf("before its recording is filed: HasWork = %v, Active = %v, Wake = %v", c.HasWork(), c.Active(), c.Wake())
	}
	c := atFiled(t).c
	if c.ConnectionID != "conn-1" || c.ServerCallID != "server-1" || c.CorrelationID != "corr-1" || c.IncomingCallContext != "" {
		t.Errorf("ids = %q, %q, %q, context %q", c.ConnectionID, c.ServerCallID, c.CorrelationID, c.IncomingCallContext)
	}
	if len(c.Agents) != 1 || c.Agents[0].ID != anna || !c.Agents[0].Left {
		t.Errorf("agents = %+v", c.Agents)
	}
	if c.HasWork() || !c.Wake().IsZero() {
		t.Errorf("after its recording is filed: HasWork = %v, Wake = %v", c.HasWork(), c.Wake())
	}
}

func TestNoEventAtAnyStageLeavesACallStuck(t *testing.T) {
	// machine.checkInvariants makes the checks.
	for stage, from := range stages {
		there := from(t)
		for i, body := range everyBody() {
			t.Run(fmt.Sprintf("%d %s at %s", i, Event{Body: body}.Kind(), stage), func(t *testing.T) {
				for _, ref := range []outbox.Ref{{}, {Op: 1, Send: 1}, {Op: 1, Send: 2}, {Op: 99, Send: 1}, there.c.Wait.Media, there.c.Wait.Invite.Ref} {
					m := there.fork(t)
					m.reportFor(ref, body)
					m.reportFor(ref, body)
					m.wait(time.Second)
				}
			})
		}
	}
}

func TestEventsThatDoNotFitTheStateChangeNothing(t *testing.T) {
	tests := []struct {
		name string
		from func(tester) *machine
		then func(m *machine)
	}{
		{"a second offer of the same call changes nothing", atMenu, func(m *machine) { m.report(offered) }},
		{"a second Connected changes nothing", atMenu, func(m *machine) {
			m.report(Connected{})
		}},
		{"a prompt that ended long ago changes nothing", atAgentRinging, func(m *machine) {
			m.reportFor(outbox.Ref{Op: 2, Send: 1}, PlayCompleted{})
		}},
		{"keys of a menu that was left change nothing", atAgentRinging, func(m *machine) {
			m.reportFor(outbox.Ref{Op: 3, Send: 1}, Recognized{Tones: []string{"pound"}})
		}},
		{"an event without a context belongs to no prompt", atMenu, func(m *machine) {
			m.report(Recognized{Tones: []string{"one"}})
		}},
		{"an unknown event changes nothing", atTalk, func(m *machine) {
			m.report(Unknown{Type: "Microsoft.Communication.New"})
		}},
		{"a late reply changes nothing", atTalk, func(m *machine) {
			m.replyTo(outbox.Action{Verb: outbox.VerbAnswer, Ref: outbox.Ref{Op: 1, Send: 1}, Leases: 1}, replyRefused("8522"))
		}},
		{"a late AddFailed changes nothing", atTalk, func(m *machine) {
			m.reportFor(outbox.Ref{Op: 5, Send: 1}, AddFailed{Participant: anna})
		}},
		{"an agent who joined does not join twice", atTalk, func(m *machine) {
			m.reportFor(outbox.Ref{Op: 5, Send: 1}, Added{Participant: anna})
		}},
		{"AnswerFailed of a connected call changes nothing", atMenu, func(m *machine) {
			m.report(AnswerFailed{})
		}},
		{"a tombstone of an open call changes nothing", atMenu, func(m *machine) { m.report(Tombstone{}) }},
		{"Disconnected of an ended call changes nothing", atEnd, func(m *machine) { m.report(Disconnected{}) }},
		{"Connected of an ended call changes nothing", atEnd, func(m *machine) {
			m.report(Connected{})
		}},
		{"a prompt after the end changes nothing", atEnd, func(m *machine) {
			m.reportFor(outbox.Ref{Op: 8, Send: 1}, PlayCompleted{})
		}},
		{"participants after the end change nothing", atEnd, func(m *machine) { m.report(roster(9, caller, anna)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.from(t)
			before := m.c
			tt.then(m)
			// Every event adds a history row and restarts the keep-alive.
			m.c.Seq, m.c.Updated, m.c.RecentEvents = before.Seq, before.Updated, before.RecentEvents
			if at, ok := before.Deadlines[DeadlineKeepAlive]; ok {
				m.c.Deadlines[DeadlineKeepAlive] = at
			}
			if got, want := storedJSON(t, m.c), storedJSON(t, before); got != want {
				t.Errorf("the call is %s\n    was %s", got, want)
			}
		})
	}
}

func TestEventOfAnotherConnectionIsIgnored(t *testing.T) {
	m := atMenu(t)
	e := m.event(outbox.Ref{}, Disconnected{})
	e.ConnectionID = "conn-2"
	m.apply(e)
	if got := summary(m.c); got != "connected at menu" {
		t.Errorf("the call is %s, want connected at menu", got)
	}
	m.checkReplay()

	t.Run("the deadlines run all the same", func(t *testing.T) {
		m := atMenu(t)
		m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"one"}})
		m.now = m.now.Add(limits.lease(outbox.VerbAdd)) // the lease of the invitation ends
		e := m.event(outbox.Ref{}, Connected{})
		e.ConnectionID = "conn-2"
		m.apply(e)
		if got := summary(m.c); got != "connected at agent, pending play#2" {
			t.Errorf("the call is %s, want connected at agent, pending play#2", got)
		}
	})
}

func TestTimeNeverGoesBack(t *testing.T) {
	m := atMenu(t)
	updated := m.c.Updated
	m.now = t0.Add(-time.Hour)
	next := Apply(m.c, m.event(outbox.Ref{}, Unknown{}), Input{Now: m.now, Flow: m.flow, Owner: "late"}).After
	if !next.Updated.Equal(updated) {
		t.Errorf("updated = %v, want %v", next.Updated, updated)
	}
}

func TestWakeThatChangesNothingIsNotWritten(t *testing.T) {
	for stage, from := range stages {
		t.Run(stage, func(t *testing.T) {
			m := from(t)
			for range 2 {
				before := m.c
				tr := Apply(before, Event{Body: Wake{}}, Input{Now: m.now, Flow: m.flow, Owner: "sweep"})
				if d := cmp.Diff(Transition{Before: before, After: before}, tr); tr.Changed() || d != "" {
					t.Errorf("a wake changed the call (-want +got):\n%s", d)
				}
			}
		})
	}
}

func TestTombstoneKeepsAnOfferFromBeingOpened(t *testing.T) {
	m := &machine{t: t, c: Call{ID: "in-1"}, now: t0}
	m.apply(Event{Key: "tombstone", Body: Tombstone{}})
	m.apply(Event{Key: "offer", At: t0, Body: offered}) // from the process that was slow to open it
	if got := summary(m.c); got != "ended cancelled" {
		t.Errorf("the call is %s, want ended cancelled", got)
	}
	m.checkReplay()
}

func TestCallEndsWithItsLastRowOfHistory(t *testing.T) {
	tests := []struct {
		name string
		from func(tester) *machine
		want string
	}{
		{"a connected call is hung up at once", atTalk, "ended completed, pending hangUp"},
		{"an outbound call is given up", atRinging, "ended noAnswer, pending settle release hangUp"},
		{"an answered call is hung up", atAnswered, "ended missed, pending hangUp"},
		{"a call that rings is given up", atOffer, "ended missed, pending hangUp"},
		{"a call that is being hung up ends", atHangUp, "ended completed, pending hangUp"},
		{"a call that has ended stays as it is", atEnd, "ended completed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.from(t)
			before := summary(m.c)
			m.c.Seq = maxHistory - 2
			m.report(Unknown{})
			if got := summary(m.c); got != before {
				t.Errorf("one row earlier the call is %s", got)
			}
			m.report(Unknown{})
			if got := summary(m.c); got != tt.want || m.c.Seq != 9900 {
				t.Errorf("at row %d the call is %s, want %s", m.c.Seq, got, tt.want)
			}
		})
	}
}

func TestFullHistoryRecordsOnlyOutstandingWork(t *testing.T) {
	atFullHistory := func(t *testing.T) *machine {
		m := atRinging(t)
		m.c.Seq = maxHistory - 1
		m.report(Unknown{})
		return m
	}
	t.Run("an event that changes nothing is not recorded", func(t *testing.T) {
		m := atFullHistory(t)
		m.reply(outbox.VerbHangUp, replyOK)
		rows := m.c.Seq
		for range 100 {
			m.report(Unknown{})
			m.report(roster(9, callee))
			m.reportCreateFailed(busy)
		}
		if m.c.Seq != rows {
			t.Errorf("rows = %d, want %d", m.c.Seq, rows)
		}
	})
	t.Run("an event about outstanding work is recorded", func(t *testing.T) {
		m := atFullHistory(t)
		m.reply(outbox.VerbSettle, replyOK)
		m.reply(outbox.VerbRelease, replyOK)
		m.reply(outbox.VerbHangUp, replyOK)
		if got := summary(m.c); got != "ended noAnswer" || m.c.Seq != maxHistory+3 {
			t.Errorf("at row %d the call is %s, want ended noAnswer at row %d", m.c.Seq, got, maxHistory+3)
		}
	})
	t.Run("a change that always fails takes fewer and fewer rows", func(t *testing.T) {
		m := atFullHistory(t)
		m.reply(outbox.VerbHangUp, replyOK)
		day := func() int {
			rows := m.c.Seq
			for end := m.now.Add(24 * time.Hour); m.now.Before(end); m.wait(max(m.c.Wake().Sub(m.now), time.Second)) {
				if m.pending(outbox.VerbSettle).Owner != "" {
					m.reply(outbox.VerbSettle, replyNoResponse)
				}
			}
			return m.c.Seq - rows
		}
		if first, second := day(), day(); second > 200 {
			t.Errorf("%d rows on the first day, %d on the second, want at most 200 on the second", first, second)
		}
	})
}

func TestLeasesOfACall(t *testing.T) {
	m := atOffer(t)
	a := m.pending(outbox.VerbAnswer)
	if a.Owner != "run-1" || a.Leases != 1 || !a.FirstSent.Equal(t0) || !a.LeaseUntil.Equal(t0.Add(9*time.Second)) {
		t.Errorf("answer = %+v, want it leased to run-1 for 9 s", a)
	}
	m = atInvitationSent(t)
	a = m.pending(outbox.VerbAdd)
	if !a.LeaseUntil.Equal(m.now.Add(30 * time.Second)) {
		t.Errorf("invitation = %+v, want it leased for 30 s", a)
	}
	lanes := m.c.Pending.Leased(a.Owner)
	if len(lanes) != 2 || len(lanes[outbox.LaneMedia]) != 1 || len(lanes[outbox.LaneParticipants]) != 1 {
		t.Errorf("lanes = %+v", lanes)
	}
	if !m.c.Pending.Owns(a.Owner, a) || m.c.Pending.Owns("another", a) {
		t.Error("Owns is not true for the owner alone")
	}
	m.reply(outbox.VerbAdd, replyThrottled(time.Second))
	if m.c.Pending.Owns(a.Owner, a) {
		t.Error("Owns = true for a send that was throttled")
	}
}

func TestLeaseOfALateAnswerEndsWithTheRinging(t *testing.T) {
	m := atOffer(t)
	m.reply(outbox.VerbAnswer, replyThrottled(24*time.Second))
	m.wait(24 * time.Second)
	a := m.pending(outbox.VerbAnswer)
	// A request of 5 s must end by then; so none begins later than 25 s after the offer.
	if want := t0.Add(30 * time.Second); !a.LeaseUntil.Equal(want) {
		t.Errorf("the lease ends at %v, want %v", a.LeaseUntil, want)
	}
}

func TestThrottledRequestsWaitLongerEachTime(t *testing.T) {
	m := atGreeting(t)
	m.reportFor(m.c.Wait.Media, PlayCompleted{})
	var waits []time.Duration
	for range 5 {
		m.reply(outbox.VerbRecognize, replyThrottled(0))
		wait := m.pending(outbox.VerbRecognize).NotBefore.Sub(m.now)
		waits = append(waits, wait)
		m.wait(wait)
	}
	want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}
	if !slices.Equal(waits, want) {
		t.Errorf("waits = %v, want %v", waits, want)
	}
	for _, asked := range []time.Duration{0, 24 * time.Hour} {
		if got := outbox.ThrottleBackoff(asked, 1000); got != time.Minute {
			t.Errorf("wait = %v, want a minute at most", got)
		}
	}
}

func TestWakeIsTheNearestDeadlineOrLease(t *testing.T) {
	tests := []struct {
		name string
		from func(tester) *machine
		then func(m *machine)
		want time.Duration // from now; 0: never
	}{
		{"the lease of an answer ends", atOffer, nil, 9 * time.Second},
		{"a connection is late", atAnswered, nil, limits.Connect},
		{"a throttled request may be sent again", atOffer, func(m *machine) { m.reply(outbox.VerbAnswer, replyThrottled(3*time.Second)) }, 3 * time.Second},
		{"a prompt is late", atGreeting, nil, limits.Prompt + flow.Prompt{Text: "Hello."}.Spoken()},
		{"a talk is due to be checked", atTalk, nil, limits.KeepAlive},
		{"a hang-up is late", atHangUp, nil, limits.Hangup},
		{"a telephone has rung long enough", atRinging, nil, limits.Ring},
		{"a CreateCall is not confirmed", atCreateUnconfirmed, nil, limits.Confirm},
		{"a throttled CreateCall may be sent again", atThrottled, nil, 5 * time.Second},
		{"a recording is lost", atEnd, nil, limits.Recording},
		{"a call without work never wakes", atFiled, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.from(t)
			if tt.then != nil {
				tt.then(m)
			}
			var got time.Duration
			if wake := m.c.Wake(); !wake.IsZero() {
				got = wake.Sub(m.now)
			}
			if got != tt.want {
				t.Errorf("wakes after %v, want %v", got, tt.want)
			}
		})
	}
}
