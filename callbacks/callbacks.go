// Package callbacks is the function that receives the events of calls from ACS. Nothing is read or written
// for a client that does not prove that it is ACS.
package callbacks

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"switchboard/handler/auth"
	"switchboard/handler/call"
	"switchboard/handler/event"
	"switchboard/handler/invoke"
)

// Handler receives callbacks at /api/callbacks/{callId}.
type Handler struct {
	Calls    Calls
	Verifier TokenVerifier
	Signer   *auth.Signer
}

// Calls applies events to calls: package engine does.
type Calls interface {
	Apply(ctx context.Context, id call.ID, ev call.Event) error
}

// TokenVerifier verifies the bearer token that ACS sends with each callback. auth.ErrKeysUnavailable: the
// token could not be verified.
type TokenVerifier interface {
	Verify(ctx context.Context, authorization string) error
}

// Routes returns the route of the function.
func (h *Handler) Routes() []invoke.Route {
	return []invoke.Route{{
		Function: "callbacks", Binding: "req", Methods: []string{http.MethodPost},
		Path: "/api/callbacks/{callId}", HTTP: invoke.HTTP(h.Handle),
	}}
}

// commitTimeout bounds the time in which the events of a callback are saved. After it the callback is
// refused with 503, so that ACS delivers it again.
const commitTimeout = 5 * time.Second

// Handle handles the events of one callback. It answers 200 when all of them are saved, by this delivery or
// an earlier one; the actions that follow from them may still be under way.
func (h *Handler) Handle(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("callId")
	op, err := h.authenticate(r, id)
	switch {
	case errors.Is(err, auth.ErrKeysUnavailable): // it may be ACS: it should deliver again
		return &invoke.Problem{Status: http.StatusServiceUnavailable, Err: err}
	case err != nil:
		return &invoke.Problem{Status: http.StatusUnauthorized, Err: err}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return &invoke.Problem{Status: http.StatusBadRequest, Detail: "The body could not be read.", Err: err}
	}
	events, err := event.ParseCallbacks(body, call.ID(id), op)
	if err != nil {
		return &invoke.Problem{Status: http.StatusBadRequest, Detail: "The body is not a list of CloudEvents.", Err: err}
	}
	ctx, cancel := context.WithTimeout(r.Context(), commitTimeout)
	defer cancel()
	for _, ev := range events {
		if err := h.Calls.Apply(ctx, call.ID(id), ev); err != nil {
			return &invoke.Problem{Status: http.StatusServiceUnavailable, Err: err}
		}
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// authenticate verifies the MAC of the address and the token of the sender. It returns the operation that
// the address was made for, 0 for the call itself.
func (h *Handler) authenticate(r *http.Request, id string) (op int, err error) {
	query := r.URL.Query()
	if text := query.Get("op"); text != "" {
		if op, err = strconv.Atoi(text); err != nil || op < 1 {
			return 0, errors.New("malformed operation number")
		}
	}
	if err := h.Signer.Verify(auth.CallbackSubject(id, op), query.Get("t")); err != nil {
		return 0, err
	}
	return op, h.Verifier.Verify(r.Context(), r.Header.Get("Authorization"))
}
