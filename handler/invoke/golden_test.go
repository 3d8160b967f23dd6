package invoke

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recording is one request as a running host sent it to its handler.
type recording struct {
	Case    string `json:"-"`
	Line    string
	Headers map[string]string
	Body    string
}

func (r recording) function() string { return strings.TrimPrefix(r.Line, "POST /") }

// recordings returns every recorded invocation of an event function.
func recordings(tb testing.TB) []recording {
	return append(recorded(tb, "eventgrid.json"), recorded(tb, "triggers.json")...)
}

func recorded(tb testing.TB, file string) []recording {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "host-golden", file))
	if err != nil {
		tb.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name, Trigger, Message string
			HandlerReceives        []recording
			First                  *recording
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		tb.Fatal(err)
	}
	var all []recording
	for _, c := range golden.Cases {
		received := c.HandlerReceives
		if c.First != nil {
			received = append(received, *c.First)
		}
		for _, r := range received {
			r.Case = file + ": " + c.Name + c.Trigger + " " + c.Message
			all = append(all, r)
		}
	}
	return all
}

// request returns the recorded request, with the placeholders of its headers filled in.
func (r recording) request() *http.Request {
	method, path, _ := strings.Cut(r.Line, " ")
	var body io.Reader
	if n, ok := strings.CutSuffix(r.Body, " characters}"); ok {
		length, _ := strconv.Atoi(n[1:])
		body = strings.NewReader(strings.Repeat("x", length))
	} else if r.Body != "" {
		body = strings.NewReader(r.Body)
	}
	req := httptest.NewRequest(method, path, body)
	for name, value := range r.Headers {
		req.Header.Set(name, strings.ReplaceAll(value, "{invocation}", invocationID))
	}
	req.Header.Del("Content-Length")
	return req
}

const invocationID = "0f8fad5b-d9cb-469f-a165-70867728950e"

// checkData checks the data that the function of a recorded invocation was given.
func checkData(t *testing.T, r recording, got json.RawMessage) {
	t.Helper()
	switch r.function() {
	case "QueueText":
		var text string
		if err := json.Unmarshal(got, &text); err != nil || !strings.HasSuffix(r.Case, " "+text) {
			t.Errorf("message = %s (%v), want that of %s", got, err, r.Case)
		}
	case "EventGridMany":
		var events []struct{ ID string }
		if err := json.Unmarshal(got, &events); err != nil || len(events) != 2 || events[1].ID != "e2" {
			t.Errorf("events = %s (%v), want two", got, err)
		}
	case "EventGridOne":
		var event struct{ ID string }
		if err := json.Unmarshal(got, &event); err != nil || event.ID == "" {
			t.Errorf("event = %s (%v), want one with an id", got, err)
		}
	default:
		var timer struct{ IsPastDue *bool }
		if err := json.Unmarshal(got, &timer); err != nil || timer.IsPastDue == nil {
			t.Errorf("timer = %s (%v), want one with isPastDue", got, err)
		}
	}
}

func TestEveryRecordedInvocationReachesItsFunction(t *testing.T) {
	bindings := map[string]string{
		"EventGridOne": "event", "EventGridMany": "event",
		"QueueText": "msg",
		"TimerFast": "timer", "TimerMinute": "timer",
	}
	var got json.RawMessage
	var routes []Route
	for function, binding := range bindings {
		routes = append(routes, event(function, binding,
			func(_ context.Context, data json.RawMessage) error { got = data; return nil })...)
	}
	s, log := newServer(t, routes)
	seen := map[string]int{}
	for _, r := range recordings(t) {
		if bindings[r.function()] == "" {
			continue // a kind of trigger that we do not use
		}
		t.Run(r.Case, func(t *testing.T) {
			got = nil
			seen[r.function()]++
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r.request())
			checkEventReply(t, w.Result(), http.StatusOK)
			checkData(t, r, got)
		})
	}
	for function := range bindings {
		if seen[function] == 0 {
			t.Errorf("no recording for %s, want some", function)
		}
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s, want nothing", log)
	}
}

func TestEveryRecordedHTTPRequestReachesItsFunction(t *testing.T) {
	type seen struct{ Fn, Value, Query, Authorization, Body string }
	var got seen
	route := func(function, path, value string) Route {
		handler := HTTP(func(w http.ResponseWriter, r *http.Request) error {
			body, err := io.ReadAll(r.Body)
			got = seen{function, r.PathValue(value), r.URL.RawQuery, r.Header.Get("Authorization"), string(body)}
			return err
		})
		methods := []string{"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"}
		return Route{Function: function, Binding: "req", Methods: methods, Path: path, HTTP: handler}
	}
	s, _ := newServer(t, []Route{
		route("HttpEcho", "/api/echo", ""),
		route("HttpEcho", "/api/echo/{id}", "id"),
		route("HttpCatch", "/api/v1/{path...}", "path"),
	})
	want := map[string]seen{
		"get":            {Fn: "HttpEcho"},
		"post json":      {Fn: "HttpEcho", Value: "7", Body: `{"a":1}`},
		"post chunked":   {Fn: "HttpEcho", Body: `{"a":1}`},
		"repeated query": {Fn: "HttpEcho", Query: "x=1&x=2&y=%20a&z&w=&u=a%2Cb&v=a+b&plus=%2B&uni=%C3%A9"},
		"signature query": {
			Fn: "HttpCatch", Value: "events/abc", Query: "s=AbC-_012%3D%3D&code=hostkey", Body: "[]"},
		"encoded path":         {Fn: "HttpCatch", Value: "a%2Fb/c d/é;x=1"},
		"authorization header": {Fn: "HttpEcho", Authorization: "Bearer aaa.bbb.ccc", Body: "{}"},
		"head on catch-all":    {Fn: "HttpCatch", Value: "x"},
	}
	for _, r := range recorded(t, "http-proxying.json") {
		name := strings.TrimSpace(strings.TrimPrefix(r.Case, "http-proxying.json: "))
		t.Run(name, func(t *testing.T) {
			got = seen{}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r.request())
			status := http.StatusOK
			switch name {
			case "three megabytes":
				status = http.StatusRequestEntityTooLarge
			case "route without optional": // /api/echo/: we do not guess what an empty segment means
				status = http.StatusNotFound
			}
			if w.Code != status {
				t.Fatalf("status = %d, want %d", w.Code, status)
			}
			if want, ok := want[name]; ok {
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("request (-want +got):\n%s", d)
				}
			}
		})
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not among the recordings: %v, want all there", want)
	}
}
