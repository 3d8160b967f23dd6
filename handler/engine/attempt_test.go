package engine

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
)

// dials does a round of dialling.
func (q *quiet) dials(t *testing.T) {
	t.Helper()
	if err := q.Dial(t.Context()); err != nil {
		t.Fatal(err)
	}
	q.background.Wait()
}

// contact is the contact with number(1).
func (q *quiet) contact(t *testing.T, c campaign.Campaign) campaign.Contact {
	t.Helper()
	return theContact(t, q.Ledger, c, number(1))
}

// line is the line from which the tests dial, and number the row of number(1).
func (q *quiet) line(t *testing.T) campaign.Line {
	t.Helper()
	l, err := q.Ledger.Line(t.Context(), desk)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (q *quiet) number(t *testing.T) campaign.Number {
	t.Helper()
	n, err := q.Ledger.Number(t.Context(), number(1))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// optsOut writes down that number(1) is not to be called.
func (q *quiet) optsOut(t *testing.T) {
	t.Helper()
	err := q.optOut(t.Context(), "some call", call.Action{Target: rawNumber(number(1)), At: time.Now()})
	if err != nil {
		t.Error(err)
	}
}

// free fails unless line and number are free, with so many dials counted.
func (q *quiet) free(t *testing.T, dials int) {
	t.Helper()
	n, l := q.number(t), q.line(t)
	if n.Call != "" || len(l.Holders) > 0 || n.Dials["20000101"] != dials {
		t.Errorf("number %+v, line %+v", n, l)
	}
}

var createdOnce = []call.Verb{call.Create}

func TestLineThatHasTooManyCalls(t *testing.T) {
	inQuiet(t, "is slowed down once by many requests that are too many", func(t *testing.T, q *quiet) {
		q.LineCalls = 8
		q.answer = func(call.Action) call.Replied {
			return call.Replied{Verdict: call.Throttled, RetryAfter: 20 * time.Second}
		}
		q.order(t, "notice", 1, number(1), number(2), number(3))
		q.dials(t)
		if got := q.line(t); got.Limit != 4 || time.Until(got.NotBefore).Round(time.Second) != 20*time.Second {
			t.Errorf("line %+v", got)
		}
	})
	inQuiet(t, "and nothing else is dialled before it may", func(t *testing.T, q *quiet) {
		c := q.order(t, "a", 1, number(1))
		q.answer = func(call.Action) call.Replied {
			return call.Replied{Verdict: call.Throttled, RetryAfter: 20 * time.Second}
		}
		q.dials(t)
		q.verbs()
		q.order(t, "b", 1, number(2))
		q.dials(t)
		if got := q.verbs(); got != nil {
			t.Errorf("asked %v", got)
		}
		if got := q.contact(t, c); got.State != campaign.Dialling {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "throttled until nobody waits any more is no attempt", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 1, number(1))
		q.answer = func(call.Action) call.Replied { return call.Replied{Verdict: call.Throttled} }
		q.dials(t)
		id := q.contact(t, c).Call
		for range 125 { // 10 minutes and a little
			q.sweeps(t, 5*time.Second)
		}
		if got := q.loadCall(t, id); got.Outcome != call.TooMany || got.Owes() {
			t.Errorf("call %+v", got)
		}
		if got := q.contact(t, c); got.State != campaign.Waiting || got.Spent != 0 {
			t.Errorf("contact %+v", got)
		}
		q.free(t, 0)
	})
	inQuiet(t, "so the network says, is slowed down, and the attempt is none", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 1, number(1))
		q.dials(t)
		id := q.contact(t, c).Call
		q.happensTo(t, id, call.Event{
			Ref: call.Ref{Op: call.CreateOp, Send: 1}, Body: call.CreateFailed{},
			Result: call.Result{Code: 603, SubCode: 560603, Q850: 34},
		})
		if got := q.loadCall(t, id); got.Outcome != call.LineLimit {
			t.Errorf("outcome %q", got.Outcome)
		}
		if got := q.line(t); got.Limit != 1 || time.Until(got.NotBefore).Round(time.Second) != 30*time.Second {
			t.Errorf("line %+v", got)
		}
		q.free(t, 0)
		q.verbs()
		q.dials(t)
		if got := q.verbs(); got != nil {
			t.Errorf("asked %v at once", got)
		}
		time.Sleep(30 * time.Second)
		q.dials(t)
		if got := q.contact(t, c); got.Claim != 2 || got.Spent != 0 || !slices.Equal(q.verbs(), createdOnce) {
			t.Errorf("contact %+v", got)
		}
	})
}

