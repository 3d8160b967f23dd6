// Package sweep is the function that a timer triggers every few seconds: it runs deadlines that are past, and resumes
// what crashed runs have left.
package sweep

import (
	"context"
	"encoding/json"

	"switchboard/handler/invoke"
)

// Handler sweeps the worklist.
type Handler struct{ Engine Engine }

// Engine looks at what is due on the worklist.
type Engine interface {
	Sweep(ctx context.Context) error
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{Function: "sweep", Binding: "timer", Event: h.Handle}}
}

// Handle does one sweep. The timer does not repeat a failed run; the next one does its work.
func (h *Handler) Handle(ctx context.Context, _ json.RawMessage) error {
	return h.Engine.Sweep(ctx)
}
