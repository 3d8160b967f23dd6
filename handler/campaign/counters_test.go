package campaign

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"switchboard/handler/call"
)

// countEach counts the contacts one by one.
func countEach(contacts []Contact) Counters {
	n := Counters{Results: map[string]int{}}
	for _, c := range contacts {
		n.Contacts++
		n.Attempts += c.Spent
		switch c.State {
		case ContactWaiting:
			n.Waiting++
		case ContactDialling:
			n.Dialling++
		case ContactEnded:
			n.Ended++
			n.Results[c.Result()]++
		}
	}
	return n
}

// outcomes are some outcomes of every kind: final, retried and not counted.
var outcomes = []call.Outcome{
	call.OutcomeCompleted, call.OutcomeBusy, call.OutcomeNoAnswer, call.OutcomeUnknown, call.OutcomeInvalidNumber,
	call.OutcomeCancelled, call.OutcomeThrottled, call.OutcomeLineLimit,
}

func TestCountersMatchTheContacts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var contacts []Contact
		attempts := map[int]Attempt{}
		shards := []Counters{{}, {}}
		now := t0
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			now = now.Add(time.Minute)
			i := rapid.IntRange(0, len(contacts)).Draw(rt, "contact")
			shard := &shards[i%len(shards)]
			if i == len(contacts) {
				c := NewContact(fmt.Sprintf("+120655501%02d", i), rapid.IntRange(1, 3).Draw(rt, "budget"), now)
				contacts, *shard = append(contacts, c), shard.Replace(nil, c)
				continue
			}
			before := contacts[i]
			countersBefore := *shard
			after, a := change(rt, before, attempts[i], now)
			printedBefore := fmt.Sprint(countersBefore)
			contacts[i], attempts[i], *shard = after, a, shard.Replace(&before, after)
			if fmt.Sprint(countersBefore) != printedBefore {
				rt.Fatalf("the counters before were changed from %s to %v", printedBefore, countersBefore)
			}
			checkChange(rt, before, after)
		}
		if d := cmp.Diff(countEach(contacts), shards[0].Plus(shards[1])); d != "" {
			rt.Fatalf("counters (-contacts +counters):\n%s", d)
		}
	})
}

// change lets something happen to a contact with its latest attempt, and returns both.
func change(rt *rapid.T, c Contact, a Attempt, now time.Time) (Contact, Attempt) {
	switch rapid.SampledFrom([]string{"claim", "settle", "settle", "deny", "postpone"}).Draw(rt, "what") {
	case "claim":
		if c.State == ContactWaiting && c.Spent < c.Budget {
			return c.Claimed(campaignID, AttemptStart{Line: line, Began: now, CheckAt: now.Add(time.Hour)})
		}
	case "settle": // also of an attempt that has ended
		if a.Claim > 0 {
			o := rapid.SampledFrom(outcomes).Draw(rt, "outcome")
			return c.Settled(a, Settlement{Claim: a.Claim, Outcome: o, At: now})
		}
	case "deny":
		return c.RefusedBy(RuleOptedOut), a
	case "postpone":
		return c.Postponed(now), a
	}
	return c, a
}

// checkChange checks that nothing counts backwards, that the budget holds, and that an ended contact stays so.
func checkChange(rt *rapid.T, before, after Contact) {
	rt.Helper()
	if after.Claim < before.Claim || after.Spent < before.Spent || after.Spent > min(after.Budget, after.Claim) {
		rt.Fatalf("from %+v to %+v", before, after)
	}
	if before.State == ContactEnded && after.State != ContactEnded || (after.State == ContactEnded) != after.Due.IsZero() {
		rt.Fatalf("from %+v to %+v", before, after)
	}
}

func TestPlusAddsAndChangesNeitherArgument(t *testing.T) {
	a := Counters{Contacts: 2, Waiting: 1, Ended: 1, Attempts: 1, Results: map[string]int{"busy": 1}}
	b := Counters{Contacts: 2, Dialling: 1, Ended: 1, Attempts: 3, Results: map[string]int{"busy": 1, "optedOut": 1}}
	want := Counters{
		Contacts: 4, Waiting: 1, Dialling: 1, Ended: 2, Attempts: 4, Results: map[string]int{"busy": 2, "optedOut": 1},
	}
	if d := cmp.Diff(want, a.Plus(b)); d != "" {
		t.Errorf("sum (-want +got):\n%s", d)
	}
	if a.Results["busy"] != 1 || b.Results["busy"] != 1 {
		t.Errorf("arguments = %v and %v, want them unchanged", a, b)
	}
	if got := (Counters{}).Plus(Counters{}); got.Contacts != 0 || len(got.Results) != 0 {
		t.Errorf("sum of empty counters = %+v, want it empty", got)
	}
}
