package engine_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/engine"
	"switchboard/handler/faulttest"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/cluster"
)

func TestWhatACrashedRunHasLeftIsSent(t *testing.T) {
	cluster.Run(t, "repeats a repeatable request after its lease", func(t *testing.T, h *cluster.Harness) {
		err := h.CrashBeforeSending().Open(t.Context(), cluster.InboundID, cluster.Offer())
		if !errors.Is(err, engine.ErrUnanswered) {
			t.Fatalf("open: %v, want %v", err, engine.ErrUnanswered)
		}
		first := h.LoadInbound(t).Pending[0]
		h.AttendAfter(t, time.Until(first.LeaseUntil)-time.Second)
		h.WantSent(t) // during the lease
		h.AttendAfter(t, 5*time.Second)
		if len(h.Sent) != 1 {
			t.Fatalf("sent %+v, want one request", h.Sent)
		}
		got := h.Sent[0]
		if got.Ref != first.Ref || !got.FirstSent.Equal(first.FirstSent) || got.Owner == first.Owner || got.Leases != 2 {
			t.Errorf("sent %+v\nwant the same request of another owner, the second lease of %+v", got, first)
		}
	})
	cluster.Run(t, "replaces another request after its lease by a new send", func(t *testing.T, h *cluster.Harness) {
		h.OpenInbound(t)
		h.SentVerbs()
		connected := call.Event{Key: "c", ConnectionID: "conn-1", Body: call.Connected{}}
		if err := h.CrashBeforeSending().Apply(t.Context(), cluster.InboundID, connected); err != nil {
			t.Fatal(err)
		}
		h.AttendAfter(t, time.Until(h.LoadInbound(t).Pending[0].LeaseUntil)-time.Second)
		h.WantSent(t) // during the lease
		h.AttendAfter(t, 5*time.Second)
		h.WantOneSend(t, outbox.VerbPlay, 2)
	})
	cluster.Run(t, "never repeats an invitation, whose telephone may be ringing", func(t *testing.T, h *cluster.Harness) {
		h.OpenInbound(t)
		h.ApplyInbound(t, outbox.Ref{}, call.Connected{})
		h.ApplyInbound(t, outbox.Ref{Op: 2, Send: 1}, call.PlayCompleted{})
		pressed := call.Event{
			Key: "p", ConnectionID: "conn-1", Ref: outbox.Ref{Op: 3, Send: 1}, Body: call.Recognized{Tones: []string{"one"}},
		}
		if err := h.CrashBeforeSending().Apply(t.Context(), cluster.InboundID, pressed); err != nil {
			t.Fatal(err)
		}
		h.SentVerbs()
		for range 11 {
			h.AttendAfter(t, 5*time.Second)
		}
		h.WantSent(t, outbox.VerbPlay)
		h.AttendAfter(t, 30*time.Second) // now participants are checked, and the agent is invited anew
		h.WantSent(t, outbox.VerbAdd, outbox.VerbCheckParticipants)
		if add := h.LoadInbound(t).Wait.Invite; !add.Reinvited {
			t.Errorf("invitation %+v, want a second one", add)
		}
	})
}

func TestDeadlinesAreRun(t *testing.T) {
	cluster.Run(t, "runs a deadline that is past", func(t *testing.T, h *cluster.Harness) {
		h.OpenInbound(t)
		h.SentVerbs()
		h.Answer = func(outbox.Action) call.Replied {
			return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}
		}
		for range 5 { // nothing is reported of the connection for 20 s
			h.AttendAfter(t, 5*time.Second)
		}
		h.WantSent(t, outbox.VerbCheckParticipants)
		h.WantOutcome(t, cluster.InboundID, call.OutcomeAbandoned)
	})
	cluster.Run(t, "reads and writes nothing of a call until its next deadline", func(t *testing.T, h *cluster.Harness) {
		h.OpenInbound(t)
		h.ApplyInbound(t, outbox.Ref{}, call.Connected{})
		h.AttendAfter(t, time.Minute) // the leases of the answer and of the greeting have ended
		writes, reads, listed := h.CallRows.Writes(), h.CallRows.Reads(), h.WorklistRows.Writes()
		for range 55 {
			h.AttendAfter(t, time.Second)
		}
		if w, r, l := h.CallRows.Writes()-writes, h.CallRows.Reads()-reads, h.WorklistRows.Writes()-listed; w+r+l != 0 {
			t.Errorf("in 55 s: %d transactions, %d reads, %d writes of the worklist, want none", w, r, l)
		}
		due, want := h.WorklistRows.Entities()[0].Columns["Due"].(time.Time), h.LoadInbound(t).Wake()
		if !due.Equal(table.ColumnTime(want)) {
			t.Errorf("due %v, want %v, the next deadline", due, want)
		}
	})
}

