// Package incomingcall is the function that Event Grid triggers when a line is called: it opens the call and
// answers it.
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

// Handler answers offers.
type Handler struct {
	Calls   Calls
	Catalog Catalog
	Lines   []string // raw ids of the lines that are answered; empty: all are
	Limits  call.Limits
}

// Calls opens calls: package engine does.
type Calls interface {
	Open(ctx context.Context, id call.ID, offer call.Event) error
}

// Catalog finds the flow of the calls to a line. catalog.ErrNoRoute: there is none.
type Catalog interface {
	Route(ctx context.Context, line string) (flow.Ref, error)
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{Function: "incomingcall", Binding: "event", Event: h.Handle}}
}

// Handle handles one offer. Event Grid delivers at least once; the call's id is derived from the offer, so a
// second delivery opens the same call again and completes what the first one has left. After an error Event
// Grid delivers again about 10 s later, while the caller's telephone rings for about 30 s.
func (h *Handler) Handle(ctx context.Context, data json.RawMessage) error {
	offer, err := event.ParseOffer(data)
	if errors.Is(err, event.ErrNotOurs) {
		zerolog.Ctx(ctx).Debug().Msg("event of another kind ignored")
		return nil // acknowledged: another delivery would be ignored too
	}
	if err != nil {
		return invoke.Permanent(err) // malformed: Event Grid would repeat it for a day, and it would fail each time
	}
	if len(h.Lines) > 0 && !slices.Contains(h.Lines, offer.To) {
		zerolog.Ctx(ctx).Debug().Msg("offer to another line ignored")
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
			IncomingCallContext: offer.IncomingCallContext,
			Flow:                flow,
			Limits:              h.Limits,
		},
	})
	switch {
	case errors.Is(err, engine.ErrUnanswered):
		return invoke.Later(err) // another process answers it, or ACS has throttled the request
	case errors.Is(err, engine.ErrLoop):
		zerolog.Ctx(ctx).Warn().Str("call", string(id)).Msg("offer of a call that loops ignored")
		return nil
	}
	return err
}
