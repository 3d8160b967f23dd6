package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

const token = "an incomingCallContext"

// fakeCalls has a call of each direction, or fails.
type fakeCalls struct{ err error }

func (s fakeCalls) Load(_ context.Context, id call.ID) (table.Row[call.Call], error) {
	if s.err == nil && id == "out-1" {
		return table.Row[call.Call]{Value: call.Call{
			ID: "out-1", Direction: call.DirectionOutbound, Line: "28:orgid:line", Callee: "4:+12065550181",
			Attempt: call.AttemptRef{Campaign: "ca-1", Contact: "c1", Claim: 1}, Values: map[string]string{"answer": "confirmed"},
		}}, nil
	}
	if s.err == nil && id != "in-1" {
		return table.Row[call.Call]{}, table.ErrNotFound
	}
	return table.Row[call.Call]{Value: call.Call{
		ID: "in-1", State: call.StateRinging, Line: "28:orgid:line", IncomingCallContext: token, Seq: 1,
		Pending: []outbox.Action{{Verb: outbox.VerbAnswer}},
	}}, s.err
}

func (s fakeCalls) History(_ context.Context, id call.ID) ([]call.Entry, error) {
	if id != "in-1" {
		return nil, s.err
	}
	return []call.Entry{{
		Seq: 1, Now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), State: call.StateRinging,
		Event: call.Event{Body: call.Offered{IncomingCallContext: token}}, Actions: []outbox.Action{{Verb: outbox.VerbAnswer}},
	}}, s.err
}

func (s fakeCalls) Worklist(context.Context) ([]store.WorkItem, error) {
	due := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return []store.WorkItem{
		{Kind: store.WorkRecording, ID: "re-1", Due: due, Written: due},
		{Kind: store.WorkCall, ID: "out-2", Due: due, Written: due, Dial: &call.Dial{
			Line: "28:orgid:line", Callee: "4:+12065550181",
			Attempt: call.AttemptRef{Campaign: "ca-1", Contact: "c1", Shard: 3, Claim: 1},
		}},
	}, s.err
}

func TestCallsAreShown(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name   string
		calls  fakeCalls
		path   string
		status int
		want   string // in the reply
	}{
		{"a call", fakeCalls{}, "/api/v1/calls/in-1", 200, `"state":"ringing"`},
		{"empty lists are lists", fakeCalls{}, "/api/v1/calls/in-1", 200, `"participants":[]`},
		{"a call of a campaign", fakeCalls{}, "/api/v1/calls/out-1", 200,
			`"line":"28:orgid:line","callee":"4:+12065550181","campaign":"ca-1","contact":"c1","flow":`},
		{"the values of a call", fakeCalls{}, "/api/v1/calls/out-1", 200, `"values":{"answer":"confirmed"}`},
		{"a history", fakeCalls{}, "/api/v1/calls/in-1/history", 200, `"event":"offered","state":"ringing","actions":["answer"]`},
		{"the worklist", fakeCalls{}, "/api/v1/worklist", 200, `{"worklist":[{"kind":"recording","id":"re-1","due":"2026-03-04T05:06:07Z"},` +
			`{"kind":"call","id":"out-2","due":"2026-03-04T05:06:07Z","line":"28:orgid:line","callee":"4:+12065550181",` +
			`"campaign":"ca-1","contact":"c1"}]}`},
		{"an unknown call", fakeCalls{}, "/api/v1/calls/in-2", 404, `There is no such call.`},
		{"the history of an unknown call", fakeCalls{}, "/api/v1/calls/in-2/history", 404, `There is no such call.`},
		{"an invalid id of a call", fakeCalls{table.ErrInvalid}, "/api/v1/calls/a%23b", 404, `There is no such call.`},
		{"a call when storage does not answer", fakeCalls{boom}, "/api/v1/calls/in-1", 503, `Service Unavailable`},
		{"the worklist when storage does not answer", fakeCalls{boom}, "/api/v1/worklist", 503, `Service Unavailable`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply := ask(t, &Handler{Calls: tt.calls}, http.MethodGet, tt.path, "", "")
			body := reply.Body.String()
			if reply.Code != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s, want %d with %s", reply.Code, body, tt.status, tt.want)
			}
			if !json.Valid([]byte(body)) {
				t.Errorf("the reply is %s, want JSON", body)
			}
			if strings.Contains(body, token) || strings.Contains(body, "boom") {
				t.Errorf("the reply is %s, want neither the token nor an internal error in it", body)
			}
		})
	}
}
