// Package call holds the rules of one call: what it is, what can happen to it, and what must then be done
// for it. A Call is a value. Apply takes a call and an event and returns the call after that event; the
// actions that are to be performed for it are in its outbox. Other packages perform them.
//
// The package is pure: no context, I/O, clock, randomness or logger; time and ids are passed in as values.
// So a call can be replayed from its history, and a test can try events in every order.
package call

import (
	"maps"
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Schema is the version of Call as it is stored. A row with a higher version was written by a later version
// of Switchboard and must not be changed.
const Schema = 1

// Direction is who opened a call: the remote party or Switchboard.
type Direction string

// The directions of a call.
const (
	DirectionInbound  Direction = "inbound"  // a person called one of our lines
	DirectionOutbound Direction = "outbound" // we called a person
)

// State is the stage of a call's life.
type State string

// The states of a call, in the order in which they follow each other. A call that is never answered has no
// StateConnected.
const (
	StateRinging   State = "ringing"
	StateConnected State = "connected"
	StateEnded     State = "ended"
)

// Call is everything that is known of one call, with its pending actions. It is a value: Apply returns a new
// one and leaves its argument as it was.
type Call struct {
	Schema    int       `json:"schema"`
	ID        ID        `json:"id"`
	Direction Direction `json:"direction"`
	Line      string    `json:"line"`             // raw id of our line
	Caller    string    `json:"caller,omitempty"` // raw id of the caller; empty in an outbound call
	Callee    string    `json:"callee,omitempty"` // raw id of the callee; empty in an inbound call
	// IncomingCallContext is the token of the offer, a secret that only the request to answer carries. It is
	// removed when the call is answered or has ended.
	IncomingCallContext string `json:"incomingCallContext,omitempty"`
	// Attempt is the campaign's attempt that the call belongs to; zero if it belongs to none.
	Attempt AttemptRef `json:"attempt,omitzero"`

	ConnectionID  string `json:"connectionId,omitempty"`
	ServerCallID  string `json:"serverCallId,omitempty"`
	CorrelationID string `json:"correlationId,omitempty"`

	State       State     `json:"state"`
	OfferedAt   time.Time `json:"offeredAt,omitzero"` // when the call was offered or dialled
	ConnectedAt time.Time `json:"connectedAt,omitzero"`
	EndedAt     time.Time `json:"endedAt,omitzero"`

	Flow      flow.Ref `json:"flow"`
	Node      string   `json:"node,omitempty"`      // the flow's node that the call is at
	MenuTries int      `json:"menuTries,omitempty"` // how many times the node's menu was played
	Wait      Wait     `json:"wait,omitzero"`       // what the node is waiting for

	Values map[string]string `json:"values,omitempty"` // variables that the flow has set

	Roster     Roster        `json:"roster,omitzero"`
	Agents     []JoinedAgent `json:"agents,omitempty"` // agents who joined, in the order of joining
	Recordings []Recording   `json:"recordings,omitempty"`

	Limits    Limits                 `json:"limits"`
	Deadlines map[Deadline]time.Time `json:"deadlines,omitempty"`

	// Ops is the number of the last operation.
	Ops     int           `json:"ops"`
	Pending outbox.Outbox `json:"pending,omitempty"` // unconfirmed actions, in the order added

	EndingAs Outcome `json:"endingAs,omitempty"` // outcome of the call once its hang-up took effect
	Outcome  Outcome `json:"outcome,omitempty"`
	Result   Result  `json:"result,omitzero"` // codes with which ACS reported the end

	Seq     int       `json:"seq"`     // number of history rows
	Updated time.Time `json:"updated"` // time of the last history row
	// RecentEvents holds the latest events, so that duplicates are found. An older duplicate does not fit the
	// call's state any more.
	RecentEvents RecentEvents `json:"recentEvents,omitempty"`
	// WorkDue is when the call's work item was due when a transition wrote it last; zero: there is none. An
	// item that has come due may have been postponed since, to AttendBy at most.
	WorkDue time.Time `json:"workDue,omitzero"`
}

// Wait is what the current node is waiting for. A zero member: for nothing of that kind.
type Wait struct {
	Media  outbox.Ref `json:"media,omitzero"`  // a prompt, or a menu with its key
	Music  outbox.Ref `json:"music,omitzero"`  // music on hold
	Invite Invite     `json:"invite,omitzero"` // an agent whose telephone rings
}

// retarget replaces a reference to an earlier send of the operation by r.
func (w *Wait) retarget(r outbox.Ref) {
	for _, waiting := range []*outbox.Ref{&w.Media, &w.Music, &w.Invite.Ref, &w.Invite.Check} {
		if waiting.Op == r.Op {
			*waiting = r
		}
	}
}

// HasWork reports whether the call has outstanding work: it has not ended, has pending actions, or has an
// outstanding recording.
func (c Call) HasWork() bool {
	return c.Active() || slices.ContainsFunc(c.Recordings, Recording.outstanding)
}

// Active reports whether the call has not ended or has pending actions.
func (c Call) Active() bool { return c.State != StateEnded || len(c.Pending) > 0 }

// RemoteParty returns the raw id of the person whom the call is about: the caller of an inbound call, the
// callee of an outbound one.
func (c Call) RemoteParty() string {
	if c.Direction == DirectionOutbound {
		return c.Callee
	}
	return c.Caller
}

// Dial returns what an outbound call was dialled for; zero for an inbound call.
func (c Call) Dial() Dial {
	if c.Direction != DirectionOutbound {
		return Dial{}
	}
	return Dial{Line: c.Line, Callee: c.Callee, Attempt: c.Attempt}
}

// Answered reports whether no answer is pending: ACS has accepted or refused it, or the call has ended.
func (c Call) Answered() bool { return !c.Pending.Has(outbox.VerbAnswer) }

// HasEvent reports whether the event with this key is among the latest events of the call.
func (c Call) HasEvent(key string) bool { return key != "" && c.RecentEvents.has(key) }

// clone returns a copy of c that shares nothing that a transition may change.
func (c Call) clone() Call {
	c.Roster.Participants = slices.Clone(c.Roster.Participants)
	c.Agents = slices.Clone(c.Agents)
	c.Recordings = slices.Clone(c.Recordings)
	c.Deadlines = maps.Clone(c.Deadlines)
	c.Pending = slices.Clone(c.Pending)
	c.Values = maps.Clone(c.Values)
	return c
}
