package call

import (
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Entry is one row of a call's history: the input of one transition and its result. The entries of a call,
// replayed from the first on, lead to the call's row.
type Entry struct {
	Seq         int             `json:"seq"` // from 1
	Now         time.Time       `json:"now"`
	Owner       string          `json:"owner"` // the run that wrote the entry
	Event       Event           `json:"event"`
	GateVerdict *DialVerdict    `json:"gateVerdict,omitempty"`
	Rules       int             `json:"rules"` // RulesVersion of the transition
	State       State           `json:"state"` // after the transition
	Node        string          `json:"node,omitempty"`
	Actions     []outbox.Action `json:"actions,omitempty"` // actions that the transition added
}

// newEntry returns the history entry of the transition from before to after.
func newEntry(before, after Call, e Event, in Input) Entry {
	entry := Entry{
		Seq: after.Seq, Now: after.Updated, Owner: in.Owner, Event: e, GateVerdict: in.GateVerdict, Rules: RulesVersion,
		State: after.State, Node: after.Node,
	}
	for _, a := range after.Pending {
		if a.Op > before.Ops {
			entry.Actions = append(entry.Actions, a)
		}
	}
	return entry
}

// Replay returns the call that its whole history leads to. Call.WorkDue is not part of the history, because
// the work item is removed without an event: it is zero.
func Replay(id ID, history []Entry, f *flow.Flow) Call {
	c := Call{ID: id}
	for _, entry := range history {
		in := Input{Now: entry.Now, Flow: f, Owner: entry.Owner, GateVerdict: entry.GateVerdict}
		c = Apply(c, entry.Event, in).After
	}
	c.WorkDue = time.Time{}
	return c
}