func TestTombstoneIsWritten(t *testing.T) {
	cluster.Run(t, "writes a tombstone for a call that has no row for a minute", func(t *testing.T, h *cluster.Harness) {
		if err := h.Calls.Schedule(t.Context(), cluster.InboundID, store.WorkItem{Due: time.Now(), Written: time.Now()}); err != nil {
			t.Fatal(err)
		}
		h.AttendAfter(t, 59*time.Second)
		if len(h.WorklistRows.Entities()) != 1 || len(h.CallRows.Entities()) > 0 {
			t.Fatalf("%d items, rows %+v before a minute had passed, want 1, none",
				len(h.WorklistRows.Entities()), h.CallRows.Entities())
		}
		h.AttendAfter(t, time.Second)
		c := h.LoadInbound(t)
		h.WantScheduled(t, 0)
		if c.State != call.StateEnded || c.Outcome != call.OutcomeCancelled {
			t.Errorf("call %+v, want it ended as %s", c, call.OutcomeCancelled)
		}
		if err := h.Open(t.Context(), cluster.InboundID, cluster.Offer()); err != nil { // the late offer of the call
			t.Error(err)
		}
		h.WantSent(t)
		h.WantOutcome(t, cluster.InboundID, call.OutcomeCancelled)
		history, err := h.Calls.History(t.Context(), cluster.InboundID)
		if err != nil {
			t.Fatal(err)
		}
		replayed := call.Replay(cluster.InboundID, history, cluster.Reception)
		if d := cmp.Diff(h.LoadInbound(t), replayed, cmp.Comparer(time.Time.Equal)); d != "" {
			t.Errorf("history (-row +replayed):\n%s", d)
		}
	})
}

func TestLateReservationIsRolledBack(t *testing.T) {
	cluster.Run(t, "rolls back a late reservation for a tombstone after a minute", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
		id, dial := cluster.NextDial(c, h.Contact(t, c))
		if err := h.Tombstone(t.Context(), id, dial); err != nil {
			t.Fatal(err)
		}
		h.Background.Wait()
		// A dialler that does not know the tombstone is about to dial the call, on another line.
		dial.Line = cluster.Line + "2"
		if err := h.Calls.Schedule(t.Context(), id, store.WorkItem{Due: time.Now(), Written: time.Now(), Dial: &dial}); err != nil {
			t.Fatal(err)
		}
		hold := campaign.Holder{Call: id, Leg: call.CreateOp, Since: time.Now()}
		_, err := h.Ledger.EditLine(t.Context(), dial.Line, func(l campaign.Line) (campaign.Line, error) {
			return l.Hold(hold, 2)
		})
		if err != nil {
			t.Fatal(err)
		}
		holders := func() int {
			l, err := h.Ledger.Line(t.Context(), dial.Line)
			if err != nil {
				t.Fatal(err)
			}
			return len(l.Holders)
		}
		h.AttendAfter(t, 59*time.Second)
		if len(h.WorklistRows.Entities()) != 1 || holders() != 1 {
			t.Errorf("%d scheduled, %d holders before a minute had passed, want 1, 1",
				len(h.WorklistRows.Entities()), holders())
		}
		h.AttendAfter(t, time.Second)
		if len(h.WorklistRows.Entities()) > 0 || holders() > 0 {
			t.Errorf("%d scheduled, %d holders, want 0, 0", len(h.WorklistRows.Entities()), holders())
		}
	})
}

func TestTombstoneIsCompleted(t *testing.T) {
	for _, faults := range []struct{ tombstone, worklist faulttest.Fault }{
		{faulttest.FaultNotApplied, faulttest.FaultNone}, {faulttest.FaultLost, faulttest.FaultNone},
		{faulttest.FaultNone, faulttest.FaultNotApplied}, {faulttest.FaultNone, faulttest.FaultLost},
	} {
		name := fmt.Sprintf("completes a tombstone, tombstone %s, worklist %s", faults.tombstone, faults.worklist)
		cluster.Run(t, name, func(t *testing.T, h *cluster.Harness) {
			if err := h.Calls.Schedule(t.Context(), cluster.InboundID, store.WorkItem{Due: time.Now(), Written: time.Now()}); err != nil {
				t.Fatal(err)
			}
			once := func(kind tabletest.Kind, fault faulttest.Fault) func(tabletest.Op) faulttest.Fault {
				return func(op tabletest.Op) faulttest.Fault {
					if op.Kind != kind {
						return faulttest.FaultNone
					}
					defer func() { fault = faulttest.FaultNone }()
					return fault
				}
			}
			h.CallRows.Fail = once(tabletest.KindApply, faults.tombstone)
			h.WorklistRows.Fail = once(tabletest.KindApply, faults.worklist)
			time.Sleep(time.Minute)
			_ = h.Sweep(t.Context())
			h.AttendAfter(t, 5*time.Second)
			h.WantScheduled(t, 0)
			h.WantOutcome(t, cluster.InboundID, call.OutcomeCancelled)
		})
	}
}

