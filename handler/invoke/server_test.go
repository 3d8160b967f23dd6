package invoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// newServer returns a Server that has its routes, and its log.
func newServer(t *testing.T, routes []Route) (*Server, *logBuffer) {
	t.Helper()
	log := new(logBuffer)
	s := New(zerolog.New(log))
	s.Handle(routes)
	return s, log
}

// event returns routes of one event function; page those of an HTTP function at GET and POST /api/v1/x.
func event(function, binding string, f Func) []Route {
	return []Route{{Function: function, Binding: binding, Event: f}}
}

func page(h http.Handler) []Route {
	methods := []string{"GET", "POST"}
	return []Route{{Function: "api", Binding: "req", Methods: methods, Path: "/api/v1/x", HTTP: h}}
}

// logBuffer collects log lines from several goroutines.
type logBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// lines returns the log so far, decoded.
func (b *logBuffer) lines(t *testing.T) []map[string]any {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []map[string]any
	for d := json.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		var line map[string]any
		if err := d.Decode(&line); err == io.EOF {
			return lines
		} else if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
}

func do(h http.Handler, method, path, body string) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Result()
}

// checkEventReply checks what the host demands of every reply to an invocation.
func checkEventReply(t *testing.T, r *http.Response, status int) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("status = %d, want %d", r.StatusCode, status)
	}
	if ct := r.Header.Get("Content-Type"); ct != "application/json" {
		t.Errorf("Content-Type = %q, want application/json", ct)
	}
	var object map[string]any
	if err := json.NewDecoder(r.Body).Decode(&object); err != nil || object == nil {
		t.Errorf("body = %v, %v, want a JSON object", object, err)
	}
}

// checkProblem checks that r is a problem document and returns it.
func checkProblem(t *testing.T, r *http.Response, status int) map[string]any {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("status = %d, want %d", r.StatusCode, status)
	}
	if ct := r.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("Content-Type = %q, want application/problem+json", ct)
	}
	var document map[string]any
	if err := json.NewDecoder(r.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if document["status"] != float64(status) || document["title"] == "" {
		t.Errorf("problem = %v, want status %d and a title", document, status)
	}
	return document
}

func TestEventReplies(t *testing.T) {
	const body = `{"Data":{"event":{"id":"e1"}}}`
	boom := errors.New("boom")
	tests := []struct {
		name   string
		event  func() error
		body   string
		status int
		level  string // of the only line logged; "" for none
	}{
		{"done is acknowledged", func() error { return nil }, body, 200, ""},
		{"an error fails the invocation", func() error { return boom }, body, 500, "error"},
		{"a permanent error is acknowledged", func() error { return Permanent(boom) }, body, 200, "error"},
		{"an error marked Later is a warning", func() error { return errors.Join(errors.New("x"), Later(boom)) }, body, 500, "warn"},
		{"a permanent nil is nil", func() error { return Permanent(nil) }, body, 200, ""},
		{"a panic fails the invocation", func() error { panic(boom) }, body, 500, "error"},
		{"a missing binding is malformed", nil, `{"Data":{"timer":{}}}`, 400, "error"},
		{"half an envelope is malformed", nil, `{"Data":`, 400, "error"},
		{"an empty body is malformed", nil, ``, 400, "error"},
		{"more than an event can be is not read", nil, strings.Repeat(" ", maxEvent) + body, 400, "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, log := newServer(t, event("incomingcall", "event",
				func(context.Context, json.RawMessage) error { return tt.event() }))
			checkEventReply(t, do(s, "POST", "/incomingcall", tt.body), tt.status)
			lines := log.lines(t)
			if tt.level == "" {
				if len(lines) > 0 {
					t.Errorf("logged: %v, want nothing", lines)
				}
				return
			}
			if len(lines) != 1 {
				t.Fatalf("logged: %v, want one line", lines)
			}
			line := lines[0]
			if line["level"] != tt.level || line["fn"] != "incomingcall" || line[zerolog.ErrorFieldName] == nil {
				t.Errorf("logged: %v, want level %s, the function and an error", line, tt.level)
			}
		})
	}
}

