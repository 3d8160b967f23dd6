package invoke

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// post sends body over a real connection, with a Content-Length or in chunks.
func post(t *testing.T, url, body string, chunked bool) *http.Response {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	if chunked {
		r = bufio.NewReader(r) // of a type whose length net/http does not know
	}
	resp, err := http.Post(url, "application/json", r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestBodiesOfBothFramings(t *testing.T) {
	var ran int
	s, _ := newServer(t, page(HTTP(func(w http.ResponseWriter, r *http.Request) error {
		ran++
		n, err := io.Copy(io.Discard, r.Body)
		writeJSON(w, 200, "application/json", n)
		return err
	})))
	server := httptest.NewServer(s)
	defer server.Close()
	for _, chunked := range []bool{false, true} {
		ran = 0
		full := post(t, server.URL+"/api/v1/x", strings.Repeat("x", maxBody), chunked)
		if body, _ := io.ReadAll(full.Body); full.StatusCode != 200 || string(body) != "1048576\n" {
			t.Errorf("chunked %v: a full body: %d %s, want 200 and its length", chunked, full.StatusCode, body)
		}
		checkProblem(t, post(t, server.URL+"/api/v1/x", strings.Repeat("x", maxBody+1), chunked), 413)
		checkProblem(t, post(t, server.URL+"/api/v1/x", strings.Repeat("x", 5*maxBody), chunked), 413)
		if ran != 1 {
			t.Errorf("chunked %v: the handler ran %d times, want once", chunked, ran)
		}
	}
}

func TestEventsOfBothFramings(t *testing.T) {
	s, _ := newServer(t, event("incomingcall", "event", explode))
	server := httptest.NewServer(s)
	defer server.Close()
	for _, chunked := range []bool{false, true} {
		checkEventReply(t, post(t, server.URL+"/incomingcall", `{"Data":{"event":{}}}`, chunked), 500)
	}
}

func TestHTTPErrors(t *testing.T) {
	boom := errors.New("dial tcp: no route")
	tests := []struct {
		name  string
		err   error
		want  map[string]any
		level string
	}{
		{"a problem is the reply",
			&Problem{Status: 422, Title: "Bad", Detail: "node a", Fields: map[string]any{"path": "/a", "status": 1}},
			map[string]any{"status": 422.0, "title": "Bad", "detail": "node a", "path": "/a"}, "debug"},
		{"the title is the status text by default",
			&Problem{Status: 404},
			map[string]any{"status": 404.0, "title": "Not Found"}, "debug"},
		{"a cause is logged and not sent",
			&Problem{Status: 503, Err: boom},
			map[string]any{"status": 503.0, "title": "Service Unavailable"}, "error"},
		{"any other error is hidden from the client",
			boom,
			map[string]any{"status": 500.0, "title": "Internal Server Error"}, "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, log := newServer(t, page(HTTP(func(http.ResponseWriter, *http.Request) error { return tt.err })))
			r := do(s, "GET", "/api/v1/x", "")
			if d := cmp.Diff(tt.want, checkProblem(t, r, int(tt.want["status"].(float64)))); d != "" {
				t.Errorf("document (-want +got):\n%s", d)
			}
			if lines := log.lines(t); len(lines) != 1 || lines[0]["level"] != tt.level {
				t.Errorf("logged: %v, want one line of level %s", lines, tt.level)
			}
		})
	}
}

func TestPanicAfterTheReplyBeganCutsIt(t *testing.T) {
	s, log := newServer(t, page(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half of")
		_ = http.NewResponseController(w).Flush()
		panic("boom")
	})))
	server := httptest.NewServer(s)
	defer server.Close()
	resp, err := http.Get(server.URL + "/api/v1/x")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("reply %q, want it cut", body)
	}
	if lines := log.lines(t); len(lines) != 1 || lines[0]["stack"] == "" {
		t.Errorf("logged: %v, want one line with a stack", lines)
	}
}
