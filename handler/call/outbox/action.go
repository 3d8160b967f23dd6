package outbox

import (
	"fmt"
	"time"

	"switchboard/handler/flow"
)

// Action is a request to ACS, or a change of our own rows other than the call's, that was decided and saved
// with the call. It is pending until it is known that it was performed or will not be.
type Action struct {
	Ref
	Verb Verb `json:"verb"`

	Target   string        `json:"target,omitempty"` // raw id of the one called, or who presses keys
	Prompt   *flow.Prompt  `json:"prompt,omitempty"`
	Loop     bool          `json:"loop,omitempty"`     // repeat until stopped
	Silence  time.Duration `json:"silence,omitempty"`  // how long to wait for the first key
	Ring     time.Duration `json:"ring,omitempty"`     // how long the target's telephone rings
	Channels string        `json:"channels,omitempty"` // "mixed" or "unmixed"
	// At is when the remote party opted out (VerbOptOut), or the end of the line's wait (VerbBackOff).
	At time.Time `json:"at,omitzero"`
	// Recording is the operation that started the recording to be linked.
	Recording int `json:"recording,omitempty"`

	// Owner is the run that has leased this send: it alone may send it, until LeaseUntil. Empty: not leased.
	Owner string `json:"owner,omitempty"`
	// LeaseUntil is the end of the lease; zero if the send is not leased.
	LeaseUntil time.Time `json:"leaseUntil,omitzero"`
	// MaybeSent reports that an earlier send may have been performed.
	MaybeSent bool `json:"maybeSent,omitempty"`
	// Leases is how many times this send was leased.
	Leases int `json:"leases,omitempty"`
	// FirstSent is when this send was first leased, in whole seconds: the Repeatability-First-Sent of its
	// pair.
	FirstSent time.Time `json:"firstSent,omitzero"`
	// NotBefore is the earliest time at which the send may be leased; zero: at once.
	NotBefore time.Time `json:"notBefore,omitzero"`
}

// Repeated reports whether a request for the action before the present one may have been performed.
func (a Action) Repeated() bool { return a.Leases > 1 || a.MaybeSent }

// Sent reports whether any request for the action may have been performed.
func (a Action) Sent() bool { return a.Leases > 0 || a.MaybeSent }

// Leasable reports whether the action may be leased at the given time.
func (a Action) Leasable(now time.Time) bool {
	return (a.Owner == "" || !now.Before(a.LeaseUntil)) && !now.Before(a.NotBefore)
}

// ResendRefused returns the action as a new send without an owner, after ACS refused the latest request. An
// earlier request may have been performed.
func (a Action) ResendRefused(notBefore time.Time) Action {
	return a.resend(a.Repeated(), notBefore)
}

// ResendUnconfirmed returns the action as a new send without an owner, after the latest request got no
// response: it may have been performed.
func (a Action) ResendUnconfirmed(notBefore time.Time) Action {
	return a.resend(true, notBefore)
}

// resend returns the action as a new send without an owner.
func (a Action) resend(maybeSent bool, notBefore time.Time) Action {
	a.MaybeSent = maybeSent
	a.Send++
	a.Owner, a.LeaseUntil, a.Leases, a.FirstSent, a.NotBefore = "", time.Time{}, 0, time.Time{}, notBefore
	return a
}

// Unlease returns the action without an owner. The lease is not counted, because the action was not sent
// during it.
func (a Action) Unlease() Action {
	if a.Owner == "" {
		return a
	}
	a.Owner, a.LeaseUntil = "", time.Time{}
	if a.Leases--; a.Leases == 0 {
		a.FirstSent = time.Time{}
	}
	return a
}

// PairLife is how long a Repeatability pair is used, counted from its first use. ACS keeps one for about 5
// minutes.
//
// Source: "Repeatable requests", Azure Communication Services REST reference.
const PairLife = 4 * time.Minute

// ReplyKey returns the key of the answer to one request for the action: the same for a repeat of the answer.
func (a Action) ReplyKey() string { return fmt.Sprintf("reply %s %d", a.Ref, a.Leases) }
