// Package sweep is the function that a timer triggers once a minute: it finds the deadlines that no message has
// announced, and the work of crashed processes.
package sweep

import (
	"context"
	"encoding/json"

	"switchboard/handler/invoke"
)

// Handler sweeps the worklist.
type Handler struct{ Engine Engine }

// Engine attends to the due items of the worklist: package engine does.
type Engine interface {
	Sweep(ctx context.Context) error
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{Function: "sweep", Binding: "timer", Event: h.Handle}}
}

// Handle runs one sweep. The timer does not repeat a failed run; the next one does its work.
func (h *Handler) Handle(ctx context.Context, _ json.RawMessage) error {
	return h.Engine.Sweep(ctx)
}
