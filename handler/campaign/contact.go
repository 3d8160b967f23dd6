package campaign

import (
	"maps"
	"time"

	"switchboard/handler/backoff"
	"switchboard/handler/call"
)

// ContactState is where a contact is in its campaign.
type ContactState string

// The states of a contact.
const (
	ContactWaiting  ContactState = "waiting"  // to be dialled when it is due
	ContactDialling ContactState = "dialling" // an attempt is under way
	ContactEnded    ContactState = "ended"    // nothing more is done
)

// Contact is somebody whom a campaign is to reach.
type Contact struct {
	Schema int          `json:"schema"`
	ID     ContactID    `json:"id"`
	Number string       `json:"number"` // E.164
	State  ContactState `json:"state"`

	Budget int `json:"budget"` // attempts that may be made
	Spent  int `json:"spent"`  // attempts that counted
	Claim  int `json:"claim"`  // number of the latest attempt; it never goes down

	// Due is the time of its entry in the index of what is due: when it may be
	// dialled or, during an attempt, when to look after that. Zero: it has none.
	Due time.Time `json:"due,omitzero"`

	Call    call.ID      `json:"call,omitempty"`    // of the latest attempt
	Outcome call.Outcome `json:"outcome,omitempty"` // of the latest attempt that counted
	// Refused is the rule by which the gate has refused the contact for good.
	Refused Rule              `json:"refused,omitempty"`
	Values  map[string]string `json:"values,omitempty"` // what the flow has set, over all attempts
}

// NewContact is a contact that is due at once.
func NewContact(number string, budget int, now time.Time) Contact {
	return Contact{
		Schema: Schema, ID: NewContactID(number), Number: number, State: ContactWaiting, Budget: budget, Due: now,
	}
}

// Due is an entry of the index of what is due, which is ordered by time.
type DueEntry struct {
	Contact ContactID `json:"contact"`
	Number  string    `json:"number"`
	At      time.Time `json:"at"`
	Call    call.ID   `json:"call,omitempty"` // the attempt that is under way
}

// Entry is the contact's entry in the index.
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

	Ended   time.Time    `json:"ended,omitzero"` // zero: it is under way
	Outcome call.Outcome `json:"outcome,omitempty"`
	Spent   bool         `json:"spent,omitempty"` // it counts against the budget
}

// NextCall is the id of the call that the contact's next attempt makes.
func (c Contact) NextCall(of ID) call.ID { return call.OutboundID(string(of), string(c.ID), c.Claim+1) }

// Claimed is the contact once somebody has taken it to dial it from the line, with
// the attempt. Its entry moves to the time by which to look after it.
func (c Contact) Claimed(of ID, line string, now, look time.Time) (Contact, Attempt) {
	a := Attempt{Schema: Schema, Claim: c.Claim + 1, Call: c.NextCall(of), Line: line, Began: now}
	c.State, c.Claim, c.Call, c.Due = ContactDialling, a.Claim, a.Call, look
	return c, a
}

// Settlement is how an attempt ended.
type Settlement struct {
	Contact ContactID
	Shard   int
	Claim   int
	Outcome call.Outcome
	Values  map[string]string
	At      time.Time
}

// Settled is the contact after an attempt, and the attempt closed. An attempt that
// is closed already, or not the contact's latest, changes nothing of the contact.
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

// unspentWait is how long a contact waits after so many attempts that did not count.
// There is no end to them, because they are no fault of the contact's; so they become
// rare.
func unspentBackoff(attempts int) time.Duration {
	return backoff.After(attempts, 30*time.Second, 30*time.Minute)
}

// retryWait is how long a contact waits after an attempt that is worth another one.
// The other outcomes are the last word.
var retryWait = map[call.Outcome]time.Duration{
	call.OutcomeBusy:     5 * time.Minute,
	call.OutcomeNoAnswer: 30 * time.Minute,
	call.OutcomeFailed:   5 * time.Minute,
	call.OutcomeUnknown:  30 * time.Minute,
}

// Postponed is the contact with its entry moved.
func (c Contact) Postponed(to time.Time) Contact {
	if c.State != ContactEnded {
		c.Due = to
	}
	return c
}

// Denied is a contact that the gate has refused for good.
func (c Contact) RefusedBy(rule Rule) Contact {
	if c.State == ContactWaiting {
		c.State, c.Refused, c.Due = ContactEnded, rule, time.Time{}
	}
	return c
}
