package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/engine"
	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/cluster"
)

func TestSweep(t *testing.T) {
	// open is a call that is answered and connected.
	open := func(t *testing.T, q *cluster.Harness) {
		t.Helper()
		if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil {
			t.Fatal(err)
		}
	}

	cluster.Run(t, "takes over an action with a pair, with the same pair", func(t *testing.T, q *cluster.Harness) {
		err := q.CrashBeforeSending().Open(t.Context(), cluster.InboundID, cluster.Offer())
		if !errors.Is(err, engine.ErrUnanswered) {
			t.Fatal(err)
		}
		first := q.LoadInbound(t).Pending[0]
		q.SweepAfter(t, time.Until(first.LeaseUntil)-time.Second)
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v while its owner has time", got)
		}
		q.SweepAfter(t, 5*time.Second)
		if len(q.Sent) != 1 {
			t.Fatalf("asked %+v", q.Sent)
		}
		got := q.Sent[0]
		if got.Ref != first.Ref || !got.FirstSent.Equal(first.FirstSent) || got.Owner == first.Owner || got.Leases != 2 {
			t.Errorf("taken over as %+v\nfrom %+v", got, first)
		}
	})
	cluster.Run(t, "takes over one without a pair as a new send", func(t *testing.T, q *cluster.Harness) {
		open(t, q)
		q.SentVerbs()
		connected := call.Event{Key: "c", ConnectionID: "conn-1", Body: call.Connected{}}
		if err := q.CrashBeforeSending().Apply(t.Context(), cluster.InboundID, connected); err != nil {
			t.Fatal(err)
		}
		q.SweepAfter(t, time.Until(q.LoadInbound(t).Pending[0].LeaseUntil)-time.Second)
		if got := q.SentVerbs(); got != nil {
			t.Errorf("asked %v while its owner has time", got)
		}
		q.SweepAfter(t, 5*time.Second)
		if len(q.Sent) != 1 || q.Sent[0].Verb != outbox.VerbPlay || q.Sent[0].Send != 2 {
			t.Errorf("asked %+v", q.Sent)
		}
	})
	cluster.Run(t, "never takes over one that rings somebody", func(t *testing.T, q *cluster.Harness) {
		open(t, q)
		q.ApplyInbound(t, outbox.Ref{}, call.Connected{})
		q.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.PlayCompleted{})
		pressed := call.Event{
			Key: "p", ConnectionID: "conn-1", Ref: outbox.Ref{Op: 3, Send: 1}, Body: call.Recognized{Tones: []string{"one"}},
		}
		if err := q.CrashBeforeSending().Apply(t.Context(), cluster.InboundID, pressed); err != nil {
			t.Fatal(err)
		}
		q.SentVerbs()
		for range 11 {
			q.SweepAfter(t, 5*time.Second)
		}
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbPlay}) {
			t.Errorf("asked %v", got)
		}
		q.SweepAfter(t, 30*time.Second) // now it looks who is there, and invites anew
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbAdd, outbox.VerbCheckParticipants}) {
			t.Errorf("then asked %v", got)
		}
		if add := q.LoadInbound(t).Wait.Invite; !add.Reinvited {
			t.Errorf("invitation %+v", add)
		}
	})
	cluster.Run(t, "meets a deadline", func(t *testing.T, q *cluster.Harness) {
		open(t, q)
		q.SentVerbs()
		q.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}
		}
		for range 5 { // nothing is heard of the connection for 20 s
			q.SweepAfter(t, 5*time.Second)
		}
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbCheckParticipants}) || q.LoadInbound(t).Outcome != call.OutcomeAbandoned {
			t.Errorf("asked %v, outcome %q", got, q.LoadInbound(t).Outcome)
		}
	})
	cluster.Run(t, "looks at a quiet call every 30 s, and writes nothing to it", func(t *testing.T, q *cluster.Harness) {
		open(t, q)
		q.ApplyInbound(t, outbox.Ref{}, call.Connected{})
		q.SentVerbs()
		writes, reads := q.CallRows.Writes(), q.CallRows.Reads()
		for range 23 { // 115 s: the greeting may take 2 minutes
			q.SweepAfter(t, 5*time.Second)
		}
		if got := q.CallRows.Writes() - writes; got != 0 {
			t.Errorf("%d transactions", got)
		}
		if got := q.CallRows.Reads() - reads; got < 3 || got > 5 {
			t.Errorf("looked %d times in 115 s", got)
		}
		for _, e := range q.WorklistRows.Entities() {
			if due := e.Columns["Due"].(time.Time); due.After(time.Now().Add(engine.ScheduleAhead)) {
				t.Errorf("due in %v", time.Until(due))
			}
		}
	})
	cluster.Run(t, "buries a call that was never written after a minute, not before", func(t *testing.T, q *cluster.Harness) {
		if err := q.Calls.Schedule(t.Context(), cluster.InboundID, time.Now(), time.Now(), nil); err != nil {
			t.Fatal(err)
		}
		q.SweepAfter(t, 59*time.Second)
		if len(q.WorklistRows.Entities()) != 1 || len(q.CallRows.Entities()) > 0 {
			t.Fatal("buried before a minute was over")
		}
		q.SweepAfter(t, time.Second)
		c := q.LoadInbound(t)
		if len(q.WorklistRows.Entities()) > 0 || c.State != call.StateEnded || c.Outcome != call.OutcomeCancelled {
			t.Errorf("%d listed, call %+v", len(q.WorklistRows.Entities()), c)
		}
		if err := q.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil { // its opener, very late
			t.Error(err)
		}
		if got := q.SentVerbs(); got != nil || q.LoadInbound(t).Outcome != call.OutcomeCancelled {
			t.Errorf("the late opener asked %v", got)
		}
		history, err := q.Calls.History(t.Context(), cluster.InboundID)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(q.LoadInbound(t), call.Replay(cluster.InboundID, history, cluster.Reception), cmp.Comparer(time.Time.Equal)); d != "" {
			t.Errorf("history (-row +replayed):\n%s", d)
		}
	})
	cluster.Run(t, "gives back what was taken for a buried call after a minute, not before", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		id, dial := cluster.NextDial(c, q.Contact(t, c))
		if err := q.Tombstone(t.Context(), id, dial); err != nil {
			t.Fatal(err)
		}
		q.Background.Wait()
		// Somebody who does not know that is about to dial it, on another line.
		dial.Line = cluster.Line + "2"
		if err := q.Calls.Schedule(t.Context(), id, time.Now(), time.Now(), &dial); err != nil {
			t.Fatal(err)
		}
		hold := campaign.Holder{Call: id, Leg: call.CreateOp, Since: time.Now()}
		_, err := q.Ledger.EditLine(t.Context(), dial.Line, func(l campaign.Line) (campaign.Line, error) { return l.Hold(hold, 2) })
		if err != nil {
			t.Fatal(err)
		}
		holders := func() int {
			l, err := q.Ledger.Line(t.Context(), dial.Line)
			if err != nil {
				t.Fatal(err)
			}
			return len(l.Holders)
		}
		q.SweepAfter(t, 59*time.Second)
		if len(q.WorklistRows.Entities()) != 1 || holders() != 1 {
			t.Errorf("%d listed, %d holders before a minute was over", len(q.WorklistRows.Entities()), holders())
		}
		q.SweepAfter(t, time.Second)
		if len(q.WorklistRows.Entities()) > 0 || holders() > 0 {
			t.Errorf("%d listed, %d holders", len(q.WorklistRows.Entities()), holders())
		}
	})
	for _, faults := range []struct{ burial, list faulttest.Fault }{
		{faulttest.NotApplied, faulttest.None}, {faulttest.Lost, faulttest.None},
		{faulttest.None, faulttest.NotApplied}, {faulttest.None, faulttest.Lost},
	} {
		cluster.Run(t, "finishes a burial: "+faults.burial.String()+", "+faults.list.String(), func(t *testing.T, q *cluster.Harness) {
			if err := q.Calls.Schedule(t.Context(), cluster.InboundID, time.Now(), time.Now(), nil); err != nil {
				t.Fatal(err)
			}
			once := func(kind tabletest.Kind, fault faulttest.Fault) func(tabletest.Op) faulttest.Fault {
				return func(op tabletest.Op) faulttest.Fault {
					if op.Kind != kind {
						return faulttest.None
					}
					defer func() { fault = faulttest.None }()
					return fault
				}
			}
			q.CallRows.Fail = once(tabletest.Apply, faults.burial)
			q.WorklistRows.Fail = once(tabletest.Apply, faults.list)
			time.Sleep(time.Minute)
			_ = q.Sweep(t.Context())
			q.SweepAfter(t, 5*time.Second)
			if len(q.WorklistRows.Entities()) > 0 || q.LoadInbound(t).Outcome != call.OutcomeCancelled {
				t.Errorf("%d listed, call %+v", len(q.WorklistRows.Entities()), q.LoadInbound(t))
			}
		})
	}
	cluster.Run(t, "leaves a call of a later version alone", func(t *testing.T, q *cluster.Harness) {
		rows := table.NewTable[map[string]any](q.CallRows)
		later := map[string]any{"schema": call.Schema + 1, "state": "parked"}
		if err := rows.Insert(t.Context(), table.Key{Partition: string(cluster.InboundID), Row: "call"}, later); err != nil {
			t.Fatal(err)
		}
		if err := q.Calls.Schedule(t.Context(), cluster.InboundID, time.Now(), time.Now(), nil); err != nil {
			t.Fatal(err)
		}
		before := [][]table.Entity{q.CallRows.Entities(), q.WorklistRows.Entities()}
		q.SweepAfter(t, 2*time.Minute)
		if d := cmp.Diff(before, [][]table.Entity{q.CallRows.Entities(), q.WorklistRows.Entities()}); d != "" {
			t.Errorf("rows (-before +after):\n%s", d)
		}
		ev := call.Event{Key: "x", Body: call.Connected{}}
		if err := q.Apply(t.Context(), cluster.InboundID, ev); !errors.Is(err, table.ErrNewer) {
			t.Errorf("an event of it: %v, want %v", err, table.ErrNewer)
		}
	})
	cluster.Run(t, "tells what it could not look at, and looks at the rest", func(t *testing.T, q *cluster.Harness) {
		if err := q.CrashBeforeSending().Open(t.Context(), cluster.InboundID, cluster.Offer()); !errors.Is(err, engine.ErrUnanswered) {
			t.Fatal(err)
		}
		if err := q.CrashBeforeSending().Open(t.Context(), "in-2", cluster.Offer()); !errors.Is(err, engine.ErrUnanswered) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		q.CallRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Key.Partition == "in-2" {
				return faulttest.NotApplied
			}
			return faulttest.None
		}
		if err := q.Sweep(t.Context()); !errors.Is(err, faulttest.ErrNoAnswer) {
			t.Errorf("sweep: %v", err)
		}
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbAnswer}) {
			t.Errorf("asked %v", got)
		}
	})
	cluster.Run(t, "fails when the list cannot be read", func(t *testing.T, q *cluster.Harness) {
		q.WorklistRows.Fail = func(tabletest.Op) faulttest.Fault { return faulttest.NotApplied }
		if err := q.Sweep(t.Context()); !errors.Is(err, faulttest.ErrNoAnswer) {
			t.Errorf("sweep: %v", err)
		}
	})
	cluster.Run(t, "takes a call that owes nothing off the list", func(t *testing.T, q *cluster.Harness) {
		open(t, q)
		q.WorklistRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Kind == tabletest.Apply {
				return faulttest.NotApplied
			}
			return faulttest.None
		}
		answerFailed := call.Event{Key: "f", ConnectionID: "conn-1", Body: call.AnswerFailed{}}
		if err := q.Apply(t.Context(), cluster.InboundID, answerFailed); err != nil {
			t.Fatal(err)
		}
		q.Background.Wait()
		q.WorklistRows.Fail = nil
		if len(q.WorklistRows.Entities()) != 1 {
			t.Fatal("not listed any more")
		}
		q.SweepAfter(t, 30*time.Second)
		if len(q.WorklistRows.Entities()) > 0 || q.LoadInbound(t).Scheduled {
			t.Errorf("%d listed, the row says %v", len(q.WorklistRows.Entities()), q.LoadInbound(t).Scheduled)
		}
	})
}
