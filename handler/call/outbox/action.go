package outbox

import (
	"fmt"
	"time"

	"switchboard/handler/flow"
)

// Verb is what an action asks ACS to do.
type Verb string

// The verbs, named as the operations of Call Automation that they stand for.
const (
	VerbAnswer            Verb = "answer"
	VerbCreate            Verb = "create" // ring somebody
	VerbPlay              Verb = "play"
	VerbRecognize         Verb = "recognize"   // play a prompt and wait for a key
	VerbCancelMedia       Verb = "cancelMedia" // stop whatever is playing
	VerbAdd               Verb = "add"         // ring somebody and add them to the call
	VerbStartRecording    Verb = "startRecording"
	VerbHangUp            Verb = "hangUp"            // for everybody
	VerbCheckParticipants Verb = "checkParticipants" // ask who is in the call
)

// The verbs of what is done to rows of our own, outside the call's.
const (
	VerbBackOff Verb = "backOff" // the line has had one request too many
	VerbOptOut  Verb = "optOut"  // the person does not want to be called again
	VerbLink    Verb = "link"    // tell a recording whose debt it pays
	VerbSettle  Verb = "settle"  // tell the campaign how its attempt ended
	VerbRelease Verb = "release" // give back line and number
)

// Repeat is what may be done about an action whose fate is unknown.
type RetryClass int

// The kinds of action.
const (
	// Once: it rings somebody, so a send is sent by the run that claimed it, or never.
	AtMostOnce RetryClass = iota
	// Paired: it is repeated with the same Repeatability pair, for a while.
	Repeatable
	// Plain: it has no pair; a repeat is a new send.
	AtLeastOnce
	// Storage: it changes a row of ours on a condition, and is repeated without limit.
	Local
)

// Repeat returns the kind of action that the verb is.
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

// Lane returns the queue in which actions of the verb are sent one after another.
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

// Lane is a queue of actions: within one, each waits for the one before it.
type Lane string

// The lanes. LaneRelease is one of its own, because hanging up waits for nothing.
const (
	LaneMedia        Lane = "media"
	LaneParticipants Lane = "participants"
	LaneRecording    Lane = "recording"
	LaneHangUp       Lane = "hangUp"
	LaneLocal        Lane = "local"
)

// Action is something that a call owes: a request to ACS, or a change of rows that
// are not the call's, which was decided and saved, and of which it is not known yet
// that it was done.
type Action struct {
	Ref
	Verb Verb `json:"verb"`

	Target   string        `json:"target,omitempty"` // raw id: whom to ring, who presses keys
	Prompt   *flow.Prompt  `json:"prompt,omitempty"`
	Loop     bool          `json:"loop,omitempty"`     // play again and again
	Silence  time.Duration `json:"silence,omitempty"`  // how long to wait for the first key
	Ring     time.Duration `json:"ring,omitempty"`     // how long the target's telephone rings
	Channels string        `json:"channels,omitempty"` // "mixed" or "unmixed"
	// At is when somebody opted out, or until when the line is to wait.
	At time.Time `json:"at,omitzero"`
	// Recording is the operation that asked for the recording to be linked.
	Recording int `json:"recording,omitempty"`

	// By is the run that may send this send, until Until; empty: nobody yet.
	Owner      string    `json:"owner,omitempty"`
	LeaseUntil time.Time `json:"leaseUntil,omitzero"`
	// Unsure says that an earlier send may have reached ACS.
	MaybeSent bool `json:"maybeSent,omitempty"`
	// Claims counts the runs that have owned this send.
	Leases int `json:"leases,omitempty"`
	// FirstSent is when this send was first claimed, in whole seconds: the
	// Repeatability-First-Sent of a pair.
	FirstSent time.Time `json:"firstSent,omitzero"`
	NotBefore time.Time `json:"notBefore,omitzero"` // ACS asked us to wait until then
}

// Repeated reports whether an earlier request for the action may have been
// carried out.
func (a Action) Repeated() bool { return a.Leases > 1 || a.MaybeSent }

// sent reports whether any request for the action may have been carried out.
func (a Action) Sent() bool { return a.Leases > 0 || a.MaybeSent }

// free reports whether the action may be claimed at the given time.
func (a Action) Leasable(now time.Time) bool {
	return (a.Owner == "" || !now.Before(a.LeaseUntil)) && !now.Before(a.NotBefore)
}

// resend makes the action a new send, which nobody owns yet. Refused says that ACS
// has refused the latest request; one before it, or one that nobody answered, may
// have been carried out.
func (a Action) Resend(refused bool, notBefore time.Time) Action {
	a.MaybeSent = a.MaybeSent || a.Leases > 1 || !refused
	a.Send++
	a.Owner, a.LeaseUntil, a.Leases, a.FirstSent, a.NotBefore = "", time.Time{}, 0, time.Time{}, notBefore
	return a
}

// unclaim takes an action that was not sent from its owner.
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

// pairLife is how long a Repeatability pair is used after it was first sent. ACS
// keeps one for about 5 minutes.
//
// Source: "Repeatable requests", Azure Communication Services REST reference.
const PairLife = 4 * time.Minute

// ReplyKey returns the key of the answer to one request for the action: the same for a repeat of the answer.
func (a Action) ReplyKey() string { return fmt.Sprintf("reply %s %d", a.Ref, a.Leases) }
