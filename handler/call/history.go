package call

import (
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Entry is one row of a call's history: everything that its transition was given
// and what came of it. The entries from the first on replay to the call's row.
type Entry struct {
	Seq     int             `json:"seq"` // from 1
	Now     time.Time       `json:"now"`
	Owner   string          `json:"owner"` // who wrote it
	Event   Event           `json:"event"`
	Gate    *DialVerdict    `json:"gate,omitempty"`
	Rules   int             `json:"rules"` // StepVersion
	State   State           `json:"state"` // after it
	Node    string          `json:"node,omitempty"`
	Actions []outbox.Action `json:"actions,omitempty"` // added by it
}

// Recorded returns the entry of the transition from before to after.
func NewEntry(before, after Call, e Event, g Input) Entry {
	entry := Entry{
		Seq: after.Seq, Now: after.Updated, Owner: g.Owner, Event: e, Gate: g.Gate, Rules: RulesVersion,
		State: after.State, Node: after.Node,
	}
	for _, a := range after.Pending {
		if a.Op > before.Ops {
			entry.Actions = append(entry.Actions, a)
		}
	}
	return entry
}

// Replay returns the call that its whole history leads to. What is not part of
// its life, Listed, is left as it was at the start.
func Replay(id ID, history []Entry, f *flow.Flow) Call {
	c := Call{ID: id}
	for _, entry := range history {
		c, _ = Apply(c, entry.Event, Input{Now: entry.Now, Flow: f, Owner: entry.Owner, Gate: entry.Gate})
	}
	return c
}
