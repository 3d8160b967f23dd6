package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/tools/txtar"

	"switchboard/handler/call"
	"switchboard/handler/event"
)

// document is a document in a scenario's file.
type document struct {
	name    string
	line    int // number of the line with the name
	content []byte
	used    bool
}

// readDocuments returns the documents of a scenario's file, and the history at its end.
func readDocuments(archive *txtar.Archive) (all []*document, history string) {
	line := 1 + bytes.Count(archive.Comment, []byte("\n"))
	for i, f := range archive.Files {
		if f.Name == historyName && i == len(archive.Files)-1 {
			return all, string(f.Data)
		}
		all = append(all, &document{name: f.Name, line: line, content: f.Data})
		line += 1 + bytes.Count(f.Data, []byte("\n"))
	}
	return all, ""
}

// findDocument returns the first document with the name, or nil.
func findDocument(all []*document, name string) *document {
	for _, d := range all {
		if d.name == name {
			return d
		}
	}
	return nil
}

// checkDocuments returns an error for each document whose name is taken, or that no line has used, and for a history
// that is not at the end.
func checkDocuments(file string, all []*document) []error {
	var faults []error
	for _, d := range all {
		switch first := findDocument(all, d.name); {
		case d.name == historyName:
			faults = append(faults, fmt.Errorf("%s:%d: the history must be at the end", file, d.line))
		case first != d:
			faults = append(faults, fmt.Errorf("%s:%d: line %d has a document %q already", file, d.line, first.line, d.name))
		case !d.used:
			faults = append(faults, fmt.Errorf("%s:%d: no line uses the document %q", file, d.line, d.name))
		}
	}
	return faults
}

// document returns the document with the name, and marks it as used.
func (n names) document(name string) (*document, error) {
	d := findDocument(n.documents, name)
	if d == nil {
		return nil, fmt.Errorf("there is no document %q", name)
	}
	d.used = true
	return d, nil
}

// Document returns a document of the scenario, or nil if it has none of that name.
func (s *Scenario) Document(name string) []byte {
	if d := findDocument(s.documents, name); d != nil {
		return d.content
	}
	return nil
}

// putFlow is `flow DOCUMENT`.
type putFlow struct{ *document }

func (c *putFlow) run(ctx context.Context, r *run) error {
	_, err := r.Catalog.PutFlow(ctx, c.content)
	return err
}

// putRoutes is `routes DOCUMENT`.
type putRoutes struct{ *document }

func (c *putRoutes) run(ctx context.Context, r *run) error {
	return r.Catalog.PutRoutes(ctx, c.content)
}

// postEvent is `event NAME DOCUMENT`.
type postEvent struct {
	name     string
	document *document
}

// run posts the document as Event Grid does. It does not check the status code, which
// `expect status=CODE` does.
//
// Source: learn.microsoft.com, "Azure Event Grid delivery with webhooks".
func (c *postEvent) run(ctx context.Context, r *run) error {
	r.callNames = append(r.callNames, c.name)
	r.posted[c.name] = openedCall(c.document.content)
	url := r.URL + "/runtime/webhooks/eventgrid?functionName=incomingcall"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(c.document.content))
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
