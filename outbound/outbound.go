// Package outbound is the function that a timer triggers to dial what is due.
package outbound

import (
	"context"
	"encoding/json"

	"github.com/rs/zerolog"
)

// Handler dials. There are no campaigns in this version, so nothing is ever due.
type Handler struct{}

// Handle does one round of dialling.
func (h *Handler) Handle(ctx context.Context, _ json.RawMessage) error {
	zerolog.Ctx(ctx).Debug().Msg("nothing was due to be dialled")
	return nil
}