func TestCallOfALaterVersionIsNotTouched(t *testing.T) {
	cluster.Run(t, "does not touch a call that a later version has written", func(t *testing.T, h *cluster.Harness) {
		rows := table.NewTable[map[string]any](h.CallRows)
		later := map[string]any{"schema": call.Schema + 1, "state": "parked"}
		if err := rows.Put(t.Context(), table.Key{Partition: string(cluster.InboundID), Row: "call"}, later); err != nil {
			t.Fatal(err)
		}
		if err := h.Calls.Schedule(t.Context(), cluster.InboundID, store.WorkItem{Due: time.Now(), Written: time.Now()}); err != nil {
			t.Fatal(err)
		}
		before := h.CallRows.Entities()
		h.AttendAfter(t, 2*time.Minute)
		if d := cmp.Diff(before, h.CallRows.Entities()); d != "" {
			t.Errorf("the call's rows (-before +after):\n%s", d)
		}
		h.WantScheduled(t, 1)
		if due, want := h.WorklistRows.Entities()[0].Columns["Due"].(time.Time), time.Now().Add(time.Minute); !due.Equal(want) {
			t.Errorf("due %v, want %v, a minute later", due, want)
		}
		ev := call.Event{Key: "x", Body: call.Connected{}}
		if err := h.Apply(t.Context(), cluster.InboundID, ev); !errors.Is(err, table.ErrNewer) {
			t.Errorf("an event of the call: %v, want %v", err, table.ErrNewer)
		}
	})
}

func TestSweepAttendsToWhatIsOverdue(t *testing.T) {
	cluster.Run(t, "leaves to a message what is not overdue, and announces it", func(t *testing.T, h *cluster.Harness) {
		err := h.CrashBeforeSending().Open(t.Context(), cluster.InboundID, cluster.Offer())
		if !errors.Is(err, engine.ErrUnanswered) {
			t.Fatal(err)
		}
		time.Sleep(time.Until(h.LoadInbound(t).Wake()) + 9*time.Second)
		sweep := func() {
			t.Helper()
			if err := h.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		sweep()
		h.WantSent(t)
		h.WantAnnounced(t, cluster.InboundID)
		time.Sleep(2 * time.Second)
		sweep()
		h.WantSent(t, outbox.VerbAnswer)
	})
}

func TestItemsThatFail(t *testing.T) {
	cluster.Run(t, "puts one item that fails off, and attends to the others", func(t *testing.T, h *cluster.Harness) {
		for _, id := range []call.ID{cluster.InboundID, "in-2"} {
			err := h.CrashBeforeSending().Open(t.Context(), id, cluster.Offer())
			if !errors.Is(err, engine.ErrUnanswered) {
				t.Fatalf("open: %v, want %v", err, engine.ErrUnanswered)
			}
		}
		time.Sleep(5 * time.Second)
		h.CallRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Key.Partition == "in-2" {
				return faulttest.FaultNotApplied
			}
			return faulttest.FaultNone
		}
		h.AttendAfter(t, 0)
		h.WantSent(t, outbox.VerbAnswer)
		h.WantAnnounced(t, "in-2")
		h.CallRows.Fail = nil
		h.AttendAfter(t, 5*time.Second)
		h.WantSent(t, outbox.VerbAnswer)
	})
	cluster.Run(t, "fails when the worklist cannot be read", func(t *testing.T, h *cluster.Harness) {
		h.WorklistRows.Fail = func(tabletest.Op) faulttest.Fault { return faulttest.FaultNotApplied }
		if err := h.Sweep(t.Context()); !errors.Is(err, faulttest.ErrNoAnswer) {
			t.Errorf("sweep: %v, want %v", err, faulttest.ErrNoAnswer)
		}
	})
}

func TestCallWithoutWorkIsUnscheduled(t *testing.T) {
	cluster.Run(t, "removes a call without outstanding work from the worklist", func(t *testing.T, h *cluster.Harness) {
		h.OpenInbound(t)
		h.WorklistRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Kind == tabletest.KindApply {
				return faulttest.FaultNotApplied
			}
			return faulttest.FaultNone
		}
		answerFailed := call.Event{Key: "f", ConnectionID: "conn-1", Body: call.AnswerFailed{}}
		if err := h.Apply(t.Context(), cluster.InboundID, answerFailed); err != nil {
			t.Fatal(err)
		}
		h.Background.Wait()
		h.WorklistRows.Fail = nil
		if len(h.WorklistRows.Entities()) != 1 {
			t.Fatal("not scheduled any more")
		}
		h.AttendAfter(t, 30*time.Second)
		h.WantScheduled(t, 0)
		if !h.LoadInbound(t).WorkDue.IsZero() {
			t.Error("the call's row still says that it is scheduled")
		}
	})
}
