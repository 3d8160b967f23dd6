package engine

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
)

// sweeps waits, and then sweeps.
func (q *quiet) sweeps(t *testing.T, after time.Duration) {
	t.Helper()
	time.Sleep(after)
	if err := q.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	q.background.Wait()
}

func TestSweep(t *testing.T) {
	// open is a call that is answered and connected.
	open := func(t *testing.T, q *quiet) {
		t.Helper()
		if err := q.Open(t.Context(), id, offer()); err != nil {
			t.Fatal(err)
		}
	}

	inQuiet(t, "takes over an action with a pair, with the same pair", func(t *testing.T, q *quiet) {
		err := q.mortal().Open(t.Context(), id, offer())
		if !errors.Is(err, ErrUnanswered) {
			t.Fatal(err)
		}
		first := q.load(t).Pending[0]
		q.sweeps(t, time.Until(first.Until)-time.Second)
		if got := q.verbs(); got != nil {
			t.Errorf("asked %v while its owner has time", got)
		}
		q.sweeps(t, 5*time.Second)
		if len(q.asked) != 1 {
			t.Fatalf("asked %+v", q.asked)
		}
		got := q.asked[0]
		if got.Ref != first.Ref || !got.FirstSent.Equal(first.FirstSent) || got.By == first.By || got.Claims != 2 {
			t.Errorf("taken over as %+v\nfrom %+v", got, first)
		}
	})
	inQuiet(t, "takes over one without a pair as a new send", func(t *testing.T, q *quiet) {
		open(t, q)
		q.verbs()
		connected := call.Event{Key: "c", ConnectionID: "conn-1", Body: call.Connected{}}
		if err := q.mortal().Apply(t.Context(), id, connected); err != nil {
			t.Fatal(err)
		}
		q.sweeps(t, time.Until(q.load(t).Pending[0].Until)-time.Second)
		if got := q.verbs(); got != nil {
			t.Errorf("asked %v while its owner has time", got)
		}
		q.sweeps(t, 5*time.Second)
		if len(q.asked) != 1 || q.asked[0].Verb != call.PlayPrompt || q.asked[0].Send != 2 {
			t.Errorf("asked %+v", q.asked)
		}
	})
	inQuiet(t, "never takes over one that rings somebody", func(t *testing.T, q *quiet) {
		open(t, q)
		q.happens(t, call.Ref{}, call.Connected{})
		q.happens(t, call.Ref{Op: 2, Send: 1}, call.PlayCompleted{})
		pressed := call.Event{
			Key: "p", ConnectionID: "conn-1", Ref: call.Ref{Op: 3, Send: 1}, Body: call.Recognized{Tones: []string{"one"}},
		}
		if err := q.mortal().Apply(t.Context(), id, pressed); err != nil {
			t.Fatal(err)
		}
		q.verbs()
		for range 11 {
			q.sweeps(t, 5*time.Second)
		}
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.PlayPrompt}) {
			t.Errorf("asked %v", got)
		}
		q.sweeps(t, 30*time.Second) // now it looks who is there, and invites anew
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.Add, call.Look}) {
			t.Errorf("then asked %v", got)
		}
		if add := q.load(t).Wait.Invite; !add.Again {
			t.Errorf("invitation %+v", add)
		}
	})
	inQuiet(t, "meets a deadline", func(t *testing.T, q *quiet) {
		open(t, q)
		q.verbs()
		q.answer = func(call.Action) call.Replied { return call.Replied{Verdict: call.Refused, Code: call.CodeGone} }
		for range 5 { // nothing is heard of the connection for 20 s
			q.sweeps(t, 5*time.Second)
		}
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.Look}) || q.load(t).Outcome != call.Abandoned {
			t.Errorf("asked %v, outcome %q", got, q.load(t).Outcome)
		}
	})
	inQuiet(t, "looks at a quiet call every 30 s, and writes nothing to it", func(t *testing.T, q *quiet) {
		open(t, q)
		q.happens(t, call.Ref{}, call.Connected{})
		q.verbs()
		writes, reads := q.calls.Writes(), q.calls.Reads()
		for range 23 { // 115 s: the greeting may take 2 minutes
			q.sweeps(t, 5*time.Second)
		}
		if got := q.calls.Writes() - writes; got != 0 {
			t.Errorf("%d transactions", got)
		}
		if got := q.calls.Reads() - reads; got < 3 || got > 5 {
			t.Errorf("looked %d times in 115 s", got)
		}
		for _, e := range q.live.Entities() {
			if due := e.Columns["Due"].(time.Time); due.After(time.Now().Add(listAhead)) {
				t.Errorf("due in %v", time.Until(due))
			}
		}
	})
	inQuiet(t, "buries a call that was never written after a minute, not before", func(t *testing.T, q *quiet) {
		if err := q.Calls.List(t.Context(), id, time.Now(), time.Now(), nil); err != nil {
			t.Fatal(err)
		}
		q.sweeps(t, 59*time.Second)
		if len(q.live.Entities()) != 1 || len(q.calls.Entities()) > 0 {
			t.Fatal("buried before a minute was over")
		}
		q.sweeps(t, time.Second)
		c := q.load(t)
		if len(q.live.Entities()) > 0 || c.State != call.StateEnded || c.Outcome != call.Cancelled {
			t.Errorf("%d listed, call %+v", len(q.live.Entities()), c)
		}
		if err := q.Open(t.Context(), id, offer()); err != nil { // its opener, very late
			t.Error(err)
		}
		if got := q.verbs(); got != nil || q.load(t).Outcome != call.Cancelled {
			t.Errorf("the late opener asked %v", got)
		}
		history, err := q.Calls.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(q.load(t), call.Replay(id, history, reception), cmp.Comparer(time.Time.Equal)); d != "" {
			t.Errorf("history (-row +replayed):\n%s", d)
		}
	})
	inQuiet(t, "gives back what was taken for a buried call after a minute, not before", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 1, number(1))
		id, dial := theDial(c, q.contact(t, c))
		if err := q.bury(t.Context(), id, dial); err != nil {
			t.Fatal(err)
		}
		q.background.Wait()
		// Somebody who does not know that is about to dial it, on another line.
		dial.Line = desk + "2"
		if err := q.Calls.List(t.Context(), id, time.Now(), time.Now(), &dial); err != nil {
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
		q.sweeps(t, 59*time.Second)
		if len(q.live.Entities()) != 1 || holders() != 1 {
			t.Errorf("%d listed, %d holders before a minute was over", len(q.live.Entities()), holders())
		}
		q.sweeps(t, time.Second)
		if len(q.live.Entities()) > 0 || holders() > 0 {
			t.Errorf("%d listed, %d holders", len(q.live.Entities()), holders())
		}
	})
	for _, faults := range []struct{ burial, list storetest.Fault }{
		{storetest.NotApplied, storetest.None}, {storetest.Lost, storetest.None},
		{storetest.None, storetest.NotApplied}, {storetest.None, storetest.Lost},
	} {
		inQuiet(t, "finishes a burial: "+faults.burial.String()+", "+faults.list.String(), func(t *testing.T, q *quiet) {
			if err := q.Calls.List(t.Context(), id, time.Now(), time.Now(), nil); err != nil {
				t.Fatal(err)
			}
			once := func(kind storetest.Kind, fault storetest.Fault) func(storetest.Op) storetest.Fault {
				return func(op storetest.Op) storetest.Fault {
					if op.Kind != kind {
						return storetest.None
					}
					defer func() { fault = storetest.None }()
					return fault
				}
			}
			q.calls.Fail = once(storetest.Apply, faults.burial)
			q.live.Fail = once(storetest.Apply, faults.list)
			time.Sleep(time.Minute)
			_ = q.Sweep(t.Context())
			q.sweeps(t, 5*time.Second)
			if len(q.live.Entities()) > 0 || q.load(t).Outcome != call.Cancelled {
				t.Errorf("%d listed, call %+v", len(q.live.Entities()), q.load(t))
			}
		})
	}
	inQuiet(t, "leaves a call of a later version alone", func(t *testing.T, q *quiet) {
		rows := store.NewTable[map[string]any](q.calls)
		later := map[string]any{"schema": call.Schema + 1, "state": "parked"}
		if err := rows.Insert(t.Context(), store.Key{Partition: string(id), Row: "call"}, later); err != nil {
			t.Fatal(err)
		}
		if err := q.Calls.List(t.Context(), id, time.Now(), time.Now(), nil); err != nil {
			t.Fatal(err)
		}
		before := [][]store.Entity{q.calls.Entities(), q.live.Entities()}
		q.sweeps(t, 2*time.Minute)
		if d := cmp.Diff(before, [][]store.Entity{q.calls.Entities(), q.live.Entities()}); d != "" {
			t.Errorf("rows (-before +after):\n%s", d)
		}
		ev := call.Event{Key: "x", Body: call.Connected{}}
		if err := q.Apply(t.Context(), id, ev); !errors.Is(err, store.ErrNewer) {
			t.Errorf("an event of it: %v, want %v", err, store.ErrNewer)
		}
	})
	inQuiet(t, "tells what it could not look at, and looks at the rest", func(t *testing.T, q *quiet) {
		if err := q.mortal().Open(t.Context(), id, offer()); !errors.Is(err, ErrUnanswered) {
			t.Fatal(err)
		}
		if err := q.mortal().Open(t.Context(), "in-2", offer()); !errors.Is(err, ErrUnanswered) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		q.calls.Fail = func(op storetest.Op) storetest.Fault {
			if op.Key.Partition == "in-2" {
				return storetest.NotApplied
			}
			return storetest.None
		}
		if err := q.Sweep(t.Context()); !errors.Is(err, storetest.ErrNoAnswer) {
			t.Errorf("sweep: %v", err)
		}
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.Answer}) {
			t.Errorf("asked %v", got)
		}
	})
	inQuiet(t, "fails when the list cannot be read", func(t *testing.T, q *quiet) {
		q.live.Fail = func(storetest.Op) storetest.Fault { return storetest.NotApplied }
		if err := q.Sweep(t.Context()); !errors.Is(err, storetest.ErrNoAnswer) {
			t.Errorf("sweep: %v", err)
		}
	})
	inQuiet(t, "takes a call that owes nothing off the list", func(t *testing.T, q *quiet) {
		open(t, q)
		q.live.Fail = func(op storetest.Op) storetest.Fault {
			if op.Kind == storetest.Apply {
				return storetest.NotApplied
			}
			return storetest.None
		}
		answerFailed := call.Event{Key: "f", ConnectionID: "conn-1", Body: call.AnswerFailed{}}
		if err := q.Apply(t.Context(), id, answerFailed); err != nil {
			t.Fatal(err)
		}
		q.background.Wait()
		q.live.Fail = nil
		if len(q.live.Entities()) != 1 {
			t.Fatal("not listed any more")
		}
		q.sweeps(t, 30*time.Second)
		if len(q.live.Entities()) > 0 || q.load(t).Listed {
			t.Errorf("%d listed, the row says %v", len(q.live.Entities()), q.load(t).Listed)
		}
	})
}

