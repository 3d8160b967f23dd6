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

// handlerReply is what the handler answers.
type handlerReply struct {
	status      int
	contentType string
	body        string
}

const jsonType = "application/json"

// handlerReplies are the replies of the handler that are always the same, by the kind that is asked for.
var handlerReplies = map[string]handlerReply{
	"ok":          {200, jsonType, `{"Outputs":{"res":{"statusCode":202}},"Logs":["one line"]}`},
	"braces":      {200, jsonType, `{}`},
	"empty":       {200, jsonType, ""},
	"emptynotype": {200, "", ""},
	"nocontent":   {204, "", ""},
	"null":        {200, jsonType, "null"},
	"text":        {200, "text/plain", `{"Outputs":{}}`},
	"status400":   {400, jsonType, `{"Outputs":{"res":{"statusCode":202}},"Logs":["from a 400"]}`},
	"status500":   {500, jsonType, `{"Logs":["from a 500"]}`},
	"forwarded":   {200, jsonType, `{"forwarded":true}`},
}

func (a handlerReply) write(w http.ResponseWriter) {
	if a.contentType != "" {
		w.Header().Set("Content-Type", a.contentType)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func respond(w http.ResponseWriter, r *http.Request, kind string) {
	switch kind {
	case "ok":
		if strings.HasPrefix(r.URL.Path, "/api/") {
			w.Header().Add("Set-Cookie", "a=1")
			w.Header().Add("Set-Cookie", "b=2")
			w.Header().Set("X-Probe", "forwarded")
			kind = "forwarded"
		}
	case "redirect":
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
		return
	case "stream":
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			time.Sleep(700 * time.Millisecond)
		}
		return
	case "hijackclose":
		panic(http.ErrAbortHandler)
	case "sleep":
		select {
		case <-time.After(20 * time.Second):
			kind = "braces"
		case <-r.Context().Done():
			return
		}
	}
	a, ok := handlerReplies[kind]
	if !ok {
		a = handlerReply{500, jsonType, `{"Logs":["no such reply"]}`}
	}
	a.write(w)
}
