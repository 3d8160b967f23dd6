package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/invoke"
	"switchboard/handler/store"
)

const token = "an incomingCallContext"

// shelf holds one call, or fails.
type shelf struct{ err error }

func (s shelf) Load(_ context.Context, id call.ID) (store.Row[call.Call], error) {
	if s.err == nil && id != "in-1" {
		return store.Row[call.Call]{}, store.ErrNotFound
	}
	return store.Row[call.Call]{Value: call.Call{
		ID: "in-1", State: call.StateRinging, Line: "28:orgid:line", Context: token, Seq: 1,
		Pending: []call.Action{{Verb: call.Answer}},
	}}, s.err
}

func (s shelf) History(_ context.Context, id call.ID) ([]call.Entry, error) {
	if id != "in-1" {
		return nil, s.err
	}
	return []call.Entry{{
		Seq: 1, Now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), State: call.StateRinging,
		Event: call.Event{Body: call.Offered{Context: token}}, Actions: []call.Action{{Verb: call.Answer}},
	}}, s.err
}

func (s shelf) AllLive(context.Context) ([]store.Live, error) { return nil, s.err }

func get(s shelf, path string) *httptest.ResponseRecorder {
	h := &Handler{Calls: s}
	methods := []string{http.MethodGet}
	server := invoke.New(zerolog.Nop())
	server.Handle([]invoke.Route{
		{Function: "api", Binding: "req", Methods: methods, Path: "/api/v1/live", HTTP: invoke.HTTP(h.GetLive)},
		{Function: "api", Binding: "req", Methods: methods, Path: "/api/v1/calls/{id}", HTTP: invoke.HTTP(h.GetCall)},
		{Function: "api", Binding: "req", Methods: methods, Path: "/api/v1/calls/{id}/history", HTTP: invoke.HTTP(h.GetHistory)},
	})
	reply := httptest.NewRecorder()
	server.ServeHTTP(reply, httptest.NewRequest(http.MethodGet, path, nil))
	return reply
}

func TestGet(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name   string
		shelf  shelf
		path   string
		status int
		want   string // in the reply
	}{
		{"a call", shelf{}, "/api/v1/calls/in-1", 200, `"state":"ringing"`},
		{"lists of nothing are lists", shelf{}, "/api/v1/calls/in-1", 200, `"participants":[]`},
		{"its history", shelf{}, "/api/v1/calls/in-1/history", 200, `"event":"offered","state":"ringing","actions":["answer"]`},
		{"what owes something", shelf{}, "/api/v1/live", 200, `{"live":[]}`},
		{"a call that is not there", shelf{}, "/api/v1/calls/in-2", 404, `There is no such call.`},
		{"the history of one", shelf{}, "/api/v1/calls/in-2/history", 404, `There is no such call.`},
		{"what cannot be the id of a call", shelf{store.ErrInvalid}, "/api/v1/calls/a%23b", 404, `There is no such call.`},
		{"storage that does not answer", shelf{boom}, "/api/v1/calls/in-1", 503, `Service Unavailable`},
		{"storage that does not answer, for a list", shelf{boom}, "/api/v1/live", 503, `Service Unavailable`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply := get(tt.shelf, tt.path)
			body := reply.Body.String()
			if reply.Code != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s, want %d with %s", reply.Code, body, tt.status, tt.want)
			}
			if !json.Valid([]byte(body)) {
				t.Error("the reply is not JSON")
			}
			if strings.Contains(body, token) || strings.Contains(body, "boom") {
				t.Errorf("the reply tells too much: %s", body)
			}
		})
	}
}
