package callbacks

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"switchboard/handler/auth"
	"switchboard/handler/call"
	"switchboard/handler/invoke"
)

// fakeCalls records events, or fails.
type fakeCalls struct {
	err    error
	events []call.Event
}

func (f *fakeCalls) Apply(_ context.Context, _ call.ID, ev call.Event) error {
	f.events = append(f.events, ev)
	return f.err
}

// fakeVerifier returns the same result for every token.
type fakeVerifier struct{ err error }

func (f fakeVerifier) Verify(context.Context, string) error { return f.err }

var signer = auth.NewSigner([]auth.Key{{ID: "k", Secret: []byte("a secret of 32 bytes, for a test")}})

// signed returns the MAC of an address.
func signed(id string, op int) string { return signer.Sign(auth.CallbackSubject(id, op)) }

const recording = `[{"id":"1","source":"s","specversion":"1.0","type":"Microsoft.Communication.RecordingStateChanged",
	"time":"2026-03-04T05:06:07Z","data":{"callConnectionId":"c","recordingId":"r","state":"active"}}]`

func TestCallbackIsAuthenticatedAndSaved(t *testing.T) {
	connected, err := os.ReadFile("testdata/callconnected.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		query  string
		verify error // result of the token's verification
		apply  error // result of saving an event
		body   string
		status int
		events int // that were applied
	}{
		{"an event is saved", "?t=" + signed("in-1", 0), nil, nil, string(connected), 200, 1},
		{"an empty list is accepted", "?t=" + signed("in-1", 0), nil, nil, `[]`, 200, 0},
		{"a body that is not a list of events is refused", "?t=" + signed("in-1", 0), nil, nil, `nonsense`, 400, 0},
		{"an address without a MAC is refused", "", nil, nil, string(connected), 401, 0},
		{"the MAC of another call is refused", "?t=" + signed("in-2", 0), nil, nil, string(connected), 401, 0},
		{"the MAC of an operation is refused without the operation", "?t=" + signed("in-1", 7), nil, nil, string(connected), 401, 0},
		{"the MAC of another operation is refused", "?op=8&t=" + signed("in-1", 7), nil, nil, string(connected), 401, 0},
		{"a malformed operation is refused", "?op=-7&t=" + signed("in-1", 7), nil, nil, string(connected), 401, 0},
		{"an invalid token is refused", "?t=" + signed("in-1", 0), auth.ErrUnauthorized, nil, string(connected), 401, 0},
		{"a callback should be repeated while tokens cannot be verified", "?t=" + signed("in-1", 0), auth.ErrKeysUnavailable, nil, string(connected), 503, 0},
		{"a callback should be repeated when an event is not saved", "?t=" + signed("in-1", 0), nil, errors.New("boom"), string(connected), 503, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := &fakeCalls{err: tt.apply}
			reply := send(&Handler{Calls: calls, Verifier: fakeVerifier{tt.verify}, Signer: signer}, tt.query, tt.body)
			if reply.Code != tt.status || len(calls.events) != tt.events {
				t.Errorf("status %d, %d events; want %d, %d", reply.Code, len(calls.events), tt.status, tt.events)
			}
			if kind := reply.Header().Get("Content-Type"); tt.status >= 400 && kind != "application/problem+json" {
				t.Errorf("content type %q, want application/problem+json", kind)
			}
		})
	}
}

func TestRecordingEventHasTheOperationOfItsAddress(t *testing.T) {
	calls := &fakeCalls{}
	reply := send(&Handler{Calls: calls, Verifier: fakeVerifier{}, Signer: signer}, "?op=7&t="+signed("in-1", 7), recording)
	if reply.Code != http.StatusOK || len(calls.events) != 1 {
		t.Fatalf("status %d, events %+v, want 200 and one event", reply.Code, calls.events)
	}
	if got, ok := calls.events[0].Body.(call.RecordingStateChanged); !ok || got.Op != 7 || !got.Active {
		t.Errorf("%+v, want a recording of operation 7 that is active", calls.events[0].Body)
	}
}

// send posts a callback of the call in-1.
func send(h *Handler, query, body string) *httptest.ResponseRecorder {
	server := invoke.New(zerolog.Nop())
	server.Handle([]invoke.Route{{
		Function: "callbacks", Binding: "req", Methods: []string{http.MethodPost},
		Path: "/api/callbacks/{callId}", HTTP: invoke.HTTP(h.Handle),
	}})
	reply := httptest.NewRecorder()
	server.ServeHTTP(reply, httptest.NewRequest(http.MethodPost, "/api/callbacks/in-1"+query, strings.NewReader(body)))
	return reply
}
