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

// desk takes calls, or fails to.
type desk struct {
	err    error
	opened []call.ID
	offer  call.Event
}

func (d *desk) Open(_ context.Context, id call.ID, offer call.Event) error {
	d.opened, d.offer = append(d.opened, id), offer
	return d.err
}

// route answers every line with the same flow, or fails to.
type route struct{ err error }

func (r route) Route(context.Context, string) (flow.Ref, error) {
	return flow.Ref{Name: "reception", Version: "v1"}, r.err
}

// ours is the line of testdata/incomingcall.json.
const ours = "28:orgid:cc123456-5678-5678-1234-ccc123456789"

func documented(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("testdata/incomingcall.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func TestAnOfferOpensTheSameCallEachTimeItIsDelivered(t *testing.T) {
	d := &desk{}
	h := &Handler{Calls: d, Catalog: route{}, Limits: call.Limits{Request: 1}}
	for range 2 {
		if err := h.Handle(t.Context(), []byte(documented(t))); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.opened) != 2 || d.opened[0] != d.opened[1] || !strings.HasPrefix(string(d.opened[0]), "in-") {
		t.Errorf("opened %v", d.opened)
	}
	body, ok := d.offer.Body.(call.Offered)
	if !ok || body.Line != ours || body.IncomingCallContext == "" || body.Flow.Version != "v1" || body.Limits.Request != 1 {
		t.Errorf("offered %+v", d.offer.Body)
	}
	if d.offer.Key == "" || d.offer.CorrelationID == "" || d.offer.At.IsZero() {
		t.Errorf("event without key, correlation id or time: %+v", d.offer)
	}
}

func TestWhatBecomesOfAnEvent(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name   string
		event  string
		lines  []string
		route  error
		open   error
		opens  int
		status int    // of the reply to the host
		logged string // level of a line of the log; empty: none at warn or above
	}{
		{"an offer to a line of ours is opened", documented(t), []string{ours}, nil, nil, 1, 200, ""},
		{"an offer to another line is left alone", documented(t), []string{"28:orgid:another"}, nil, nil, 0, 200, ""},
		{"an event of another type is left alone", `{"eventType":"Contoso.Surprise","data":{}}`, nil, nil, nil, 0, 200, ""},
		{"a malformed offer is given up", `{"eventType":"Microsoft.Communication.IncomingCall","data":{}}`, nil, nil, nil, 0, 200, "error"},
		{"an offer without a route is left alone", documented(t), nil, catalog.ErrNoRoute, nil, 0, 200, ""},
		{"an offer is delivered again when its route cannot be had", documented(t), nil, boom, nil, 0, 500, "error"},
		{"an offer is delivered again when it cannot be opened", documented(t), nil, nil, boom, 1, 500, "error"},
		{"an offer comes again while its answer is owed", documented(t), nil, nil, fmt.Errorf("x: %w", engine.ErrUnanswered), 1, 500, "warn"},
		{"a call that goes round is left alone", documented(t), nil, nil, fmt.Errorf("x: %w", engine.ErrLoop), 1, 200, "warn"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log strings.Builder
			d := &desk{err: tt.open}
			h := &Handler{Calls: d, Catalog: route{tt.route}, Lines: tt.lines}
			server := invoke.New(zerolog.New(&log).Level(zerolog.WarnLevel))
			server.Handle([]invoke.Route{{Function: "incomingcall", Binding: "event", Event: h.Handle}})
			reply := httptest.NewRecorder()
			body := `{"Data":{"event":` + tt.event + `},"Metadata":{}}`
			server.ServeHTTP(reply, httptest.NewRequest(http.MethodPost, "/incomingcall", strings.NewReader(body)))
			if reply.Code != tt.status || len(d.opened) != tt.opens {
				t.Errorf("status %d, %d opened; want %d, %d", reply.Code, len(d.opened), tt.status, tt.opens)
			}
			if tt.logged == "" && log.Len() > 0 || !strings.Contains(log.String(), tt.logged) || strings.Count(log.String(), "\n") > 1 {
				t.Errorf("log: %s", &log)
			}
		})
	}
}
