package events

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandshakes(t *testing.T) {
	const validation = `[{"id":"1","topic":"t","subject":"","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent",
		"eventTime":"2026-11-20T08:15:48Z","data":{"validationCode":"512d38b6","validationUrl":"https://rp-eastus2.eventgrid.azure.net/x"}}]`
	tests := []struct {
		name, method string
		header       map[string]string
		body         string
		status       int
		reply        string
	}{
		{"a validation", "POST", map[string]string{"aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "CALLS"}, validation, 200, `{"validationResponse":"512d38b6"}`},
		{"of another subscription", "POST", map[string]string{"aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "other"}, validation, 403, "not a subscription"},
		{"a validation without its event", "POST", map[string]string{"aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "calls"}, `[]`, 400, "no validation event"},
		{"a validation that is no JSON", "POST", map[string]string{"aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "calls"}, `x`, 400, "no validation event"},
		{"a validation that is too long", "POST", map[string]string{"aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "calls"}, strings.Repeat(" ", maxHandshake+1), 400, "cannot be read"},
		{"an event", "POST", map[string]string{"aeg-event-type": "Notification"}, `[]`, 418, "handler"},
		{"CloudEvents' handshake", "OPTIONS", map[string]string{"WebHook-Request-Origin": "eventgrid.azure.net"}, ``, 200, ""},
		{"an OPTIONS request of a browser", "OPTIONS", nil, ``, 418, "handler"},
	}
	h := Handshakes("calls", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "handler", http.StatusTeapot)
	}))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/events", strings.NewReader(tt.body))
			for name, value := range tt.header {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.reply) {
				t.Errorf("reply = %d %s, want %d with %q", w.Code, w.Body, tt.status, tt.reply)
			}
			if tt.method == "OPTIONS" && w.Code == 200 &&
				(w.Header().Get("WebHook-Allowed-Origin") != "eventgrid.azure.net" || w.Header().Get("WebHook-Allowed-Rate") != "*") {
				t.Errorf("headers = %v, want eventgrid.azure.net allowed at any rate", w.Header())
			}
		})
	}
}
