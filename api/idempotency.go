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

// command is a request that changes something. Clients repeat those, and so does
// the host; the key tells a repeat from another request of the same content.
type command struct {
	key  string // the client's Idempotency-Key
	hash string // of method, path and body
	body []byte // JSON, by its sender's word
}

// readCommand reads a request that changes something. The error is the reply to one
// that has no usable key, or is not JSON.
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

func validKey(key string) bool {
	invisible := func(c rune) bool { return c <= ' ' || c > '~' }
	return key != "" && len(key) <= 128 && !strings.ContainsFunc(key, invisible)
}
