package outbox

import (
	"fmt"
	"time"

	"switchboard/handler/flow"
)

// Verb is the kind of an action.
type Verb string

// The verbs of requests to ACS, named after the operations of Call Automation.
const (
	VerbAnswer            Verb = "answer"
	VerbCreate            Verb = "create" // call a person
	VerbPlay              Verb = "play"
	VerbRecognize         Verb = "recognize"   // play a prompt and wait for a key
	VerbCancelMedia       Verb = "cancelMedia" // stop what is playing
	VerbAdd               Verb = "add"         // call an agent and add them to the call
	VerbStartRecording    Verb = "startRecording"
	VerbHangUp            Verb = "hangUp"            // for everyone
	VerbCheckParticipants Verb = "checkParticipants" // ask for the participants
)

// The verbs of changes of our own rows other than the call's.
const (
	VerbBackOff Verb = "backOff" // lower the line's limit
	VerbOptOut  Verb = "optOut"  // record that the remote party must not be called again
	VerbLink    Verb = "link"    // write into a recording's row which call it belongs to
	VerbSettle  Verb = "settle"  // book the attempt's result with its campaign
	VerbRelease Verb = "release" // release the place on the line, and the number
)

// RetryClass is the way in which an unconfirmed action may be repeated.
type RetryClass int

// The retry classes.
const (
	// AtMostOnce: the action rings a telephone. A send is leased once; if it is not confirmed, it is never
	// repeated.
	AtMostOnce RetryClass = iota
	// Repeatable: the same send is repeated with its Repeatability pair, for PairLife.
	Repeatable
	// AtLeastOnce: the action has no such pair. It is repeated as a new send.
	AtLeastOnce
	// Local: the action changes rows of our own, conditionally. It is repeated without limit.
	Local
)

// RetryClass returns the retry class of the verb.
func (v Verb) RetryClass() RetryClass {
	switch v {
	case VerbCreate, VerbAdd:
		return AtMostOnce
	case VerbBackOff, VerbOptOut, VerbLink, VerbSettle, VerbRelease:
		return Local
	case VerbAnswer, VerbStartRecording, VerbHangUp:
		return Repeatable
	default:
		return AtLeastOnce
	}
}

// Lane returns the lane of the verb.
func (v Verb) Lane() Lane {
	switch v {
	case VerbPlay, VerbRecognize, VerbCancelMedia:
		return LaneMedia
	case VerbStartRecording:
		return LaneRecording
	case VerbHangUp:
		return LaneHangUp
	case VerbBackOff, VerbOptOut, VerbLink, VerbSettle, VerbRelease:
		return LaneLocal
	default:
		return LaneParticipants
	}
}

// Lane is a queue of actions: within a lane, each waits for the one before it.
type Lane string

// The lanes. Hanging up has one of its own, because it waits for nothing.
const (
	LaneMedia        Lane = "media"
	LaneParticipants Lane = "participants"
	LaneRecording    Lane = "recording"
	LaneHangUp       Lane = "hangUp"
	LaneLocal        Lane = "local"
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

// Resend returns the action as a new send without an owner. refused reports that ACS refused the latest
// request; if it did not, or if there were requests before it, one of them may have been performed.
func (a Action) Resend(refused bool, notBefore time.Time) Action {
	a.MaybeSent = a.MaybeSent || a.Leases > 1 || !refused
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
