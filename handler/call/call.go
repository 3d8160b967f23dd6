// Package call is the life of one call: a value, the events that happen to it,
// and Step, which says what the call is after an event and which actions it
// then owes.
//
// The package is pure: no context, I/O, clock, randomness or logger; time and
// ids come in as values. So a call can be replayed from its history, and every
// order of events can be tried in a test. Doing the actions is for others.
package call

import (
	"maps"
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Schema is the version of Call as it is stored. A row with a higher one was
// written by a later version of the program and must be left alone.
const Schema = 1

// Direction tells who opened a call.
type Direction string

// The directions of a call.
const (
	DirectionInbound  Direction = "inbound"  // somebody rang a line of ours
	DirectionOutbound Direction = "outbound" // we rang somebody
)

// State is where a call is in its life.
type State string

// The states of a call. They follow each other in this order; a call that is
// never answered leaves out StateConnected.
const (
	StateRinging   State = "ringing"
	StateConnected State = "connected"
	StateEnded     State = "ended"
)

// Call is one call with all that is known of it and all that it still owes. It
// is a value: Step returns a new one and leaves its argument as it was.
type Call struct {
	Schema    int       `json:"schema"`
	ID        ID        `json:"id"`
	Direction Direction `json:"direction"`
	Line      string    `json:"line"`             // raw id of our line
	Caller    string    `json:"caller,omitempty"` // raw id of who called; empty if we did
	Callee    string    `json:"callee,omitempty"` // raw id of whom we called
	Name      string    `json:"name,omitempty"`
	// Context is the offer's incomingCallContext: a token that only Answer and
	// Reject may see. It is forgotten when the call is answered or over.
	IncomingCallContext string `json:"incomingCallContext,omitempty"`
	// Attempt is the campaign's attempt that the call is; zero for any other call.
	Attempt AttemptRef `json:"attempt,omitzero"`

	ConnectionID  string `json:"connectionId,omitempty"`
	ServerCallID  string `json:"serverCallId,omitempty"`
	CorrelationID string `json:"correlationId,omitempty"`

	State       State     `json:"state"`
	OfferedAt   time.Time `json:"offeredAt,omitzero"` // or dialled
	ConnectedAt time.Time `json:"connectedAt,omitzero"`
	EndedAt     time.Time `json:"endedAt,omitzero"`

	Flow      flow.Ref `json:"flow"`
	Node      string   `json:"node,omitempty"`      // where in the flow the call is
	MenuTries int      `json:"menuTries,omitempty"` // how often the node's menu was played
	Wait      Wait     `json:"wait,omitzero"`       // what the node is waiting for

	Values map[string]string `json:"values,omitempty"` // variables that the flow has set

	Roster     Roster        `json:"roster,omitzero"`
	Agents     []JoinedAgent `json:"agents,omitempty"` // those who joined, in that order
	Recordings []Recording   `json:"recordings,omitempty"`

	Limits    Limits                 `json:"limits"`
	Deadlines map[Deadline]time.Time `json:"deadlines,omitempty"`

	// Ops is the number of the last operation.
	Ops     int           `json:"ops"`
	Pending outbox.Outbox `json:"pending,omitempty"` // actions owed, in the order added

	EndingAs Outcome `json:"endingAs,omitempty"` // what the outcome will be once a hang-up is through
	Outcome  Outcome `json:"outcome,omitempty"`
	Result   Result  `json:"result,omitzero"` // ACS's word on the end

	Seq     int       `json:"seq"`     // history rows so far
	Updated time.Time `json:"updated"` // when the last of them was written
	// Seen are the keys of the latest events, so that the usual duplicate costs
	// one read. Older ones are found by their own rows.
	RecentEventKeys []string `json:"recentEventKeys,omitempty"`
	// Listed says that the call may have a row among those that owe something.
	Scheduled bool `json:"scheduled,omitempty"`
}

// Wait is what the present node is waiting for. Zero members: nothing of that kind.
type Wait struct {
	Media  outbox.Ref `json:"media,omitzero"`  // a prompt, or a prompt with a key to be pressed
	Music  outbox.Ref `json:"music,omitzero"`  // music on hold
	Invite Invite     `json:"invite,omitzero"` // an agent's telephone rings
}

// Invite is an invitation under way.
type Invite struct {
	Ref       outbox.Ref `json:"ref,omitzero"`
	Agent     string     `json:"agent"`               // raw id
	Index     int        `json:"index"`               // which of the node's agents it is
	Accepted  bool       `json:"accepted,omitempty"`  // ACS has said that it took the invitation
	Reinvited bool       `json:"reinvited,omitempty"` // it stands for an earlier one of unknown fate
	Check     outbox.Ref `json:"check,omitzero"`      // the look at the participants that decides it
}

// Roster is who is in the call, by the latest word from ACS.
type Roster struct {
	Sequence     int           `json:"sequence"`
	Participants []Participant `json:"participants,omitempty"`
	// Person says that the call's person has been seen among them.
	RemotePartySeen bool `json:"remotePartySeen,omitempty"`
}

// has reports whether the participant is in the call.
func (r Roster) has(id string) bool {
	return slices.ContainsFunc(r.Participants, func(p Participant) bool { return p.ID == id })
}

// Party is an agent who joined the call.
type JoinedAgent struct {
	ID            string    `json:"id"` // raw id
	Op            int       `json:"op"` // the invitation
	Joined        time.Time `json:"joined"`
	JoinedAfterOp int       `json:"joinedAfterOp"`          // the last operation when they joined
	SeenInRoster  bool      `json:"seenInRoster,omitempty"` // among the participants, since
	Left          bool      `json:"left,omitempty"`
}

// Recording is a recording that was asked for.
type Recording struct {
	Op        int            `json:"op"`           // our operation that asked for it
	Send      int            `json:"send"`         // the latest send of it
	ID        string         `json:"id,omitempty"` // ACS's id; it may never be told
	Channels  string         `json:"channels"`     // "mixed" or "unmixed"
	State     RecordingState `json:"state"`
	Restarted bool           `json:"restarted,omitempty"` // it was asked for a second time
	Files     int            `json:"files,omitempty"`     // when it was filed or lost
	Reason    string         `json:"reason,omitempty"`    // why it was lost
}

// owed reports whether the recording's file is still to come.
func (r Recording) outstanding() bool {
	switch r.State {
	case RecordingWanted, RecordingStarted, RecordingFinished:
		return true
	default:
		return false
	}
}

// RecordingState is where a recording is in its life, as far as the call goes. The
// debt is paid by a file, or by the word that there is none.
type RecordingState string

// The states of a recording within its call.
const (
	RecordingWanted   RecordingState = "wanted"
	RecordingStarted  RecordingState = "started"
	RecordingFinished RecordingState = "finished"
	RecordingFiled    RecordingState = "filed"  // its files are where they belong
	RecordingLost     RecordingState = "lost"   // no file will come; Reason says why
	RecordingFailed   RecordingState = "failed" // it did not start
)

// Owes reports whether something is still to be done for the call: it has not
// ended, has actions pending, or owes a recording.
func (c Call) HasWork() bool {
	return c.Active() || slices.ContainsFunc(c.Recordings, Recording.outstanding)
}

// Busy reports whether the call has not ended or has actions pending.
func (c Call) Active() bool { return c.State != StateEnded || len(c.Pending) > 0 }

// Person is the raw id of the one whom the call is about: who called, or was called.
func (c Call) RemoteParty() string {
	if c.Direction == DirectionOutbound {
		return c.Callee
	}
	return c.Caller
}

// Dial is what an outbound call was placed for; zero for any other call.
func (c Call) Dial() Dial {
	if c.Direction != DirectionOutbound {
		return Dial{}
	}
	return Dial{Line: c.Line, Callee: c.Callee, Attempt: c.Attempt}
}

// Answered reports whether the call's answer is settled: it is connected, or
// over, or the answer waits for nothing but ACS's callback.
func (c Call) Answered() bool { return !c.Pending.Has(outbox.VerbAnswer) }

// seenKeys is how many keys of events a call keeps.
const maxEventKeys = 16

// Has reports whether the event with this key is among the latest of the call.
func (c Call) HasEvent(key string) bool { return key != "" && slices.Contains(c.RecentEventKeys, key) }

// clone returns a copy that shares nothing that Step may change.
func (c Call) clone() Call {
	c.Roster.Participants = slices.Clone(c.Roster.Participants)
	c.Agents = slices.Clone(c.Agents)
	c.Recordings = slices.Clone(c.Recordings)
	c.Deadlines = maps.Clone(c.Deadlines)
	c.Pending = slices.Clone(c.Pending)
	c.RecentEventKeys = slices.Clone(c.RecentEventKeys)
	c.Values = maps.Clone(c.Values)
	return c
}
