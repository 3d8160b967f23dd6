package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"switchboard/handler/acs/events"
)

// maxContext is the largest size of an incomingCallContext, in bytes. A longer one is an error,
// because the answer must contain it in full. Contexts of a few thousand bytes were seen.
const maxContext = 64 << 10

// ErrNotOurs means that the document is not an event of the wanted type.
var ErrNotOurs = errors.New("event of another type")

// Offer is an incoming call that is not answered yet. It rings a line for 30 s and can be
// answered, rejected or redirected.
type Offer struct {
	// Key is the same in every delivery of the event.
	Key string
	// Time is when the event happened; zero if the event has no time.
	Time time.Time

	// To is the raw id of the line that is called, exactly as delivered.
	To string
	// From is the raw id of the caller, exactly as delivered; empty if it is not known.
	From string
	// OnBehalfOfCallee is the raw id of the callee, exactly as delivered, if the call is not for To
	// itself; otherwise empty.
	OnBehalfOfCallee string

	ServerCallID  string
	CorrelationID string
	// IncomingCallContext is the token with which the call is answered. It must not be logged.
	IncomingCallContext string

	// SIPHeaders are the custom SIP headers of the caller; User-To-User is spelled "userToUser".
	SIPHeaders map[string]string
	// VoIPHeaders are the custom VoIP headers of the caller.
	VoIPHeaders map[string]string
}

// ParseOffer reads an IncomingCall event of Event Grid, in Event Grid's schema or as a CloudEvent.
// The error is ErrNotOurs for any other event. An offer without callee, context or correlation id
// is an error, because it cannot be answered.
//
// Source: Microsoft.Communication.IncomingCall, Azure/azure-rest-api-specs,
// eventgrid, Microsoft.Communication, stable/2018-01-01.
func ParseOffer(doc json.RawMessage) (Offer, error) {
	all, err := events.Parse(doc)
	switch {
	case err != nil && json.Valid(doc):
		return Offer{}, ErrNotOurs // JSON, but not an event
	case err != nil:
		return Offer{}, fmt.Errorf("offer: %w", err)
	case len(all) != 1:
		return Offer{}, ErrNotOurs
	}
	data, ok := all[0].Data.(*events.IncomingCall)
	if !ok {
		return Offer{}, ErrNotOurs
	}
	to, from, onBehalfOf := rawID(data.To), rawID(data.From), rawID(data.OnBehalfOfCallee)
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
		ServerCallID:        truncate(data.ServerCallID),
		CorrelationID:       truncate(data.CorrelationID),
		IncomingCallContext: data.IncomingCallContext,
		SIPHeaders:          headers(data.CustomContext.SIPHeaders),
		VoIPHeaders:         headers(data.CustomContext.VoIPHeaders),
	}, nil
}

// headers returns at most maxHeaders of the headers, the first in order of their names.
func headers(all map[string]string) map[string]string {
	if len(all) == 0 {
		return nil
	}
	bounded := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if len(bounded) == maxHeaders {
			break
		}
		bounded[truncate(name)] = truncate(all[name])
	}
	return bounded
}
