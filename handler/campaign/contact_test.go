package campaign

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
)

const (
	number = "+12065550100"
	line   = "28:orgid:line"
	of     = ID("c1")
)

// look is by when an attempt that begins at t0 is looked after.
var look = t0.Add(10 * time.Minute)

// dialling is a contact with a budget, and its first attempt.
func dialling(budget int) (Contact, Attempt) {
	return NewContact(number, budget, t0).Claimed(of, line, t0, look)
}

// settledBy ends the attempt a minute after it began.
func settledBy(c Contact, a Attempt, o call.Outcome) (Contact, Attempt) {
	return c.Settled(a, Settlement{Contact: c.ID, Claim: a.Claim, Outcome: o, At: a.Began.Add(time.Minute)})
}

func TestClaimed(t *testing.T) {
	waiting := NewContact(number, 2, t0)
	if got, want := waiting.Entry(), (DueEntry{Contact: waiting.ID, Number: number, At: t0}); got != want {
		t.Errorf("a new contact's entry is %+v, want %+v", got, want)
	}
	c, a := waiting.Claimed(of, line, t0, look)
	id := call.OutboundID(string(of), string(waiting.ID), 1)
	if id != waiting.NextCall(of) {
		t.Errorf("the call is %s, and %s was foretold", id, waiting.NextCall(of))
	}
	if want := (Attempt{Schema: Schema, Claim: 1, Call: id, Line: line, Began: t0}); a != want {
		t.Errorf("the attempt is %+v, want %+v", a, want)
	}
	if c.State != ContactDialling || c.Claim != 1 || c.Spent != 0 || c.Call != id {
		t.Errorf("the contact is %+v", c)
	}
	if got, want := c.Entry(), (DueEntry{Contact: c.ID, Number: number, At: look, Call: id}); got != want {
		t.Errorf("its entry moves to %+v, want %+v", got, want)
	}

	t.Run("the number of the attempt goes up though the last one did not count", func(t *testing.T) {
		c, _ := settledBy(c, a, call.OutcomeCancelled)
		if _, again := c.Claimed(of, line, t0, look); again.Claim != 2 || again.Call == id {
			t.Errorf("the next attempt is %+v", again)
		}
	})
}

func TestSettled(t *testing.T) {
	ended := t0.Add(time.Minute)
	tests := []struct {
		name    string
		budget  int
		outcome call.Outcome
		state   ContactState
		spent   int
		due     time.Time
		result  string
	}{
		{"who was reached is done", 3, call.OutcomeCompleted, ContactEnded, 1, time.Time{}, "completed"},
		{"who hung up is done", 3, call.OutcomeAbandoned, ContactEnded, 1, time.Time{}, "abandoned"},
		{"who declined is done", 3, call.OutcomeDeclined, ContactEnded, 1, time.Time{}, "declined"},
		{"a number that is none is done", 3, call.OutcomeInvalidNumber, ContactEnded, 1, time.Time{}, "invalidNumber"},
		{"who was busy is tried again soon", 2, call.OutcomeBusy, ContactWaiting, 1, ended.Add(5 * time.Minute), ""},
		{"who did not answer is tried again later", 2, call.OutcomeNoAnswer, ContactWaiting, 1, ended.Add(30 * time.Minute), ""},
		{"what failed is tried again soon", 2, call.OutcomeFailed, ContactWaiting, 1, ended.Add(5 * time.Minute), ""},
		{"who may have been rung is tried again later", 2, call.OutcomeUnknown, ContactWaiting, 1, ended.Add(30 * time.Minute), ""},
		{"who was busy at the last attempt is done", 1, call.OutcomeBusy, ContactEnded, 1, time.Time{}, "busy"},
		{"who did not answer the last is done", 1, call.OutcomeNoAnswer, ContactEnded, 1, time.Time{}, "noAnswer"},
		{"of whom nothing is known after the last is done", 1, call.OutcomeUnknown, ContactEnded, 1, time.Time{}, "unknown"},
		{"what was taken back does not count", 1, call.OutcomeCancelled, ContactWaiting, 0, ended.Add(30 * time.Second), ""},
		{"what was throttled does not count", 1, call.OutcomeThrottled, ContactWaiting, 0, ended.Add(30 * time.Second), ""},
		{"what the line did not take does not count", 1, call.OutcomeLineLimit, ContactWaiting, 0, ended.Add(30 * time.Second), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, a := dialling(tt.budget)
			c, a = settledBy(c, a, tt.outcome)
			if c.State != tt.state || c.Spent != tt.spent || !c.Due.Equal(tt.due) || c.Result() != tt.result {
				t.Errorf("the contact is %s, %d spent, due %v, result %q", c.State, c.Spent, c.Due, c.Result())
			}
			if !a.Ended.Equal(ended) || a.Outcome != tt.outcome || a.Spent != (tt.spent == 1) {
				t.Errorf("the attempt is %+v", a)
			}
			if c.Entry().Call != "" {
				t.Errorf("its entry still names the call: %+v", c.Entry())
			}
			again, b := settledBy(c, a, call.OutcomeCompleted)
			if d := cmp.Diff(c, again); d != "" || a != b {
				t.Errorf("told again, it is another (-once +twice):\n%s\nattempt %+v", d, b)
			}
		})
	}
}

