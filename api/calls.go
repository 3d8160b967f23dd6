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

// Calls is where calls are kept.
type Calls interface {
	Load(ctx context.Context, id call.ID) (table.Row[call.Call], error)
	History(ctx context.Context, id call.ID) ([]call.Entry, error)
	Worklist(ctx context.Context) ([]store.WorkItem, error)
}

// Call is a call as the API shows it. Tokens of ACS are not part of it.
type Call struct {
	ID            call.ID           `json:"id"`
	Direction     call.Direction    `json:"direction"`
	State         call.State        `json:"state"`
	Outcome       call.Outcome      `json:"outcome,omitempty"`
	Line          string            `json:"line"`               // raw id
	Caller        string            `json:"caller,omitempty"`   // raw id of the caller of an inbound call
	Callee        string            `json:"callee,omitempty"`   // raw id of the callee of an outbound call
	Campaign      string            `json:"campaign,omitempty"` // the campaign that the call belongs to
	Contact       string            `json:"contact,omitempty"`  // the contact that the call is an attempt at
	Flow          Flow              `json:"flow"`
	Node          string            `json:"node,omitempty"`
	Values        map[string]string `json:"values,omitempty"` // variables that the flow has set
	ConnectionID  string            `json:"connectionId,omitempty"`
	ServerCallID  string            `json:"serverCallId,omitempty"`
	CorrelationID string            `json:"correlationId,omitempty"`
	OfferedAt     time.Time         `json:"offeredAt,omitzero"`
	ConnectedAt   time.Time         `json:"connectedAt,omitzero"`
	EndedAt       time.Time         `json:"endedAt,omitzero"`
	Participants  []Participant     `json:"participants"`
	Agents        []Agent           `json:"agents"`
	Recordings    []CallRecording   `json:"recordings"`
	Pending       int               `json:"pending"`     // number of pending actions
	Transitions   int               `json:"transitions"` // number of rows of history
}

// Flow names one version of a flow.
type Flow struct {
	Name    string `json:"name"`
	Version string `json:"version"` // hash of the document
}

func showFlow(r flow.Ref) Flow { return Flow{Name: r.Name, Version: r.Version} }

// Participant is one participant of a call.
type Participant struct {
	ID     string `json:"id"` // raw id
	Muted  bool   `json:"muted,omitempty"`
	OnHold bool   `json:"onHold,omitempty"`
}

// Agent is an agent who joined a call.
type Agent struct {
	ID     string    `json:"id"` // raw id
	Joined time.Time `json:"joined"`
	Left   bool      `json:"left,omitempty"`
}

// CallRecording is a recording that a call asked for.
type CallRecording struct {
	Op       int                 `json:"op"`           // the call's operation that asked for it
	ID       string              `json:"id,omitempty"` // ACS's; empty until ACS reports it
	Channels string              `json:"channels"`     // "mixed" or "unmixed"
	State    call.RecordingState `json:"state"`
	Files    int                 `json:"files,omitempty"`  // when it was filed or lost
	Reason   string              `json:"reason,omitempty"` // why it was lost
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
	return reply(w, showCall(row.Value))
}

func showCall(c call.Call) Call {
	shown := Call{
		ID: c.ID, Direction: c.Direction, State: c.State, Outcome: c.Outcome, Line: c.Line,
		Caller: c.Caller, Callee: c.Callee, Campaign: c.Attempt.Campaign, Contact: c.Attempt.Contact,
		Flow: showFlow(c.Flow), Node: c.Node, Values: c.Values,
		ConnectionID: c.ConnectionID, ServerCallID: c.ServerCallID, CorrelationID: c.CorrelationID,
		OfferedAt: c.OfferedAt, ConnectedAt: c.ConnectedAt, EndedAt: c.EndedAt,
		Participants: make([]Participant, len(c.Roster.Participants)),
		Agents:       make([]Agent, len(c.Agents)),
		Recordings:   make([]CallRecording, len(c.Recordings)),
		Pending:      len(c.Pending), Transitions: c.Seq,
	}
	for i, p := range c.Roster.Participants {
		shown.Participants[i] = Participant{ID: p.ID, Muted: p.Muted, OnHold: p.OnHold}
	}
	for i, a := range c.Agents {
		shown.Agents[i] = Agent{ID: a.ID, Joined: a.Joined, Left: a.Left}
	}
	for i, rec := range c.Recordings {
		shown.Recordings[i] = CallRecording{
			Op: rec.Op, ID: rec.ID, Channels: rec.Channels, State: rec.State, Files: rec.Files, Reason: rec.Reason,
		}
	}
	return shown
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
