package invoke

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/rs/zerolog"
)

// maxBody is the longest body of an HTTP request, in bytes, with a Content-Length or in chunks.
const maxBody = 1 << 20

var errTooLarge = errors.New("body is too large")

// HTTP is an http.Handler that may fail. A *Problem that it returns is the reply; any other error becomes a
// 500 without its cause. Errors of 500 and above are logged as errors, refusals at debug level. A handler
// that has begun its reply returns nil.
type HTTP func(w http.ResponseWriter, r *http.Request) error

func (h HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	problem, ok := errors.AsType[*Problem](err)
	if !ok {
		problem = &Problem{Status: http.StatusInternalServerError}
	}
	log := zerolog.Ctx(r.Context())
	if problem.Status >= http.StatusInternalServerError {
		failed(log, err).Int("status", problem.Status).Msg("request failed")
	} else {
		log.Debug().Err(err).Int("status", problem.Status).Msg("request was refused")
	}
	problem.Write(w)
}

// serveHTTP reads the whole body and then calls h, so that no handler acts on half of a request.
func serveHTTP(w http.ResponseWriter, r *http.Request, h http.Handler) {
	body, err := readBody(r.Body, maxBody)
	switch {
	case errors.Is(err, errTooLarge):
		tooLarge := Problem{Status: http.StatusRequestEntityTooLarge, Detail: "The body may have 1 MiB at most."}
		tooLarge.Write(w)
		return
	case err != nil:
		cut := Problem{Status: http.StatusBadRequest, Detail: "The body ended early."}
		cut.Write(w)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	sent := &sentWriter{ResponseWriter: w}
	defer func() {
		switch v := recover(); {
		case v == nil:
		case v == http.ErrAbortHandler:
			panic(v) // the handler's way to cut a reply short
		default:
			failed(zerolog.Ctx(r.Context()), newPanic(v)).Msg("request failed")
			if sent.begun {
				panic(http.ErrAbortHandler) // half a reply must not look whole
			}
			(&Problem{Status: http.StatusInternalServerError}).Write(w)
		}
	}()
	h.ServeHTTP(sent, r)
}

// failed begins the log line of an error, with the stack if it is a panic.
func failed(log *zerolog.Logger, err error) *zerolog.Event {
	entry := log.Error().Err(err)
	if p, ok := errors.AsType[*panicked](err); ok {
		entry.Bytes(zerolog.ErrorStackFieldName, p.stack)
	}
	return entry
}

// sentWriter knows whether a reply has begun.
type sentWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *sentWriter) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *sentWriter) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController flush.
func (w *sentWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
