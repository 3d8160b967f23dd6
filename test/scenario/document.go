package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"path"

	"switchboard/handler/call"
	"switchboard/handler/event"
)

// document is a file in a scenario's folder.
type document struct {
	file    string
	content []byte
}

// load reads the file from the scenario's folder.
func (d *document) load(files fs.FS, folder string) (err error) {
	d.content, err = fs.ReadFile(files, path.Join(folder, d.file))
	return err
}

// putFlow is `flow FILE`.
type putFlow struct{ document }

func (c *putFlow) run(ctx context.Context, r *run) error {
	_, err := r.Catalog.PutFlow(ctx, c.content)
	return err
}

// putRoutes is `routes FILE`.
type putRoutes struct{ document }

func (c *putRoutes) run(ctx context.Context, r *run) error {
	return r.Catalog.PutRoutes(ctx, c.content)
}

// postEvent is `event NAME FILE`.
type postEvent struct {
	document
	name string
}

// run posts the document as Event Grid does. It does not check the status code, which
// `expect status=CODE` does.
//
// Source: learn.microsoft.com, "Azure Event Grid delivery with webhooks".
func (c *postEvent) run(ctx context.Context, r *run) error {
	r.callNames = append(r.callNames, c.name)
	r.posted[c.name] = openedCall(c.content)
	url := r.URL + "/runtime/webhooks/eventgrid?functionName=incomingcall"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(c.content))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("aeg-event-type", "Notification")
	answer, err := r.Host.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	r.status = answer.StatusCode
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// openedCall returns the id of the call that the first event of a document opens, or
// "" if it opens none.
func openedCall(content []byte) call.ID {
	var events []json.RawMessage
	if json.Unmarshal(content, &events) != nil || len(events) == 0 {
		return ""
	}
	offer, err := event.ParseOffer(events[0])
	if err != nil {
		return ""
	}
	return call.InboundID(offer.CorrelationID, offer.To, offer.IncomingCallContext)
}
