package events

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// maxHandshake bounds the body of a handshake, in bytes.
const maxHandshake = 64 << 10

// Handshakes answers the handshakes of Event Grid in front of a webhook, and
// hands all other requests to next: in Event Grid's schema a
// SubscriptionValidation event, for CloudEvents an OPTIONS request. The name is
// that of the only event subscription that is let in, empty for any; it must be
// secret or the webhook protected otherwise, because whoever completes a
// handshake gets events delivered.
//
// Webhooks that an Event Grid trigger of Azure Functions stands for need none of
// it: the trigger answers by itself.
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

// validate answers a SubscriptionValidation event with its code. Only 200 will do.
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
