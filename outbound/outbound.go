// Package outbound is the function that a timer triggers to dial the due contacts of campaigns.
package outbound

import (
	"context"
	"encoding/json"

	"switchboard/handler/invoke"
)

// Handler runs rounds of dialling.
type Handler struct{ Dialler Dialler }

// Dialler dials due contacts: package dialler does.
type Dialler interface {
	Dial(ctx context.Context) error
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{Function: "outbound", Binding: "timer", Event: h.Handle}}
}

// Handle runs one round of dialling. The timer does not repeat a failed run; the next one does its work.
func (h *Handler) Handle(ctx context.Context, _ json.RawMessage) error {
	return h.Dialler.Dial(ctx)
}
