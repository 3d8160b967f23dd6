// Package outbound is the function that a timer triggers to dial what is due.
package outbound

import (
	"context"
	"encoding/json"
)

// Handler dials.
type Handler struct{ Calls Calls }

// Calls are what is dialled.
type Calls interface {
	Dial(ctx context.Context) error
}

// Handle does one round of dialling. The timer does not repeat a failed run; the
// next tick does its work.
func (h *Handler) Handle(ctx context.Context, _ json.RawMessage) error {
	return h.Calls.Dial(ctx)
}
