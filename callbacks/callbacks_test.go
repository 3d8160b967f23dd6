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

// desk takes events, or fails to.
type desk struct {
	err    error
	events []call.Event
}

func (d *desk) Apply(_ context.Context, _ call.ID, ev call.Event) error {
	d.events = append(d.events, ev)
	return d.err
}

// doorman says the same of every token.
type doorman struct{ err error }

func (d doorman) Verify(context.Context, string) error { return d.err }

var signer = auth.NewSigner([]auth.Key{{ID: "k", Secret: []byte("a secret of 32 bytes, for a test")}})

func signed(id string, op int) string { return signer.Sign(auth.CallbackSubject(id, op)) }

const recording = `[{"id":"1","source":"s","specversion":"1.0","type":"Microsoft.Communication.RecordingStateChanged",
	"time":"2026-03-04T05:06:07Z","data":{"callConnectionId":"c","recordingId":"r","state":"active"}}]`

func TestReplies(t *testing.T) {
	connected, err := os.ReadFile("testdata/callconnected.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		query  string
		token  error
		apply  error
		body   string
		status int
		events int
	}{
		{"an event is taken in", "?t=" + signed("in-1", 0), nil, nil, string(connected), 200, 1},
		{"no event is one, too", "?t=" + signed("in-1", 0), nil, nil, `[]`, 200, 0},
		{"what is no list of events is refused", "?t=" + signed("in-1", 0), nil, nil, `nonsense`, 400, 0},
		{"without a MAC nobody is let in", "", nil, nil, string(connected), 401, 0},
		{"nor with that of another call", "?t=" + signed("in-2", 0), nil, nil, string(connected), 401, 0},
		{"nor with that of an operation", "?t=" + signed("in-1", 7), nil, nil, string(connected), 401, 0},
		{"nor with an operation that it was not made for", "?op=8&t=" + signed("in-1", 7), nil, nil, string(connected), 401, 0},
		{"nor with a malformed operation", "?op=-7&t=" + signed("in-1", 7), nil, nil, string(connected), 401, 0},
		{"nor with a bad token", "?t=" + signed("in-1", 0), auth.ErrUnauthorized, nil, string(connected), 401, 0},
		{"while tokens cannot be checked, it is to come again", "?t=" + signed("in-1", 0), auth.ErrKeysUnavailable, nil, string(connected), 503, 0},
		{"what is not saved is to come again", "?t=" + signed("in-1", 0), nil, errors.New("boom"), string(connected), 503, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &desk{err: tt.apply}
			reply := send(&Handler{Calls: d, Verifier: doorman{tt.token}, Signer: signer}, tt.query, tt.body)
			if reply.Code != tt.status || len(d.events) != tt.events {
				t.Errorf("status %d, %d events; want %d, %d", reply.Code, len(d.events), tt.status, tt.events)
			}
			if kind := reply.Header().Get("Content-Type"); tt.status >= 400 && kind != "application/problem+json" {
				t.Errorf("content type %q", kind)
			}
		})
	}
}

func TestARecordingIsKnownByTheAddressThatItsEventsComeTo(t *testing.T) {
	d := &desk{}
	reply := send(&Handler{Calls: d, Verifier: doorman{}, Signer: signer}, "?op=7&t="+signed("in-1", 7), recording)
	if reply.Code != http.StatusOK || len(d.events) != 1 {
		t.Fatalf("status %d, events %+v", reply.Code, d.events)
	}
	if got, ok := d.events[0].Body.(call.RecordingStateChanged); !ok || got.Op != 7 || !got.Active {
		t.Errorf("%+v", d.events[0].Body)
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
