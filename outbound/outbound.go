// Package outbound is the function that a timer triggers once a minute: it lets every running campaign be dialled.
package outbound

import (
	"context"
	"encoding/json"

	"switchboard/handler/invoke"
)

// Handler lets campaigns be dialled.
type Handler struct{ Dialler Dialler }

// Dialler sends a message for each running campaign: package dialler does.
type Dialler interface {
	Dial(ctx context.Context) error
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{Function: "outbound", Binding: "timer", Event: h.Handle}}
}

// Handle runs once. The timer does not repeat a failed run; the next one does its work.
func (h *Handler) Handle(ctx context.Context, _ json.RawMessage) error {
	return h.Dialler.Dial(ctx)
}