func TestPanicIsLoggedWithItsStack(t *testing.T) {
	onPage := HTTP(func(_ http.ResponseWriter, r *http.Request) error { return explode(r.Context(), nil) })
	s, log := newServer(t, append(event("incomingcall", "event", explode), page(onPage)...))
	checkEventReply(t, do(s, "POST", "/incomingcall", `{"Data":{"event":{}}}`), 500)
	checkProblem(t, do(s, "GET", "/api/v1/x", ""), 500)
	lines := log.lines(t)
	if len(lines) != 2 {
		t.Fatalf("logged: %v, want two lines", lines)
	}
	for _, line := range lines {
		if stack, _ := line["stack"].(string); !strings.Contains(stack, "invoke.explode") {
			t.Errorf("stack = %q, want invoke.explode in it", stack)
		}
	}
}

func explode(context.Context, json.RawMessage) error { panic("boom") }

func TestRoutes(t *testing.T) {
	ok := func(context.Context, json.RawMessage) error { return nil }
	echo := HTTP(func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, r.PathValue("callId")+r.PathValue("path"))
		return err
	})
	at := func(function, path string, methods ...string) Route {
		return Route{Function: function, Binding: "req", Methods: methods, Path: path, HTTP: echo}
	}
	s, _ := newServer(t, append(event("incomingcall", "event", ok),
		at("callbacks", "/api/callbacks/{callId}", "POST"),
		at("api", "/api/v1/calls/{callId}", "PUT"),
		at("api", "/api/v1/{path...}", "GET", "POST"),
	))
	tests := []struct {
		name, method, path string
		status             int
		want               string // body of a 200, Allow of a 405
	}{
		{"the readiness probe", "GET", "/", 200, "{}\n"},
		{"an event function by its name", "POST", "/incomingcall", 200, "{}\n"},
		{"an event function by GET", "GET", "/incomingcall", 405, "POST"},
		{"an event function by HEAD", "HEAD", "/incomingcall", 405, "POST"},
		{"an event function with a slash behind", "POST", "/incomingcall/", 404, ""},
		{"an event function with two slashes before", "POST", "//incomingcall", 404, ""},
		{"an event function in other letters", "POST", "/IncomingCall", 404, ""},
		{"an event function under the prefix", "POST", "/api/incomingcall", 404, ""},
		{"an HTTP function by its name", "POST", "/callbacks", 404, ""},
		{"an HTTP function at its path", "POST", "/api/callbacks/in-1", 200, "in-1"},
		{"an escaped segment", "POST", "/api/callbacks/a%2Fb%20c", 200, "a/b c"},
		{"an HTTP function by another method", "GET", "/api/callbacks/in-1", 405, "POST"},
		{"an HTTP function without its segment", "POST", "/api/callbacks", 404, ""},
		{"an HTTP function with an empty segment", "POST", "/api/callbacks/", 404, ""},
		{"an HTTP function with a segment too many", "POST", "/api/callbacks/in-1/x", 404, ""},
		{"the first route that fits", "PUT", "/api/v1/calls/in-1", 200, "in-1"},
		{"a later route by its method", "GET", "/api/v1/calls/in-1", 200, "calls/in-1"},
		{"no route by this method", "DELETE", "/api/v1/calls/in-1", 405, "GET, POST, PUT"},
		{"nothing where the rest should be", "GET", "/api/v1", 404, ""},
		{"an empty rest", "GET", "/api/v1/", 404, ""},
		{"a double slash", "GET", "/api/v1//calls", 404, ""},
		{"dots", "GET", "/api/v1/../v1/calls", 404, ""},
		{"escaped dots", "GET", "/api/v1/%2e%2e/calls", 404, ""},
		{"POST to the root", "POST", "/", 404, ""},
		{"nowhere", "GET", "/favicon.ico", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := do(s, tt.method, "http://127.0.0.1"+tt.path, `{"Data":{"event":{}}}`)
			if tt.status != 200 {
				checkProblem(t, r, tt.status)
				if got := r.Header.Get("Allow"); got != tt.want {
					t.Errorf("Allow = %q, want %q", got, tt.want)
				}
				return
			}
			body, _ := io.ReadAll(r.Body)
			if r.StatusCode != 200 || string(body) != tt.want {
				t.Errorf("reply = %d %q, want %q", r.StatusCode, body, tt.want)
			}
		})
	}
}

