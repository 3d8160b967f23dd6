// Package deadline is the function that a queue message triggers when calls and recordings must be attended
// to: a deadline has passed, or a request must be repeated.
package deadline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"switchboard/handler/engine"
	"switchboard/handler/event"
	"switchboard/handler/invoke"
	"switchboard/handler/store"
)

// Handler attends to what is due.
type Handler struct{ Engine Engine }

// Engine attends to the due items of a shard of the worklist: package engine does. It does not fail, because
// what it cannot do is announced by another message.
type Engine interface {
	AttendShard(ctx context.Context, shard string)
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
	h.Engine.AttendShard(ctx, m.Shard)
	return nil
}

// errShard means that a message names no shard of the worklist.
var errShard = errors.New("no shard of the worklist")

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
	if !store.IsShard(m.Shard) {
		return m, fmt.Errorf("%w: %q", errShard, m.Shard)
	}
	return m, nil
}
