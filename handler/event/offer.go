package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"switchboard/handler/acs/events"
	"time"
)

// maxContext bounds an incomingCallContext, in bytes: it must be handed back
// whole, so a longer one is an error. Seen are a few thousand.
const maxContext = 64 << 10

// ErrNotOurs is an event of a type that was not asked for.
var ErrNotOurs = errors.New("event of another type")

// Offer is a call that rings a line of ours and waits to be answered, rejected
// or redirected. It rings for 30 s.
type Offer struct {
	// Key is the same in every delivery of the event.
	Key string
	// Time is when the event happened; zero if it does not say.
	Time time.Time

	// To, From and OnBehalfOfCallee are raw ids, exactly as delivered: who is
	// called, who calls, and for whom the call is if not for To. From may be empty.
	To, From, OnBehalfOfCallee string
	CallerDisplayName          string

	ServerCallID  string
	CorrelationID string
	// IncomingCallContext is a token: it is what answering takes. Not for logs.
	IncomingCallContext string

	// SIPHeaders and VoIPHeaders are the custom context that the caller's side
	// sent along; User-To-User is spelled "userToUser".
	SIPHeaders, VoIPHeaders map[string]string
}

// ParseOffer reads an IncomingCall event of Event Grid, in Event Grid's schema
// or as a CloudEvent. ErrNotOurs: it is another event. An offer that names no
// callee, context or correlation id is an error: nothing can be done with it.
//
// Source: Microsoft.Communication.IncomingCall, Azure/azure-rest-api-specs,
// eventgrid, Microsoft.Communication, stable/2018-01-01.
func ParseOffer(doc json.RawMessage) (Offer, error) {
	all, err := events.Parse(doc)
	switch {
	case err != nil && json.Valid(doc):
		return Offer{}, ErrNotOurs // some other JSON than an event
	case err != nil:
		return Offer{}, fmt.Errorf("offer: %w", err)
	case len(all) != 1:
		return Offer{}, ErrNotOurs
	}
	data, ok := all[0].Data.(*events.IncomingCall)
	if !ok {
		return Offer{}, ErrNotOurs
	}
	to, from, onBehalfOf := delivered(data.To), delivered(data.From), delivered(data.OnBehalfOfCallee)
	for _, required := range []struct{ name, value string }{
		{"to", to},
		{"incomingCallContext", data.IncomingCallContext},
		{"correlationId", data.CorrelationID},
	} {
		if required.value == "" {
			return Offer{}, fmt.Errorf("offer without %s", required.name)
		}
	}
	if len(data.IncomingCallContext) > maxContext {
		return Offer{}, fmt.Errorf("offer with an incomingCallContext of more than %d bytes", maxContext)
	}
	return Offer{
		Key:                 "offer " + key(all[0], ""),
		Time:                all[0].Time,
		To:                  to,
		From:                from,
		OnBehalfOfCallee:    onBehalfOf,
		CallerDisplayName:   bound(data.CallerDisplayName),
		ServerCallID:        bound(data.ServerCallID),
		CorrelationID:       bound(data.CorrelationID),
		IncomingCallContext: data.IncomingCallContext,
		SIPHeaders:          headers(data.CustomContext.SIPHeaders),
		VoIPHeaders:         headers(data.CustomContext.VoIPHeaders),
	}, nil
}

// headers bounds a set of headers; of too many it keeps the first by name.
func headers(all map[string]string) map[string]string {
	if len(all) == 0 {
		return nil
	}
	kept := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if len(kept) == maxHeaders {
			break
		}
		kept[bound(name)] = bound(all[name])
	}
	return kept
}
