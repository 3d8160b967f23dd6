package campaign

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
)

const (
	number     = "+12065550100"
	line       = "28:orgid:line"
	campaignID = ID("c1")
)

// start is the start of an attempt at t0.
var start = AttemptStart{Line: line, Began: t0, CheckAt: t0.Add(10 * time.Minute)}

// firstAttempt returns a contact with this budget, claimed at t0, and its attempt.
func firstAttempt(budget int) (Contact, Attempt) {
	return NewContact(number, budget, t0).Claimed(campaignID, start)
}

// settle ends the attempt with the outcome a minute after it began.
func settle(c Contact, a Attempt, o call.Outcome) (Contact, Attempt) {
	return c.Settled(a, Settlement{Contact: c.ID, Claim: a.Claim, Outcome: o, At: a.Began.Add(time.Minute)})
}

func TestClaimed(t *testing.T) {
	waiting := NewContact(number, 2, t0)
	if got, want := waiting.Entry(), (DueEntry{Contact: waiting.ID, Number: number, At: t0}); got != want {
		t.Errorf("a new contact's entry is %+v, want %+v", got, want)
	}
	c, a := waiting.Claimed(campaignID, start)
	id := call.OutboundID(string(campaignID), string(waiting.ID), 1)
	if id != waiting.NextCall(campaignID) {
		t.Errorf("call = %s, want that of NextCall, %s", id, waiting.NextCall(campaignID))
	}
	if want := (Attempt{Schema: Schema, Claim: 1, Call: id, Line: line, Began: t0}); a != want {
		t.Errorf("the attempt is %+v, want %+v", a, want)
	}
	if c.State != ContactDialling || c.Claim != 1 || c.Spent != 0 || c.Call != id {
		t.Errorf("contact = %+v, want it %s by call %s, claimed once, none spent", c, ContactDialling, id)
	}
	if got, want := c.Entry(), (DueEntry{Contact: c.ID, Number: number, At: start.CheckAt, Call: id}); got != want {
		t.Errorf("its entry moves to %+v, want %+v", got, want)
	}

	t.Run("the number of the attempt increases after one that did not count", func(t *testing.T) {
		c, _ := settle(c, a, call.OutcomeCancelled)
		if _, again := c.Claimed(campaignID, start); again.Claim != 2 || again.Call == id {
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
		{"completed ends the contact", 3, call.OutcomeCompleted, ContactEnded, 1, time.Time{}, "completed"},
		{"abandoned ends the contact", 3, call.OutcomeAbandoned, ContactEnded, 1, time.Time{}, "abandoned"},
		{"declined ends the contact", 3, call.OutcomeDeclined, ContactEnded, 1, time.Time{}, "declined"},
		{"an invalid number ends the contact", 3, call.OutcomeInvalidNumber, ContactEnded, 1, time.Time{}, "invalidNumber"},
		{"busy is retried after 5 minutes", 2, call.OutcomeBusy, ContactWaiting, 1, ended.Add(5 * time.Minute), ""},
		{"no answer is retried after 30 minutes", 2, call.OutcomeNoAnswer, ContactWaiting, 1, ended.Add(30 * time.Minute), ""},
		{"a failure is retried after 5 minutes", 2, call.OutcomeFailed, ContactWaiting, 1, ended.Add(5 * time.Minute), ""},
		{"an unknown outcome is retried after 30 minutes", 2, call.OutcomeUnknown, ContactWaiting, 1, ended.Add(30 * time.Minute), ""},
		{"busy at the last attempt ends the contact", 1, call.OutcomeBusy, ContactEnded, 1, time.Time{}, "busy"},
		{"no answer at the last attempt ends the contact", 1, call.OutcomeNoAnswer, ContactEnded, 1, time.Time{}, "noAnswer"},
		{"an unknown outcome of the last attempt ends the contact", 1, call.OutcomeUnknown, ContactEnded, 1, time.Time{}, "unknown"},
		{"a cancelled attempt does not count", 1, call.OutcomeCancelled, ContactWaiting, 0, ended.Add(30 * time.Second), ""},
		{"a throttled attempt does not count", 1, call.OutcomeThrottled, ContactWaiting, 0, ended.Add(30 * time.Second), ""},
		{"an attempt refused by the line limit does not count", 1, call.OutcomeLineLimit, ContactWaiting, 0, ended.Add(30 * time.Second), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, a := firstAttempt(tt.budget)
			c, a = settle(c, a, tt.outcome)
			if c.State != tt.state || c.Spent != tt.spent || !c.Due.Equal(tt.due) || c.Result() != tt.result {
				t.Errorf("contact %s, %d spent, due %v, result %q, want %s, %d, %v, %q",
					c.State, c.Spent, c.Due, c.Result(), tt.state, tt.spent, tt.due, tt.result)
			}
			if !a.Ended.Equal(ended) || a.Outcome != tt.outcome || a.Spent != (tt.spent == 1) {
				t.Errorf("attempt = %+v, want it ended at %v as %s, spent: %t", a, ended, tt.outcome, tt.spent == 1)
			}
			if c.Entry().Call != "" {
				t.Errorf("entry = %+v, want no call", c.Entry())
			}
			again, b := settle(c, a, call.OutcomeCompleted)
			if d := cmp.Diff(c, again); d != "" || a != b {
				t.Errorf("settled a second time, it changes (-once +twice):\n%s\nattempt %+v", d, b)
			}
		})
	}
}

func TestSettledForAnEarlierAttemptLeavesTheContact(t *testing.T) {
	c, first := firstAttempt(3)
	c, _ = settle(c, first, call.OutcomeBusy)
	c, _ = c.Claimed(campaignID, start) // the second attempt
	got, closed := settle(c, first, call.OutcomeCompleted)
	if d := cmp.Diff(c, got); d != "" {
		t.Errorf("the end of an earlier attempt changed the contact (-before +after):\n%s", d)
	}
	if closed.Outcome != call.OutcomeCompleted || closed.Ended.IsZero() {
		t.Errorf("earlier attempt = %+v, want it ended as %s", closed, call.OutcomeCompleted)
	}
}

func TestValuesOfAllAttemptsAreKept(t *testing.T) {
	c, a := firstAttempt(3)
	values := map[string]string{"x": "1", "y": "1"}
	c, _ = c.Settled(a, Settlement{Claim: 1, Outcome: call.OutcomeBusy, At: t0, Values: values})
	before := c
	c, a = c.Claimed(campaignID, start)
	c, _ = c.Settled(a, Settlement{Claim: 2, Outcome: call.OutcomeCompleted, At: t0, Values: map[string]string{"x": "2"}})
	if d := cmp.Diff(map[string]string{"x": "2", "y": "1"}, c.Values); d != "" {
		t.Errorf("values (-want +got):\n%s", d)
	}
	if before.Values["x"] != "1" {
		t.Errorf("values of the contact before = %v, want x=1", before.Values)
	}
}

func TestPostponed(t *testing.T) {
	later := t0.Add(time.Hour)
	waiting := NewContact(number, 1, t0)
	dialling, a := firstAttempt(1)
	ended, _ := settle(dialling, a, call.OutcomeCompleted)
	for _, tt := range []struct {
		name string
		c    Contact
		want time.Time
	}{
		{"a waiting contact is due later", waiting, later},
		{"an attempt under way is checked later", dialling, later},
		{"a contact that has ended is not due", ended, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.c.Postponed(later); !got.Due.Equal(tt.want) || got.State != tt.c.State {
				t.Errorf("contact %s, due %v, want %s, %v", got.State, got.Due, tt.c.State, tt.want)
			}
		})
	}
}

func TestRefusedBy(t *testing.T) {
	waiting := NewContact(number, 2, t0)
	dialling, a := firstAttempt(2)
	tried, _ := settle(dialling, a, call.OutcomeBusy)
	ended, _ := settle(dialling, a, call.OutcomeCompleted)
	for _, tt := range []struct {
		name   string
		c      Contact
		state  ContactState
		result string
	}{
		{"a contact that was never dialled ends", waiting, ContactEnded, "optedOut"},
		{"a contact that was dialled before ends by the rule, not by its last attempt", tried, ContactEnded, "optedOut"},
		{"an attempt under way is left to its own outcome", dialling, ContactDialling, ""},
		{"a contact that has ended keeps its result", ended, ContactEnded, "completed"},
		{"a second refusal changes nothing", waiting.RefusedBy(RuleOptedOut), ContactEnded, "optedOut"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.c.RefusedBy(RuleOptedOut)
			if got.State != tt.state || got.Result() != tt.result || got.Due.IsZero() != (tt.state == ContactEnded) {
				t.Errorf("contact %s by %q, due %v, want %s by %q",
					got.State, got.Result(), got.Due, tt.state, tt.result)
			}
		})
	}
}
