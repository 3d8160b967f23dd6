// Package sweep is the function that a timer triggers every few seconds: it
// enforces deadlines and takes over what a crash has left.
package sweep

import (
	"context"
	"encoding/json"
)

// Handler sweeps.
type Handler struct{ Calls Calls }

// Calls are what is swept.
type Calls interface {
	Sweep(ctx context.Context) error
}

// Handle does one sweep. The timer does not repeat a failed run; the next tick
// does its work.
func (h *Handler) Handle(ctx context.Context, _ json.RawMessage) error {
	return h.Calls.Sweep(ctx)
}
