package acssim

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// contentPath is the prefix of the paths of recorded content.
const contentPath = "/v1/objects/"

// serveContent serves recordings and their metadata, whole or by ranges, and
// deletes them. Its refusals are of another form than those of the REST API.
//
// Source: @azure/communication-call-automation 1.6.0, ContentDownloader.
func (s *Server) serveContent(w http.ResponseWriter, r *http.Request) {
	if err := s.verifyContent(r); err != nil {
		refuseContent(w, http.StatusUnauthorized, err.Error())
		return
	}
	id, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, contentPath), "/content/")
	d, content, fault := s.content(r.Method, id, what)
	switch {
	case fault == faultThrottle:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
		refuseContent(w, http.StatusTooManyRequests, "too many requests")
	case fault == faultServerError:
		refuseContent(w, http.StatusServiceUnavailable, "the service is not available")
	case d == nil:
		refuseContent(w, http.StatusNotFound, "there is no such recording, or its time is over")
	case what == "deletedata":
		w.WriteHeader(http.StatusOK)
	default:
		if fault == faultAnswerCut {
			w = &cutWriter{w, max(1, d.wave.size()/2)}
		}
		if what == "acsmetadata" {
			w.Header().Set("Content-Type", "application/json")
		} else {
			w.Header().Set("Content-Type", "audio/wav")
		}
		http.ServeContent(w, r, "", time.Time{}, content)
	}
}

// content returns what a request asks for, or the fault that it meets. A delete
// request has been executed when content returns.
func (s *Server) content(method, id, what string) (*document, io.ReadSeeker, requestFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := s.requestFault(nil, method+" "+what)
	switch fault {
	case faultThrottle, faultServerError:
		s.note(nil, "fault", "%s of a recording's %s: %s", method, what, fault)
		return nil, nil, fault
	case faultAnswerCut:
		s.note(nil, "fault", "%s of a recording's %s is cut", method, what)
	default:
		fault = faultNone
	}
	d := s.documents[id]
	if d == nil || s.between(d.filed, time.Now()) > retention {
		return nil, nil, faultNone
	}
	var content io.ReadSeeker
	switch {
	case method == http.MethodDelete && what == "deletedata":
		delete(s.documents, id)
	case method == http.MethodGet && (what == "audio" || what == "video"):
		content = d.wave.reader()
	case method == http.MethodGet && what == "acsmetadata":
		content = bytes.NewReader(d.metadata)
	default:
		return nil, nil, faultNone
	}
	s.note(nil, "content", "%s %s of %s", method, what, id)
	return d, content, fault
}

// cutWriter breaks the connection after left bytes.
type cutWriter struct {
	http.ResponseWriter
	left int64
}

func (w *cutWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(int64(len(p)), w.left)])
	if w.left -= int64(n); err == nil && w.left <= 0 {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // a writer that cannot flush delivers nothing
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func refuseContent(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]any{"status": status, "message": message})
}
