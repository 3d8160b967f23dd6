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

// document is a file beside a story.
type document struct {
	file    string
	content []byte
}

// load reads the file, which is in the story's folder.
func (d *document) load(files fs.FS, folder string) (err error) {
	d.content, err = fs.ReadFile(files, path.Join(folder, d.file))
	return err
}

// putFlow is `flow FILE`.
type putFlow struct{ document }

func (c *putFlow) run(ctx context.Context, t *telling) error {
	_, err := t.Catalog.PutFlow(ctx, c.content)
	return err
}

// putRoutes is `routes FILE`.
type putRoutes struct{ document }

func (c *putRoutes) run(ctx context.Context, t *telling) error {
	return t.Catalog.PutRoutes(ctx, c.content)
}

// postEvent is `event NAME FILE`.
type postEvent struct {
	document
	name string
}

// run posts the document as Event Grid does, whatever it is; that the webhook
// takes it is for an expectation to say.
//
// Source: learn.microsoft.com, "Azure Event Grid delivery with webhooks".
func (c *postEvent) run(ctx context.Context, t *telling) error {
	t.order = append(t.order, c.name)
	t.posted[c.name] = opens(c.content)
	url := t.URL + "/runtime/webhooks/eventgrid?functionName=incomingcall"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(c.content))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("aeg-event-type", "Notification")
	answer, err := t.Host.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	t.status = answer.StatusCode
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// opens is the id of the call that the first event of a document opens, or empty.
func opens(content []byte) call.ID {
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
