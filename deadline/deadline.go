// Package deadline is the function that a queue message triggers when calls and recordings must be attended
// to, because a deadline has passed or a request must be repeated, or when a campaign must be dialled.
package deadline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"switchboard/handler/campaign"
	"switchboard/handler/engine"
	"switchboard/handler/event"
	"switchboard/handler/invoke"
	"switchboard/handler/store"
)

// Handler attends to what is due.
type Handler struct {
	Engine  Engine
	Dialler Dialler
}

// Engine attends to the due items of a shard of the worklist: package engine does. It does not fail, because
// what it cannot do is announced by another message.
type Engine interface {
	AttendShard(ctx context.Context, shard string)
}

// Dialler dials the due contacts of a campaign: package dialler does. It does not fail, because a timer sends
// the message again.
type Dialler interface {
	DialCampaign(ctx context.Context, id campaign.ID)
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{Function: "deadline", Binding: "msg", Event: h.Handle}}
}

// Handle handles one message, an engine.DeadlineMessage. It fails only for another text, which no delivery can
// cure: the message is given up, because the worklist is what is relied on.
func (h *Handler) Handle(ctx context.Context, data json.RawMessage) error {
	m, err := parse(data)
	if err != nil {
		return invoke.Permanent(fmt.Errorf("queue message: %w", err))
	}
	if m.Campaign != "" {
		h.Dialler.DialCampaign(ctx, campaign.ID(m.Campaign))
	} else {
		h.Engine.AttendShard(ctx, m.Shard)
	}
	return nil
}

// errSubject means that a message does not name either a shard of the worklist or a campaign.
var errSubject = errors.New("want a shard of the worklist or a campaign")

// parse returns the message that the host delivers in JSON.
func parse(data json.RawMessage) (m engine.DeadlineMessage, err error) {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return m, err
	}
	doc, err := event.Message(text)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(doc, &m); err != nil {
		return m, err
	}
	if store.IsShard(m.Shard) == (m.Campaign != "") {
		return m, fmt.Errorf("%w: shard %q, campaign %q", errSubject, m.Shard, m.Campaign)
	}
	return m, nil
}
