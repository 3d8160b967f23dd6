package call

import (
	"time"

	"switchboard/handler/flow"
)

// Verb is what an action asks ACS to do.
type Verb string

// The verbs, named as the operations of Call Automation that they stand for.
const (
	Answer      Verb = "answer"
	Create      Verb = "create" // ring somebody
	PlayPrompt  Verb = "play"
	Recognize   Verb = "recognize"   // play a prompt and wait for a key
	CancelMedia Verb = "cancelMedia" // stop whatever is playing
	Add         Verb = "add"         // ring somebody and add them to the call
	StartRecord Verb = "startRecording"
	HangUp      Verb = "hangUp" // for everybody
	Look        Verb = "look"   // ask who is in the call
)

// The verbs of what is done to rows of our own, outside the call's.
const (
	SlowLine Verb = "slowLine" // the line has had one request too many
	OptOut   Verb = "optOut"   // the person does not want to be called again
	Link     Verb = "link"     // tell a recording whose debt it pays
	Settle   Verb = "settle"   // tell the campaign how its attempt ended
	Release  Verb = "release"  // give back line and number
)

// Repeat is what may be done about an action whose fate is unknown.
type Repeat int

// The kinds of action.
const (
	// Once: it rings somebody, so a send is sent by the run that claimed it, or never.
	Once Repeat = iota
	// Paired: it is repeated with the same Repeatability pair, for a while.
	Paired
	// Plain: it has no pair; a repeat is a new send.
	Plain
	// Storage: it changes a row of ours on a condition, and is repeated without limit.
	Storage
)

// Repeat returns the kind of action that the verb is.
func (v Verb) Repeat() Repeat {
	switch v {
	case Create, Add:
		return Once
	case SlowLine, OptOut, Link, Settle, Release:
		return Storage
	case Answer, StartRecord, HangUp:
		return Paired
	default:
		return Plain
	}
}

// Lane returns the queue in which actions of the verb are sent one after another.
func (v Verb) Lane() Lane {
	switch v {
	case PlayPrompt, Recognize, CancelMedia:
		return LaneMedia
	case StartRecord:
		return LaneRecording
	case HangUp:
		return LaneRelease
	case SlowLine, OptOut, Link, Settle, Release:
		return LaneStorage
	default:
		return LanePeople
	}
}

// Lane is a queue of actions: within one, each waits for the one before it.
type Lane string

// The lanes. LaneRelease is one of its own, because hanging up waits for nothing.
const (
	LaneMedia     Lane = "media"
	LanePeople    Lane = "people"
	LaneRecording Lane = "recording"
	LaneRelease   Lane = "release"
	LaneStorage   Lane = "storage"
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
	By    string    `json:"by,omitempty"`
	Until time.Time `json:"until,omitzero"`
	// Unsure says that an earlier send may have reached ACS.
	Unsure bool `json:"unsure,omitempty"`
	// Claims counts the runs that have owned this send.
	Claims int `json:"claims,omitempty"`
	// FirstSent is when this send was first claimed, in whole seconds: the
	// Repeatability-First-Sent of a pair.
	FirstSent time.Time `json:"firstSent,omitzero"`
	NotBefore time.Time `json:"notBefore,omitzero"` // ACS asked us to wait until then
}

// Repeated reports whether an earlier request for the action may have been
// carried out.
func (a Action) Repeated() bool { return a.Claims > 1 || a.Unsure }

// sent reports whether any request for the action may have been carried out.
func (a Action) sent() bool { return a.Claims > 0 || a.Unsure }

// free reports whether the action may be claimed at the given time.
func (a Action) free(now time.Time) bool {
	return (a.By == "" || !now.Before(a.Until)) && !now.Before(a.NotBefore)
}

// resend makes the action a new send, which nobody owns yet. Refused says that ACS
// has refused the latest request; one before it, or one that nobody answered, may
// have been carried out.
func (a Action) resend(refused bool, notBefore time.Time) Action {
	a.Unsure = a.Unsure || a.Claims > 1 || !refused
	a.Send++
	a.By, a.Until, a.Claims, a.FirstSent, a.NotBefore = "", time.Time{}, 0, time.Time{}, notBefore
	return a
}

// unclaim takes an action that was not sent from its owner.
func (a Action) unclaim() Action {
	if a.By == "" {
		return a
	}
	a.By, a.Until = "", time.Time{}
	if a.Claims--; a.Claims == 0 {
		a.FirstSent = time.Time{}
	}
	return a
}

// pairLife is how long a Repeatability pair is used after it was first sent. ACS
// keeps one for about 5 minutes.
//
// Source: "Repeatable requests", Azure Communication Services REST reference.
const pairLife = 4 * time.Minute