func TestSweepOfRecordings(t *testing.T) {
	// recordings are those of a vault, as nothing goes wrong with them.
	recordings := func(v *vault) *store.Recordings { return store.NewRecordings(v.others, v.live) }
	listed := func(t *testing.T, v *vault) bool {
		t.Helper()
		all, err := store.NewCalls(v.calls, v.live).AllLive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(l store.Live) bool { return l.ID == recordingKey })
	}
	// sweeps waits, and then sweeps.
	sweeps := func(t *testing.T, v *vault, after time.Duration) {
		t.Helper()
		time.Sleep(after)
		if err := v.engines[0].Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.background.Wait()
	}
	// list puts the recording on the list, and makes something of its row.
	list := func(t *testing.T, v *vault, m *store.Finished, a *store.Advance) {
		t.Helper()
		if m != nil {
			if _, err := recordings(v).Inform(t.Context(), recordingID, *m, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if a != nil {
			if _, err := recordings(v).Advance(t.Context(), recordingKey, *a); err != nil {
				t.Fatal(err)
			}
		}
		if err := recordings(v).List(t.Context(), recordingKey, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	one := message("m1", "one")

	inVault(t, "leaves one that was never written to the queue after a minute", "", func(t *testing.T, v *vault) {
		list(t, v, nil, nil)
		sweeps(t, v, 59*time.Second)
		if !listed(t, v) {
			t.Error("taken off the list, though its message may be being written down")
		}
		sweeps(t, v, time.Second)
		if listed(t, v) || v.sends > 0 {
			t.Errorf("listed: %t, %d messages", listed(t, v), v.sends)
		}
	})
	inVault(t, "tells no call of one that has no file yet", recordingID, func(t *testing.T, v *vault) {
		list(t, v, nil, nil)
		sweeps(t, v, time.Minute)
		if got := v.debt(); got.State != call.RecordingFinished && got.State != call.RecordingWanted || listed(t, v) {
			t.Errorf("the call says %+v", got)
		}
	})
	inVault(t, "lets another run go on with one that nobody is at", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		list(t, v, &one, nil)
		sweeps(t, v, 0)
		if v.sends != 1 || v.debt().State != call.RecordingFiled || listed(t, v) {
			t.Errorf("%d messages, the call says %+v", v.sends, v.debt())
		}
	})
	inVault(t, "lets none begin before it is time", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		failed := store.Advance{
			Chunk: one.Chunks[0], Failed: errors.New("boom"), Patience: time.Hour, At: time.Now(),
			NotBefore: time.Now().Add(time.Hour),
		}
		failed.Chunk.State = store.ChunkWaiting
		list(t, v, &one, &failed)
		began := time.Now()
		sweeps(t, v, 0) // and waits for the message
		if took := time.Since(began).Truncate(time.Second); took != time.Hour || v.debt().State != call.RecordingFiled {
			t.Errorf("it took %v, the call says %+v", took, v.debt())
		}
	})
	inVault(t, "tells the call of one whose last run died before that", recordingID, func(t *testing.T, v *vault) {
		lost := store.Advance{Chunk: one.Chunks[0], Failed: errors.New("boom"), Patience: -1, At: time.Now()}
		list(t, v, &one, &lost)
		sweeps(t, v, 0)
		if got := v.debt(); got.State != call.RecordingLost || got.Reason != "boom" || listed(t, v) {
			t.Errorf("the call says %+v", got)
		}
	})
	inVault(t, "leaves one of a later version alone", "", func(t *testing.T, v *vault) {
		list(t, v, nil, nil)
		row := store.Key{Partition: recordingKey, Row: "recording"}
		later := map[string]int{"schema": store.RecordingSchema + 1}
		if err := store.NewTable[map[string]int](v.others).Put(t.Context(), row, later); err != nil {
			t.Fatal(err)
		}
		sweeps(t, v, 2*time.Minute)
		if !listed(t, v) || v.sends > 0 {
			t.Errorf("listed: %t, %d messages", listed(t, v), v.sends)
		}
	})
}
