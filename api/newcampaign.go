package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"switchboard/handler/campaign"
	"switchboard/handler/catalog"
	"switchboard/handler/flow"
	"switchboard/handler/invoke"
	"switchboard/handler/problem"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Flows are what campaigns take people through.
type Flows interface {
	// Pin returns the version of the named flow that is current. catalog.ErrNotFound:
	// there is no such flow; flow.Faults: it cannot be walked.
	Pin(ctx context.Context, name string) (flow.Ref, error)
}

// Dialler begins to dial a campaign soon, if it can: what it leaves is done later.
type Dialler interface {
	Begin(ctx context.Context, id campaign.ID)
}

// PostCampaign answers POST /api/v1/campaigns: it creates a campaign with its
// contacts and starts it.
//
// The campaign's row and the reply are written together, under the client's key;
// contacts and start come after that. So whoever sends the request again, after a
// crash between any two of them or while another is at it, gets the same reply, and
// what was left undone is done first. Nobody is dialled before all contacts are
// written down.
func (h *Handler) PostCampaign(w http.ResponseWriter, r *http.Request) error {
	cmd, err := readCommand(r)
	if err != nil {
		return err
	}
	o, faults := parseCampaignRequest(cmd.body, h.Ring)
	strange := h.unknownLines(o)
	if len(faults) > 0 {
		return badRequest(append(faults, strange...))
	}
	answer, err := h.Campaigns.Replied(r.Context(), cmd.key)
	switch {
	case errors.Is(err, table.ErrNotFound) && len(strange) > 0: // a repeat is not asked: settings may have changed since
		return badRequest(strange)
	case errors.Is(err, table.ErrNotFound):
		answer, err = h.create(r.Context(), cmd, o)
	case err == nil && answer.Hash != cmd.hash:
		err = store.ErrKeyReused
	}
	id := campaign.NewID(anonymousCaller, cmd.key)
	if err == nil {
		err = h.begin(r.Context(), id, o)
	}
	if err != nil {
		return createError(err)
	}
	h.Dialler.Begin(r.Context(), id)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", answer.Location)
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // the client is gone if this fails
	return nil
}

// noCaller is in whose name everything is done: the API does not tell callers apart.
const anonymousCaller = ""

// strangeLines are the faults of an order for lines that the app does not serve.
func (h *Handler) unknownLines(o campaignRequest) problem.Faults {
	if len(h.Lines) == 0 {
		return problem.Faults{{Path: "lines", Text: "cannot be used: the setting LINES must name the lines of this app"}}
	}
	var faults problem.Faults
	for _, l := range o.lines {
		if !slices.Contains(h.Lines, l.rawID) {
			faults = append(faults, problem.Fault{Path: l.at, Text: "is none of the setting LINES"})
		}
	}
	return faults
}

// create writes down the campaign, a draft without its contacts, and the reply.
func (h *Handler) create(ctx context.Context, cmd command, o campaignRequest) (store.Reply, error) {
	ref, err := h.Flows.Pin(ctx, o.flow)
	if err != nil {
		return store.Reply{}, err
	}
	c := campaign.Campaign{
		Schema: campaign.Schema, ID: campaign.NewID(anonymousCaller, cmd.key), Name: o.name, State: campaign.StateDraft,
		Flow: ref, Attempts: o.attempts, Ring: o.ring,
		Contacts: len(o.numbers), Shards: campaign.Shards(len(o.numbers)), Created: now(),
	}
	for _, l := range o.lines {
		c.Lines = append(c.Lines, l.rawID)
	}
	shown := showCampaign(c)
	shown.State = campaign.StateRunning // when the reply is sent
	body, err := json.Marshal(shown)
	if err != nil {
		return store.Reply{}, err
	}
	return h.Campaigns.Create(ctx, c, cmd.key, store.Reply{
		Hash: cmd.hash, Status: http.StatusCreated, Body: body, Location: "/api/v1/campaigns/" + string(c.ID),
	})
}

// begin writes down the contacts of a draft and starts it. It may be repeated, and
// by several at once.
func (h *Handler) begin(ctx context.Context, id campaign.ID, o campaignRequest) error {
	c, err := h.Campaigns.Campaign(ctx, id)
	if err != nil || c.State != campaign.StateDraft {
		return err
	}
	contacts := make([]campaign.Contact, len(o.numbers))
	for i, number := range o.numbers {
		contacts[i] = campaign.NewContact(number, c.Attempts, now())
	}
	if err := h.Campaigns.Add(ctx, c, contacts); err != nil {
		return err
	}
	_, err = h.Campaigns.Start(ctx, id, now())
	return err
}

// notOrdered is the reply to an order that met err.
func createError(err error) error {
	if errors.Is(err, store.ErrKeyReused) {
		return &invoke.Problem{
			Status: http.StatusUnprocessableEntity, Detail: "The Idempotency-Key was used for another request.", Err: err,
		}
	}
	if errors.Is(err, catalog.ErrNotFound) {
		return badRequest(problem.Faults{{Path: "flow", Text: "there is no such flow"}})
	}
	if faults, ok := errors.AsType[problem.Faults](err); ok {
		inFlow := make(problem.Faults, len(faults))
		for i, f := range faults {
			inFlow[i] = problem.Fault{Path: "flow", Text: f.Path + ": " + f.Text}
		}
		return badRequest(inFlow)
	}
	return storageError(err)
}

// now is the time as rows keep it.
func now() time.Time { return time.Now().UTC().Round(0) }
