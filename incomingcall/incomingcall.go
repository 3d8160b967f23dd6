// Package incomingcall is the function that Event Grid triggers when somebody
// rings one of our lines: it opens the call and answers it.
package incomingcall

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/catalog"
	"switchboard/handler/engine"
	"switchboard/handler/event"
	"switchboard/handler/flow"
	"switchboard/handler/invoke"
)

// Handler takes offered calls.
type Handler struct {
	Calls   Calls
	Catalog Catalog
	Lines   []string // raw ids of our lines; empty: every line is ours
	Limits  call.Limits
}

// Calls opens calls.
type Calls interface {
	Open(ctx context.Context, id call.ID, offer call.Event) error
}

// Catalog finds the flow that a call to a line is answered with.
type Catalog interface {
	Route(ctx context.Context, line string) (flow.Ref, error)
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{Function: "incomingcall", Binding: "event", Event: h.Handle}}
}

// Handle takes one offered call. Event Grid delivers at least once; the call's
// id comes from the offer, so a second delivery opens the same call again, which
// does only what the first one left undone. An error makes Event Grid deliver
// again, some 10 s later: the caller's telephone rings for about 30 s.
func (h *Handler) Handle(ctx context.Context, data json.RawMessage) error {
	offer, err := event.ParseOffer(data)
	if errors.Is(err, event.ErrNotOurs) {
		zerolog.Ctx(ctx).Debug().Msg("event of another kind ignored")
		return nil // acknowledged: a second delivery would be no use
	}
	if err != nil {
		return invoke.Permanent(err) // malformed: it would come again for a day and fail again
	}
	if len(h.Lines) > 0 && !slices.Contains(h.Lines, offer.To) {
		zerolog.Ctx(ctx).Debug().Msg("offer to a line that is not ours ignored")
		return nil
	}
	flow, err := h.Catalog.Route(ctx, offer.To)
	if errors.Is(err, catalog.ErrNoRoute) {
		zerolog.Ctx(ctx).Info().Msg("offer without a route ignored")
		return nil
	}
	if err != nil {
		return err
	}
	id := call.InboundID(offer.CorrelationID, offer.To, offer.IncomingCallContext)
	err = h.Calls.Open(ctx, id, call.Event{
		Key:           offer.Key,
		At:            offer.Time,
		ServerCallID:  offer.ServerCallID,
		CorrelationID: offer.CorrelationID,
		Body: call.Offered{
			Line:                offer.To,
			Caller:              offer.From,
			CallerName:          offer.CallerDisplayName,
			IncomingCallContext: offer.IncomingCallContext,
			Flow:                flow,
			Limits:              h.Limits,
		},
	})
	switch {
	case errors.Is(err, engine.ErrUnanswered):
		return invoke.Later(err) // somebody is at it, or ACS wants us to wait
	case errors.Is(err, engine.ErrLoop):
		zerolog.Ctx(ctx).Warn().Str("call", string(id)).Msg("call that goes round left alone")
		return nil
	}
	return err
}
