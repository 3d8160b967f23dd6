package api

import (
	"io"
	"mime"
	"net/http"
	"strings"

	"switchboard/handler/digest"
	"switchboard/handler/invoke"
	"switchboard/handler/problem"
)

// command is a request that changes something. Clients and the host may repeat it; the key distinguishes a
// repeat from another request with the same content.
type command struct {
	key  string // the client's Idempotency-Key
	hash string // of method, path and body
	body []byte // declared as JSON, and not parsed yet
}

// readCommand reads a request that changes something. The error is the reply to a request without a valid
// key, or of another content type than JSON.
func readCommand(r *http.Request) (command, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return command{}, &invoke.Problem{
			Status: http.StatusUnsupportedMediaType, Detail: "The Content-Type must be application/json.", Err: err,
		}
	}
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) != 1 || !validKey(keys[0]) {
		return command{}, badRequest(problem.Faults{{
			Path: "Idempotency-Key", Text: "must be there once, as a header of 1 to 128 visible ASCII characters",
		}})
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return command{}, err
	}
	return command{key: keys[0], hash: digest.Hex(digest.Size, r.Method, r.URL.Path, string(body)), body: body}, nil
}

// validKey reports whether a key is 1 to 128 visible ASCII characters.
func validKey(key string) bool {
	invisible := func(c rune) bool { return c <= ' ' || c > '~' }
	return key != "" && len(key) <= 128 && !strings.ContainsFunc(key, invisible)
}
