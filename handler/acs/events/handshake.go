package events

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// maxHandshake is the largest size of the body of a handshake, in bytes.
const maxHandshake = 64 << 10

// Handshakes returns a handler that answers the handshakes of Event Grid in front of a webhook, and
// passes all other requests to next. A handshake is a SubscriptionValidation event in Event Grid's
// schema, and an OPTIONS request for CloudEvents. Subscription is the name of the only event
// subscription that is confirmed in Event Grid's schema; empty confirms any. The name must be secret,
// or the webhook protected in another way, because a confirmed subscription can deliver events.
//
// An Event Grid trigger of Azure Functions does not need it: the trigger answers handshakes itself.
//
// Source: "Endpoint validation with Event Grid event schema" and "… with
// CloudEvents schema", Event Grid documentation.
func Handshakes(subscription string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodOptions && r.Header.Get("WebHook-Request-Origin") != "":
			w.Header().Set("WebHook-Allowed-Origin", r.Header.Get("WebHook-Request-Origin"))
			w.Header().Set("WebHook-Allowed-Rate", "*")
			w.WriteHeader(http.StatusOK)
		case r.Method == http.MethodPost && strings.EqualFold(r.Header.Get("Aeg-Event-Type"), "SubscriptionValidation"):
			if subscription != "" && !strings.EqualFold(r.Header.Get("Aeg-Subscription-Name"), subscription) {
				http.Error(w, "not a subscription of this endpoint", http.StatusForbidden)
				return
			}
			validate(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// validate answers a SubscriptionValidation event with its code. Event Grid accepts status 200 only.
func validate(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHandshake))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	events, err := Parse(bytes.TrimPrefix(body, []byte("\ufeff")))
	if err == nil {
		for _, e := range events {
			if v, ok := e.Data.(*SubscriptionValidation); ok && v.ValidationCode != "" {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(map[string]string{"validationResponse": v.ValidationCode})
				return
			}
		}
	}
	http.Error(w, "no validation event", http.StatusBadRequest)
}
