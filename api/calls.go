package api

import (
	"context"
	"net/http"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/flow"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Calls are what applications ask about.
type Calls interface {
	Load(ctx context.Context, id call.ID) (table.Row[call.Call], error)
	History(ctx context.Context, id call.ID) ([]call.Entry, error)
	Worklist(ctx context.Context) ([]store.WorkItem, error)
}

// Call is a call as the API shows it. Tokens of ACS are not part of it.
type Call struct {
	ID            call.ID            `json:"id"`
	Direction     call.Direction     `json:"direction"`
	State         call.State         `json:"state"`
	Outcome       call.Outcome       `json:"outcome,omitempty"`
	Line          string             `json:"line"`               // raw id
	Caller        string             `json:"caller,omitempty"`   // raw id of who rang us
	Callee        string             `json:"callee,omitempty"`   // raw id of whom we rang,
	Campaign      string             `json:"campaign,omitempty"` // for which campaign,
	Contact       string             `json:"contact,omitempty"`  // and which of its contacts
	Flow          flow.Ref           `json:"flow"`
	Node          string             `json:"node,omitempty"`
	Values        map[string]string  `json:"values,omitempty"` // variables that the flow has set
	ConnectionID  string             `json:"connectionId,omitempty"`
	ServerCallID  string             `json:"serverCallId,omitempty"`
	CorrelationID string             `json:"correlationId,omitempty"`
	OfferedAt     time.Time          `json:"offeredAt,omitzero"`
	ConnectedAt   time.Time          `json:"connectedAt,omitzero"`
	EndedAt       time.Time          `json:"endedAt,omitzero"`
	Participants  []call.Participant `json:"participants"`
	Agents        []call.JoinedAgent `json:"agents"`
	Recordings    []call.Recording   `json:"recordings"`
	Pending       int                `json:"pending"`     // actions owed
	Transitions   int                `json:"transitions"` // rows of history
}

// Transition is one row of a call's history as the API shows it.
type Transition struct {
	Seq     int        `json:"seq"`
	At      time.Time  `json:"at"`
	Event   string     `json:"event"`
	State   call.State `json:"state"`
	Node    string     `json:"node,omitempty"`
	Actions []string   `json:"actions"` // verbs of the actions that it added
}

// GetCall answers GET /api/v1/calls/{id}.
func (h *Handler) GetCall(w http.ResponseWriter, r *http.Request) error {
	row, err := h.Calls.Load(r.Context(), call.ID(r.PathValue("id")))
	if err != nil {
		return notFound("call", err)
	}
	c := row.Value
	return reply(w, Call{
		ID: c.ID, Direction: c.Direction, State: c.State, Outcome: c.Outcome, Line: c.Line,
		Caller: c.Caller, Callee: c.Callee, Campaign: c.Attempt.Campaign, Contact: c.Attempt.Contact,
		Flow: c.Flow, Node: c.Node, Values: c.Values,
		ConnectionID: c.ConnectionID, ServerCallID: c.ServerCallID, CorrelationID: c.CorrelationID,
		OfferedAt: c.OfferedAt, ConnectedAt: c.ConnectedAt, EndedAt: c.EndedAt,
		Participants: nonNil(c.Roster.Participants), Agents: nonNil(c.Agents), Recordings: nonNil(c.Recordings),
		Pending: len(c.Pending), Transitions: c.Seq,
	})
}

// GetHistory answers GET /api/v1/calls/{id}/history.
func (h *Handler) GetHistory(w http.ResponseWriter, r *http.Request) error {
	entries, err := h.Calls.History(r.Context(), call.ID(r.PathValue("id")))
	if err == nil && len(entries) == 0 {
		err = table.ErrNotFound
	}
	if err != nil {
		return notFound("call", err)
	}
	history := make([]Transition, len(entries))
	for i, e := range entries {
		history[i] = Transition{Seq: e.Seq, At: e.Now, Event: e.Event.Kind(), State: e.State, Node: e.Node, Actions: []string{}}
		for _, a := range e.Actions {
			history[i].Actions = append(history[i].Actions, string(a.Verb))
		}
	}
	return reply(w, map[string]any{"history": history})
}

// GetWorklist answers GET /api/v1/worklist with everything that still owes something: its id,
// by when somebody looks at it and, before it is dialled, what for.
func (h *Handler) GetWorklist(w http.ResponseWriter, r *http.Request) error {
	rows, err := h.Calls.Worklist(r.Context())
	if err != nil {
		return storageError(err)
	}
	return reply(w, map[string]any{"worklist": nonNil(rows)})
}