func TestImpossibleTablesPanic(t *testing.T) {
	get, found := []string{"GET"}, http.NotFoundHandler()
	tests := []struct {
		name   string
		routes []Route
	}{
		{"neither kind", []Route{{Function: "a", Binding: "event"}}},
		{"both kinds", []Route{{Function: "a", Binding: "req", Methods: get, Path: "/", Event: explode, HTTP: found}}},
		{"no function", event("", "event", explode)},
		{"no binding", event("a", "", explode)},
		{"no method", []Route{{Function: "a", Binding: "req", Path: "/a", HTTP: found}}},
		{"no path", []Route{{Function: "a", Binding: "req", Methods: get, HTTP: found}}},
		{"one event function twice", slices.Repeat(event("a", "event", explode), 2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Errorf("routes %+v were accepted, want a panic", tt.routes)
				}
			}()
			New(zerolog.Nop()).Handle(tt.routes)
		})
	}
}

func TestRequestsWaitUntilTheFunctionsAreReady(t *testing.T) {
	routes := event("sweep", "timer", func(context.Context, json.RawMessage) error { return nil })
	const body = `{"Data":{"timer":{}}}`
	t.Run("the probe does not", func(t *testing.T) {
		if r := do(New(zerolog.Nop()), "GET", "/", ""); r.StatusCode != 200 {
			t.Errorf("status = %d, want 200", r.StatusCode)
		}
	})
	t.Run("and are then served", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := New(zerolog.Nop())
			time.AfterFunc(readyTimeout-time.Second, func() { s.Handle(routes) })
			checkEventReply(t, do(s, "POST", "/sweep", body), 200)
		})
	})
	t.Run("but do not delay draining", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, begun := New(zerolog.Nop()), time.Now()
			time.AfterFunc(time.Second, func() {
				if err := s.drain(new(http.Server)); err != nil {
					t.Errorf("drain: %v", err)
				}
			})
			checkEventReply(t, do(s, "POST", "/sweep", body), 503)
			if waited := time.Since(begun); waited != time.Second {
				t.Errorf("waited %s, want 1s", waited)
			}
		})
	})
	t.Run("but no longer than readyTimeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			checkEventReply(t, do(New(zerolog.Nop()), "POST", "/sweep", body), 503)
			if waited := time.Since(begun); waited != readyTimeout {
				t.Errorf("waited %s, want %s", waited, readyTimeout)
			}
		})
	})
}

func TestTheLoggerNamesTheInvocation(t *testing.T) {
	s, log := newServer(t, event("sweep", "timer", func(ctx context.Context, _ json.RawMessage) error {
		zerolog.Ctx(ctx).Info().Msg("call changed")
		return nil
	}))
	tests := []struct {
		name, header string
		want         any
	}{
		{"a GUID is logged", invocationID, invocationID},
		{"no header, no field", "", nil},
		{"another text is not", "x\"}\n{", nil},
		{"nor are two ids joined", invocationID + ", " + invocationID, nil},
		{"nor is another form of GUID", "{" + invocationID + "}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			log.Reset()
			r := httptest.NewRequest("POST", "/sweep", strings.NewReader(`{"Data":{"timer":{}}}`))
			r.Header.Set("X-Azure-Functions-InvocationId", tt.header)
			s.ServeHTTP(httptest.NewRecorder(), r)
			lines := log.lines(t)
			if len(lines) != 1 || lines[0]["fn"] != "sweep" || lines[0]["invocation"] != tt.want {
				t.Errorf("logged: %v, want one line of sweep with the invocation %v", lines, tt.want)
			}
		})
	}
}
