package incomingcall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/catalog"
	"switchboard/handler/engine"
	"switchboard/handler/flow"
	"switchboard/handler/invoke"
)

// fakeCalls records the offers of calls, or fails.
type fakeCalls struct {
	err    error
	opened []call.ID
	offer  call.Event
}

func (f *fakeCalls) Open(_ context.Context, id call.ID, offer call.Event) error {
	f.opened, f.offer = append(f.opened, id), offer
	return f.err
}

// fakeCatalog has the same flow for every line, or fails.
type fakeCatalog struct{ err error }

func (f fakeCatalog) Route(context.Context, string) (flow.Ref, error) {
	return flow.Ref{Name: "reception", Version: "v1"}, f.err
}

// offeredLine is the line of testdata/incomingcall.json.
const offeredLine = "28:orgid:cc123456-5678-5678-1234-ccc123456789"

// documented returns testdata/incomingcall.json, an event as Microsoft documents it.
func documented(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("testdata/incomingcall.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func TestEachDeliveryOfAnOfferOpensTheSameCall(t *testing.T) {
	calls := &fakeCalls{}
	h := &Handler{Calls: calls, Catalog: fakeCatalog{}, Limits: call.Limits{Request: 1}}
	for range 2 {
		if err := h.Handle(t.Context(), []byte(documented(t))); err != nil {
			t.Fatal(err)
		}
	}
	opened := calls.opened
	if len(opened) != 2 || opened[0] != opened[1] || !strings.HasPrefix(string(opened[0]), "in-") {
		t.Errorf("opened %v, want the same inbound call twice", opened)
	}
	body, ok := calls.offer.Body.(call.Offered)
	if !ok || body.Line != offeredLine || body.IncomingCallContext == "" || body.Flow.Version != "v1" ||
		body.Limits.Request != 1 {
		t.Errorf("offered %+v, want it on %s, with a context, flow v1 and limits", calls.offer.Body, offeredLine)
	}
	if calls.offer.Key == "" || calls.offer.CorrelationID == "" || calls.offer.At.IsZero() {
		t.Errorf("event %+v, want it with key, correlation id and time", calls.offer)
	}
}

func TestReplyToEachEvent(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name   string
		event  string
		lines  []string
		route  error  // result of Catalog.Route
		open   error  // result of Calls.Open
		opens  int    // calls of Calls.Open
		status int    // of the reply to the host
		logged string // level of the line in the log; empty: none at warn or above
	}{
		{"an offer to a line of LINES is opened", documented(t), []string{offeredLine}, nil, nil, 1, 200, ""},
		{"an offer to another line is ignored", documented(t), []string{"28:orgid:another"}, nil, nil, 0, 200, ""},
		{"an event of another type is ignored", `{"eventType":"Contoso.Surprise","data":{}}`, nil, nil, nil, 0, 200, ""},
		{"a malformed offer is acknowledged, with an error in the log", `{"eventType":"Microsoft.Communication.IncomingCall","data":{}}`, nil, nil, nil, 0, 200, "error"},
		{"an offer without a route is ignored", documented(t), nil, catalog.ErrNoRoute, nil, 0, 200, ""},
		{"an offer is delivered again when its route cannot be read", documented(t), nil, boom, nil, 0, 500, "error"},
		{"an offer is delivered again when it cannot be opened", documented(t), nil, nil, boom, 1, 500, "error"},
		{"an offer is delivered again while it is not answered", documented(t), nil, nil, fmt.Errorf("x: %w", engine.ErrUnanswered), 1, 500, "warn"},
		{"a call that loops is ignored, with a warning in the log", documented(t), nil, nil, fmt.Errorf("x: %w", engine.ErrLoop), 1, 200, "warn"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log strings.Builder
			calls := &fakeCalls{err: tt.open}
			h := &Handler{Calls: calls, Catalog: fakeCatalog{tt.route}, Lines: tt.lines}
			server := invoke.New(zerolog.New(&log).Level(zerolog.WarnLevel))
			server.Handle([]invoke.Route{{Function: "incomingcall", Binding: "event", Event: h.Handle}})
			reply := httptest.NewRecorder()
			body := `{"Data":{"event":` + tt.event + `},"Metadata":{}}`
			server.ServeHTTP(reply, httptest.NewRequest(http.MethodPost, "/incomingcall", strings.NewReader(body)))
			if reply.Code != tt.status || len(calls.opened) != tt.opens {
				t.Errorf("status %d, %d opened; want %d, %d", reply.Code, len(calls.opened), tt.status, tt.opens)
			}
			if tt.logged == "" && log.Len() > 0 || !strings.Contains(log.String(), tt.logged) ||
				strings.Count(log.String(), "\n") > 1 {
				t.Errorf("log %q, want one line at %q at most", &log, tt.logged)
			}
		})
	}
}
