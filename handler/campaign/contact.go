package campaign

import (
	"maps"
	"time"

	"switchboard/handler/backoff"
	"switchboard/handler/call"
)

// ContactState is the state of a contact in its campaign.
type ContactState string

// The states of a contact.
const (
	ContactWaiting  ContactState = "waiting"  // is dialled when it is due
	ContactDialling ContactState = "dialling" // an attempt is under way
	ContactEnded    ContactState = "ended"    // is not dialled any more
)

// Contact is a person whom a campaign is to reach by telephone.
type Contact struct {
	Schema int          `json:"schema"`
	ID     ContactID    `json:"id"`
	Number string       `json:"number"` // E.164
	State  ContactState `json:"state"`

	Budget int `json:"budget"` // attempts that may count
	Spent  int `json:"spent"`  // attempts that have counted
	Claim  int `json:"claim"`  // number of the latest attempt, 0 before the first; it never decreases

	// Due is when the contact may be dialled or, during an attempt, when the attempt is
	// checked. Zero: the contact is not in the due index.
	Due time.Time `json:"due,omitzero"`

	Call    call.ID      `json:"call,omitempty"`    // the call of the latest attempt
	Outcome call.Outcome `json:"outcome,omitempty"` // the outcome of the latest attempt that counted
	// Refused is the rule by which the gate refused the contact for good; empty if it did not.
	Refused Rule `json:"refused,omitempty"`
	// Values are the variables that the flow has set in all attempts; the latest value counts.
	Values map[string]string `json:"values,omitempty"`
}

// NewContact returns a contact that is due now.
func NewContact(number string, budget int, now time.Time) Contact {
	return Contact{
		Schema: Schema, ID: NewContactID(number), Number: number, State: ContactWaiting, Budget: budget, Due: now,
	}
}

// DueEntry is a contact's entry in the due index, which is ordered by time.
type DueEntry struct {
	Contact ContactID `json:"contact"`
	Number  string    `json:"number"`
	At      time.Time `json:"at"`
	Call    call.ID   `json:"call,omitempty"` // the call of the attempt under way; empty if there is none
}

// Entry returns the contact's entry in the due index.
func (c Contact) Entry() DueEntry {
	d := DueEntry{Contact: c.ID, Number: c.Number, At: c.Due}
	if c.State == ContactDialling {
		d.Call = c.Call
	}
	return d
}

// Attempt is one dialling of one contact.
type Attempt struct {
	Schema int       `json:"schema"`
	Claim  int       `json:"claim"`
	Call   call.ID   `json:"call"`
	Line   string    `json:"line"` // raw id
	Began  time.Time `json:"began"`

	Ended   time.Time    `json:"ended,omitzero"` // zero while the attempt is under way
	Outcome call.Outcome `json:"outcome,omitempty"`
	Spent   bool         `json:"spent,omitempty"` // whether the attempt counts against the budget
}

// NextCall returns the id of the call of the contact's next attempt.
func (c Contact) NextCall(campaign ID) call.ID {
	return call.OutboundID(string(campaign), string(c.ID), c.Claim+1)
}

// AttemptStart is what a dialler claims a contact for.
type AttemptStart struct {
	Line    string    // raw id of the line that it dials from
	Began   time.Time // now
	CheckAt time.Time // when the attempt is checked
}

// Claimed returns the contact as claimed by a dialler, and the new attempt. The contact's entry
// in the due index moves to s.CheckAt.
func (c Contact) Claimed(campaign ID, s AttemptStart) (Contact, Attempt) {
	a := Attempt{Schema: Schema, Claim: c.Claim + 1, Call: c.NextCall(campaign), Line: s.Line, Began: s.Began}
	c.State, c.Claim, c.Call, c.Due = ContactDialling, a.Claim, a.Call, s.CheckAt
	return c, a
}

// Settlement is the result of an attempt, as it is booked with the campaign.
type Settlement struct {
	Contact ContactID
	Shard   int
	Claim   int
	Outcome call.Outcome
	Values  map[string]string
	At      time.Time
}

// Settled returns the contact and the attempt a after a has ended with the result s. The
// contact stays as it is if a has ended before or is not the contact's latest attempt.
func (c Contact) Settled(a Attempt, s Settlement) (Contact, Attempt) {
	if !a.Ended.IsZero() {
		return c, a
	}
	a.Ended, a.Outcome, a.Spent = s.At, s.Outcome, s.Outcome.Spends()
	if c.State != ContactDialling || c.Claim != a.Claim {
		return c, a
	}
	if len(s.Values) > 0 {
		c.Values = maps.Clone(c.Values)
		if c.Values == nil {
			c.Values = map[string]string{}
		}
		maps.Copy(c.Values, s.Values)
	}
	if !a.Spent {
		c.State, c.Due = ContactWaiting, s.At.Add(unspentBackoff(c.Claim-c.Spent))
		return c, a
	}
	c.Spent++
	c.Outcome = s.Outcome
	wait, again := retryWait[s.Outcome]
	if !again || c.Spent >= c.Budget {
		c.State, c.Due = ContactEnded, time.Time{}
		return c, a
	}
	c.State, c.Due = ContactWaiting, s.At.Add(wait)
	return c, a
}

// unspentBackoff returns how long a contact waits after its n-th attempt that did not count.
// The number of such attempts has no limit, because the contact did not cause them; so the
// wait grows.
func unspentBackoff(n int) time.Duration {
	return backoff.After(n, 30*time.Second, 30*time.Minute)
}

// retryWait holds how long a contact waits for its next attempt, by the outcome of the last.
// After any other outcome that counts the contact has ended.
var retryWait = map[call.Outcome]time.Duration{
	call.OutcomeBusy:     5 * time.Minute,
	call.OutcomeNoAnswer: 30 * time.Minute,
	call.OutcomeFailed:   5 * time.Minute,
	call.OutcomeUnknown:  30 * time.Minute,
}

// Postponed returns the contact with its entry in the due index moved to due. A contact that
// has ended stays as it is.
func (c Contact) Postponed(due time.Time) Contact {
	if c.State != ContactEnded {
		c.Due = due
	}
	return c
}

// RefusedBy returns the contact as ended because the gate refused it for good by the rule. Only
// a waiting contact changes: an attempt under way has an outcome of its own.
func (c Contact) RefusedBy(rule Rule) Contact {
	if c.State == ContactWaiting {
		c.State, c.Refused, c.Due = ContactEnded, rule, time.Time{}
	}
	return c
}