func TestAttemptOfWhichNothingIsHeard(t *testing.T) {
	// lost is an order whose request went unheard.
	lost := func(t *testing.T, q *quiet, attempts int) (campaign.Campaign, call.ID) {
		t.Helper()
		q.answer = func(a call.Action) call.Replied {
			if a.Verb == call.Create {
				return call.Replied{Verdict: call.Unheard}
			}
			return call.Replied{Verdict: call.Done}
		}
		c := q.order(t, "notice", attempts, number(1))
		q.dials(t)
		id := q.contact(t, c).Call
		for range limits.Settle/(30*time.Second) - 1 {
			q.sweeps(t, 30*time.Second)
		}
		if got := q.contact(t, c); got.State != campaign.Dialling || !slices.Equal(q.verbs(), createdOnce) {
			t.Errorf("contact %+v before the settle time was over", got)
		}
		q.sweeps(t, 30*time.Second)
		q.free(t, 1)
		return c, id
	}
	inQuiet(t, "ends as unknown, and counts", func(t *testing.T, q *quiet) {
		c, id := lost(t, q, 1)
		if got := q.contact(t, c); got.Result() != "unknown" || got.Spent != 1 || q.loadCall(t, id).Outcome != call.NotKnown {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "is followed by another if there may be one", func(t *testing.T, q *quiet) {
		c, _ := lost(t, q, 2)
		time.Sleep(30*time.Minute - time.Second)
		q.dials(t)
		if got := q.verbs(); got != nil {
			t.Errorf("asked %v", got)
		}
		time.Sleep(time.Second)
		q.dials(t)
		if got := q.contact(t, c); got.Claim != 2 || !slices.Equal(q.verbs(), createdOnce) {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "is hung up if it is heard of after all", func(t *testing.T, q *quiet) {
		_, id := lost(t, q, 1)
		q.happensTo(t, id, call.Event{Body: call.Connected{}})
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.HangUp}) || q.loadCall(t, id).Outcome != call.NotKnown {
			t.Errorf("asked %v", got)
		}
		if q.loadCall(t, id).Owes() || len(q.live.Entities()) > 0 {
			t.Errorf("call %+v, %d listed", q.loadCall(t, id), len(q.live.Entities()))
		}
	})
}

// An attempt is settled by its call. A round of dialling looks after one whose call
// has not done it.
func TestLookAfterAnAttempt(t *testing.T) {
	// claimed is an attempt of which there is no more than its claim.
	claimed := func(t *testing.T, q *quiet) (campaign.Campaign, call.ID) {
		t.Helper()
		c := q.order(t, "notice", 1, number(1))
		due, err := q.Ledger.Due(t.Context(), c, 0, time.Now(), 1)
		if err != nil || len(due) != 1 {
			t.Fatal(due, err)
		}
		_, a, err := q.Ledger.Claim(t.Context(), c, due[0], desk, time.Now(), time.Now().Add(limits.Settle))
		if err != nil {
			t.Fatal(err)
		}
		return c, a.Call
	}
	inQuiet(t, "whose call is over", func(t *testing.T, q *quiet) {
		c, id := claimed(t, q)
		who := q.contact(t, c)
		ended := call.Call{
			ID: id, State: call.StateEnded, Outcome: call.Cancelled, EndedAt: time.Now(),
			Attempt: call.Attempt{Campaign: string(c.ID), Contact: string(who.ID), Claim: who.Claim},
		}
		entry := call.Entry{Seq: 1, Event: call.Event{Body: call.Tick{}}}
		if err := q.Calls.Commit(t.Context(), store.Row[call.Call]{}, ended, entry); err != nil {
			t.Fatal(err)
		}
		q.dials(t)
		if got := q.contact(t, c); got.State != campaign.Dialling {
			t.Errorf("contact %+v before the settle time was over", got)
		}
		time.Sleep(limits.Settle)
		q.dials(t)
		if got := q.contact(t, c); got.State != campaign.Waiting || got.Spent != 0 {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "whose call goes on", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 1, number(1))
		q.dials(t)
		q.happensTo(t, q.contact(t, c).Call, call.Event{Body: call.Connected{}})
		time.Sleep(limits.Settle)
		q.dials(t)
		if got := q.contact(t, c); got.State != campaign.Dialling || !got.Due.Equal(time.Now().Add(limits.Settle)) {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "whose call is not written yet", func(t *testing.T, q *quiet) {
		c, _ := claimed(t, q)
		time.Sleep(limits.Settle)
		q.dials(t)
		if got := q.contact(t, c); got.State != campaign.Dialling || !got.Due.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("contact %+v", got)
		}
	})
	inQuiet(t, "whose call is of a later version, which is left alone", func(t *testing.T, q *quiet) {
		c, id := claimed(t, q)
		later := store.NewTable[map[string]int](q.calls)
		key := store.Key{Partition: string(id), Row: "call"}
		if err := later.Put(t.Context(), key, map[string]int{"schema": call.Schema + 1}); err != nil {
			t.Fatal(err)
		}
		before := q.contact(t, c)
		time.Sleep(limits.Settle)
		q.dials(t)
		if d := cmp.Diff(before, q.contact(t, c)); d != "" {
			t.Errorf("contact (-before +after):\n%s", d)
		}
	})
}

func TestWhatEndedCallsStillHold(t *testing.T) {
	// holding makes calls hold places on the line, as of some time ago.
	holding := func(t *testing.T, q *quiet, ago time.Duration, ids ...call.ID) {
		t.Helper()
		for _, id := range ids {
			h := campaign.Holder{Call: id, Leg: call.CreateOp, Since: time.Now().Add(-ago)}
			_, err := q.Ledger.EditLine(t.Context(), desk, func(l campaign.Line) (campaign.Line, error) {
				return l.Hold(h, len(ids))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	over := func(t *testing.T, q *quiet, id call.ID) {
		t.Helper()
		if err := errors.Join(q.bury(t.Context(), id, call.Dial{}), q.Calls.Unlist(t.Context(), id)); err != nil {
			t.Fatal(err)
		}
		q.background.Wait()
	}
	tests := []struct {
		name  string
		ago   time.Duration
		ended bool
		dials bool
	}{
		{"a full line lets go of calls that are over", time.Minute, true, true},
		{"a full line keeps calls that go on", time.Minute, false, false},
		{"a full line keeps a call that may not be written yet", time.Minute - 1, true, false},
	}
	for _, tt := range tests {
		inQuiet(t, tt.name, func(t *testing.T, q *quiet) {
			q.order(t, "notice", 1, number(1))
			holding(t, q, tt.ago, "in-1", "in-2")
			if tt.ended {
				over(t, q, "in-1")
			}
			q.dials(t)
			if dialled := q.verbs() != nil; dialled != tt.dials {
				t.Errorf("dialled: %t, line %+v", dialled, q.line(t))
			}
		})
	}
	inQuiet(t, "a number is free when the call that has it is over", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 1, number(1))
		_, err := q.Ledger.EditNumber(t.Context(), number(1), func(n campaign.Number) (campaign.Number, error) {
			return n.Reserve("out-1", time.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		q.dials(t)
		if got := q.contact(t, c); q.verbs() != nil || !got.Due.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("contact %+v while another call has the number", got)
		}
		over(t, q, "out-1")
		time.Sleep(time.Minute)
		q.dials(t)
		// The call before was cancelled, and does not count.
		if n := q.number(t); !slices.Equal(q.verbs(), createdOnce) || n.Call != q.contact(t, c).Call || n.Dials["20000101"] != 1 {
			t.Errorf("number %+v", n)
		}
	})
}

func TestCallThatIsRefusedAtOnceIsAnAttempt(t *testing.T) {
	inQuiet(t, "though nothing of it is settled yet", func(t *testing.T, q *quiet) {
		// The answer is there before anybody looks; what it brings about is done later.
		var later []func(context.Context)
		q.Go = func(ctx context.Context, f func(context.Context)) {
			q.Go = func(_ context.Context, f func(context.Context)) { later = append(later, f) }
			f(ctx)
		}
		q.result = call.Result{Code: 400, SubCode: 8544}
		q.answer = func(call.Action) call.Replied { return call.Replied{Verdict: call.Refused} }
		c := q.order(t, "notice", 2, number(1))
		q.dials(t)
		for len(later) > 0 {
			f := later[0]
			later = later[1:]
			f(t.Context())
		}
		if got := q.contact(t, c); got.Result() != "invalidNumber" || got.Spent != 1 {
			t.Errorf("contact %+v", got)
		}
		q.free(t, 1)
	})
}
