package funcsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
)

// errHangs marks a reply after which the host waits for ever: its result is null,
// and only the timeout ends the invocation.
var errHangs = errors.New("the reply has no body")

// reply is a handler's answer to an invocation in JSON form.
type reply struct {
	logs    []string
	outputs []string // names, sorted
}

// parseReply parses an answer by the host's rules. Every status except 2xx is a
// failure, with any body. The body must be a JSON object with a JSON Content-Type.
// Source: WebJobs.Script/Workers/Http/DefaultHttpWorkerService.cs.
func parseReply(status int, contentType string, body []byte) (reply, error) {
	if status/100 != 2 {
		return reply{}, fmt.Errorf("response status code does not indicate success: %d (%s)", status, http.StatusText(status))
	}
	if len(body) == 0 && contentType == "" {
		return reply{}, errHangs
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" && media != "text/json" {
		return reply{}, fmt.Errorf("UnsupportedMediaType: the reply's Content-Type is %q, not application/json", contentType)
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) == 0 {
		return reply{}, errHangs
	}
	var value json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&value); err != nil { // the rest of body is ignored
		return reply{}, fmt.Errorf("invalid HttpResponseMessage: %w", err)
	}
	if string(value) == "null" {
		return reply{}, errHangs
	}
	var r struct {
		Outputs map[string]json.RawMessage
		Logs    []any
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return reply{}, fmt.Errorf("invalid HttpResponseMessage: %w", err)
	}
	out := reply{outputs: slices.Sorted(maps.Keys(r.Outputs))}
	for _, line := range r.Logs {
		switch line.(type) {
		case map[string]any, []any:
			return reply{}, errors.New("invalid HttpResponseMessage: Logs holds more than texts")
		}
		out.logs = append(out.logs, fmt.Sprint(line))
	}
	return out, nil
}
