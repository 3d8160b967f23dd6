package invoke

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/rs/zerolog"
)

// maxEvent is the longest body of an invocation, in bytes. Event Grid sends at most 1 MB, a queue message
// has at most 64 KB; the host repeats an event's data in its metadata and may escape it.
const maxEvent = 4 << 20

// failure is the body of a reply that fails an invocation. The host ignores it; the reason is in the log.
type failure struct {
	Error string `json:"error"`
}

// serveEvent answers an invocation. A 2xx reply must be a JSON object of type application/json. To any other
// the host fails the invocation, or it waits until functionTimeout and then kills the process.
//
// Source: DefaultHttpWorkerService.cs, Azure/azure-functions-host.
func serveEvent(w http.ResponseWriter, r *http.Request, route Route) {
	log := zerolog.Ctx(r.Context())
	body, err := readBody(r.Body, maxEvent)
	if err != nil {
		log.Error().Err(err).Msg("invocation was unreadable")
		reply(w, http.StatusBadRequest, failure{"unreadable invocation"})
		return
	}
	data, err := trigger(body, route.Binding)
	if err != nil {
		log.Error().Err(err).Msg("invocation was malformed")
		reply(w, http.StatusBadRequest, failure{"malformed invocation"})
		return
	}
	err = call(r.Context(), route.Event, data)
	switch {
	case err == nil:
		reply(w, http.StatusOK, struct{}{})
	case markOf(err) == markPermanent:
		log.Error().Err(err).Msg("event was given up")
		reply(w, http.StatusOK, struct{}{})
	case markOf(err) == markLater:
		log.Warn().Err(err).Msg("event has to come again")
		reply(w, http.StatusInternalServerError, failure{"to come again"})
	default:
		failed(log, err).Msg("event failed")
		reply(w, http.StatusInternalServerError, failure{"event failed"})
	}
}

// call runs f and turns a panic into an error.
func call(ctx context.Context, f Func, data json.RawMessage) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = newPanic(v)
		}
	}()
	return f(ctx, data)
}

// panicked is a panic of one of our functions, with its stack.
type panicked struct {
	value any
	stack []byte
}

// newPanic returns v with the current stack. It must be called in the deferred function that recovered v.
func newPanic(v any) *panicked { return &panicked{v, debug.Stack()} }

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// reply writes v, which must be a JSON object.
func reply(w http.ResponseWriter, status int, v any) {
	writeJSON(w, status, "application/json", v)
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil { // programmer error
		panic(err)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // fails only if the client has disconnected
}

// maxDiscard is the most that is read of a body that is too large, in bytes: more than the 100 MB that the
// host lets through.
const maxDiscard = 128 << 20

// readBody returns body, or errTooLarge if it has more than limit bytes. It reads a longer body to its end
// all the same: a proxying host that is cut off while it sends sees no reply, tries again, and returns 500
// (seen on 4.1045).
func readBody(body io.Reader, limit int64) ([]byte, error) {
	read, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	if int64(len(read)) > limit {
		_, _ = io.CopyN(io.Discard, body, maxDiscard)
		return nil, errTooLarge
	}
	return read, nil
}
