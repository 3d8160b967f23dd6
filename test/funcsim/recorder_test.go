package funcsim

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// received is a request in the form of the recordings.
type received struct {
	Line             string            `json:"line"`
	Host             string            `json:"host"`
	Headers          map[string]string `json:"headers"`
	TransferEncoding string            `json:"transferEncoding"`
	Body             string            `json:"body"`
}

// recorder is the handler that the recordings were made with. It records every
// request and replies in the way that the request names.
type recorder struct {
	mu   sync.Mutex
	seen []received
}

var replyKind = regexp.MustCompile(`reply=(\w+)`)

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" { // readiness
		return
	}
	body, _ := io.ReadAll(r.Body)
	got := received{
		Line: r.Method + " " + r.RequestURI, Host: r.Host, Headers: map[string]string{},
		TransferEncoding: strings.Join(r.TransferEncoding, ","), Body: shorten(string(body)),
	}
	for name, values := range r.Header {
		got.Headers[name] = strings.Join(values, " | ") // merged headers have one value
	}
	rec.mu.Lock()
	rec.seen = append(rec.seen, got)
	rec.mu.Unlock()
	kind := "ok"
	if m := replyKind.FindStringSubmatch(r.RequestURI + string(body)); m != nil {
		kind = m[1]
	}
	respond(w, r, kind)
}

// all returns the requests so far.
func (rec *recorder) all() []received {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return append([]received(nil), rec.seen...)
}

func shorten(body string) string {
	if len(body) < 100_000 {
		return body
	}
	return fmt.Sprintf("{%d characters}", len(body))
}

func respond(w http.ResponseWriter, r *http.Request, kind string) {
	answer := func(status int, contentType, body string) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
	const jsonType = "application/json"
	switch kind {
	case "ok":
		if strings.HasPrefix(r.URL.Path, "/api/") {
			w.Header().Add("Set-Cookie", "a=1")
			w.Header().Add("Set-Cookie", "b=2")
			w.Header().Set("X-Probe", "forwarded")
			answer(200, jsonType, `{"forwarded":true}`)
			return
		}
		answer(200, jsonType, `{"Outputs":{"res":{"statusCode":202}},"Logs":["one line"]}`)
	case "braces":
		answer(200, jsonType, `{}`)
	case "empty":
		answer(200, jsonType, "")
	case "emptynotype":
		answer(200, "", "")
	case "nocontent":
		answer(204, "", "")
	case "null":
		answer(200, jsonType, "null")
	case "text":
		answer(200, "text/plain", `{"Outputs":{}}`)
	case "status400":
		answer(400, jsonType, `{"Outputs":{"res":{"statusCode":202}},"Logs":["from a 400"]}`)
	case "status500":
		answer(500, jsonType, `{"Logs":["from a 500"]}`)
	case "redirect":
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	case "stream":
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			time.Sleep(700 * time.Millisecond)
		}
	case "hijackclose":
		panic(http.ErrAbortHandler)
	case "sleep":
		select {
		case <-time.After(20 * time.Second):
			answer(200, jsonType, `{}`)
		case <-r.Context().Done():
		}
	default:
		answer(500, jsonType, `{"Logs":["no such reply"]}`)
	}
}