func TestSettledLate(t *testing.T) {
	c, first := dialling(3)
	c, _ = settledBy(c, first, call.OutcomeBusy)
	c, _ = c.Claimed(of, line, t0, look) // the second attempt
	got, closed := settledBy(c, first, call.OutcomeCompleted)
	if d := cmp.Diff(c, got); d != "" {
		t.Errorf("the end of an earlier attempt changed the contact (-before +after):\n%s", d)
	}
	if closed.Outcome != call.OutcomeCompleted || closed.Ended.IsZero() {
		t.Errorf("the earlier attempt is not closed: %+v", closed)
	}
}

func TestValuesOfAllAttemptsAreKept(t *testing.T) {
	c, a := dialling(3)
	values := map[string]string{"x": "1", "y": "1"}
	c, _ = c.Settled(a, Settlement{Claim: 1, Outcome: call.OutcomeBusy, At: t0, Values: values})
	before := c
	c, a = c.Claimed(of, line, t0, look)
	c, _ = c.Settled(a, Settlement{Claim: 2, Outcome: call.OutcomeCompleted, At: t0, Values: map[string]string{"x": "2"}})
	if d := cmp.Diff(map[string]string{"x": "2", "y": "1"}, c.Values); d != "" {
		t.Errorf("values (-want +got):\n%s", d)
	}
	if before.Values["x"] != "1" {
		t.Error("the contact before was changed")
	}
}

func TestPostponed(t *testing.T) {
	later := t0.Add(time.Hour)
	waiting := NewContact(number, 1, t0)
	under, a := dialling(1)
	over, _ := settledBy(under, a, call.OutcomeCompleted)
	for _, tt := range []struct {
		name string
		c    Contact
		want time.Time
	}{
		{"a waiting contact waits longer", waiting, later},
		{"an attempt under way is looked after later", under, later},
		{"who is done is not due any more", over, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.c.Postponed(later); !got.Due.Equal(tt.want) || got.State != tt.c.State {
				t.Errorf("the contact is %s, due %v", got.State, got.Due)
			}
		})
	}
}

func TestDenied(t *testing.T) {
	waiting := NewContact(number, 2, t0)
	under, a := dialling(2)
	tried, _ := settledBy(under, a, call.OutcomeBusy)
	over, _ := settledBy(under, a, call.OutcomeCompleted)
	for _, tt := range []struct {
		name   string
		c      Contact
		state  ContactState
		result string
	}{
		{"who was never dialled is done", waiting, ContactEnded, "optedOut"},
		{"who was dialled before is done by the rule, not by the attempt", tried, ContactEnded, "optedOut"},
		{"an attempt under way comes to its own end", under, ContactDialling, ""},
		{"who is done stays so", over, ContactEnded, "completed"},
		{"it may be said again", waiting.RefusedBy(RuleOptedOut), ContactEnded, "optedOut"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.c.RefusedBy(RuleOptedOut)
			if got.State != tt.state || got.Result() != tt.result || got.Due.IsZero() != (tt.state == ContactEnded) {
				t.Errorf("the contact is %s by %q, due %v", got.State, got.Result(), got.Due)
			}
		})
	}
}
