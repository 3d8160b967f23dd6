package acs

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/google/uuid"
)

// operation is one request of a REST operation.
type operation struct {
	name   string
	method string
	path   string         // path with {} for each of ids
	ids    []string       // escaped by send; none may be empty
	pair   *Repeatability // nil for operations without one
	rings  bool           // whether a repeat might ring a telephone twice
	body   any            // nil for no body
	ok     []int          // the statuses of success
	stream bool           // whether the body of a success is left unread
}

// repeats returns op's retry options.
func (op operation) repeats(ctx context.Context, c *Client) policy.RetryOptions {
	reads := op.method != http.MethodPost // or deletes, which is as repeatable
	if op.rings || op.pair == nil && !reads {
		return noRepeats
	}
	return c.repeats(ctx, reads) // after a 429 the same pair would get the 429 again
}

// send sends op and decodes the answer into out, which stays unchanged if the
// answer has no body; out may be nil. Every error is an *Error.
func (c *Client) send(ctx context.Context, op operation, out any) (err error) {
	ctx, endSpan := runtime.StartSpan(ctx, "Client."+op.name, c.azc.Tracer(), nil)
	defer func() { endSpan(err) }()

	path := op.path
	for _, id := range op.ids {
		if id == "" {
			return invalid(op.name, "an id is empty")
		}
		path = strings.Replace(path, "{}", escape(id), 1)
	}
	return c.sendTo(ctx, op, c.endpoint.String()+path+"?api-version="+url.QueryEscape(c.version), out)
}

// post checks body and sends it to path, with id for {}. There is no Repeatability
// pair, and no response body to decode. A nil body is none.
func (c *Client) post(
	ctx context.Context, name, path, id string, status int, body interface{ check() error },
) error {
	if body != nil {
		if err := body.check(); err != nil {
			return invalid(name, err.Error())
		}
	}
	return c.send(ctx, operation{
		name: name, method: http.MethodPost, path: path, ids: []string{id}, ok: []int{status}, body: body,
	}, nil)
}

// sendTo does what send does, but to a given URL.
func (c *Client) sendTo(ctx context.Context, op operation, to string, out any) error {
	req, err := runtime.NewRequest(policy.WithRetryOptions(ctx, op.repeats(ctx, c)), op.method, to)
	if err != nil || !secure(req.Raw().URL) { // a next link may lead anywhere
		return invalid(op.name, "the URL is malformed, or neither https nor loopback")
	}
	setHeader(req)
	if op.pair != nil {
		pair, err := op.pair.complete()
		if err != nil {
			return invalid(op.name, err.Error())
		}
		pair.set(req.Raw().Header)
	}
	var sent []byte
	if op.body != nil {
		if sent, err = json.Marshal(op.body); err != nil {
			return invalid(op.name, "the body cannot be encoded")
		}
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(sent)), "application/json"); err != nil {
			return invalid(op.name, "the body cannot be sent")
		}
	}

	resp, err := c.azc.Pipeline().Do(req)
	if err != nil {
		return unanswered(op, err)
	}
	body, err := runtime.Payload(resp)
	if err != nil {
		return unanswered(op, err)
	}
	if !slices.Contains(op.ok, resp.StatusCode) {
		return refused(op, resp, body, sent)
	}
	if out == nil || len(body) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return &Error{Op: op.name, Status: resp.StatusCode, Message: "the answer is not the expected JSON", Err: err}
	}
	return nil
}

// setHeader sets the headers of every request. It creates the request id because
// azcore's UUIDs have no valid variant.
func setHeader(req *policy.Request) {
	h := req.Raw().Header
	h.Set("Accept", "application/json") // also for audio, as Microsoft's own client does
	h.Set("X-Ms-Client-Request-Id", uuid.NewString())
}

// escape percent-encodes an id for a path segment as JavaScript's
// encodeURIComponent does: ACS ids contain ":", "+" and "=", which
// url.PathEscape leaves alone.
func escape(id string) string { return unescaped.Replace(url.QueryEscape(id)) }

// unescaped turns the result of url.QueryEscape into that of encodeURIComponent.
var unescaped = strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")
