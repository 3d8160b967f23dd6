package call

import (
	"time"

	"switchboard/handler/flow"
)

// Entry is one row of a call's history: everything that its transition was given
// and what came of it. The entries from the first on replay to the call's row.
type Entry struct {
	Seq     int       `json:"seq"` // from 1
	Now     time.Time `json:"now"`
	Run     string    `json:"run"` // who wrote it
	Event   Event     `json:"event"`
	Gate    *Gate     `json:"gate,omitempty"`
	Rules   int       `json:"rules"` // StepVersion
	State   State     `json:"state"` // after it
	Node    string    `json:"node,omitempty"`
	Actions []Action  `json:"actions,omitempty"` // added by it
}

// Recorded returns the entry of the transition from before to after.
func Recorded(before, after Call, e Event, g Given) Entry {
	entry := Entry{
		Seq: after.Seq, Now: after.Updated, Run: g.Run, Event: e, Gate: g.Gate, Rules: StepVersion,
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
		c, _ = Move(c, entry.Event, Given{Now: entry.Now, Flow: f, Run: entry.Run, Gate: entry.Gate})
	}
	return c
}
