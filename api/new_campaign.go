package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"switchboard/handler/campaign"
	"switchboard/handler/dialler"
	"switchboard/handler/invoke"
	"switchboard/handler/problem"
	"switchboard/handler/store"
)

// Creator creates campaigns: package dialler does.
type Creator interface {
	Create(ctx context.Context, r dialler.Request) (store.Reply, error)
}

// PostCampaign answers POST /api/v1/campaigns: it creates a campaign with its contacts and starts it. A request that
// is repeated under the same key gets the same reply.
func (h *Handler) PostCampaign(w http.ResponseWriter, r *http.Request) error {
	cmd, err := readCommand(r)
	if err != nil {
		return err
	}
	request, faults := parseCampaignRequest(cmd.body, h.Ring)
	unknown := h.unknownLines(request)
	if len(faults) > 0 {
		return badRequest(append(faults, unknown...))
	}
	rawIDs := make([]string, len(request.lines))
	for i, l := range request.lines {
		rawIDs[i] = l.rawID
	}
	answer, err := h.Creator.Create(r.Context(), dialler.Request{
		ID: campaign.NewID(cmd.key), Key: cmd.key, Hash: cmd.hash,
		Name: request.name, Flow: request.flow, Lines: rawIDs, Attempts: request.attempts, Ring: request.ring,
		Numbers: request.numbers, LineFaults: unknown, Reply: createdReply,
	})
	if err != nil {
		return createError(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", answer.Location)
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // the client is gone if this fails
	return nil
}

// unknownLines returns the faults of a request for lines that the app does not serve.
func (h *Handler) unknownLines(r campaignRequest) problem.Faults {
	if len(h.Lines) == 0 {
		return problem.Faults{{Path: "lines", Text: "cannot be used: the setting LINES must name the lines of this app"}}
	}
	var faults problem.Faults
	for _, l := range r.lines {
		if !slices.Contains(h.Lines, l.rawID) {
			faults = append(faults, problem.Fault{Path: l.at, Text: "is none of the setting LINES"})
		}
	}
	return faults
}

// createdReply renders the reply to a request that created c.
func createdReply(c campaign.Campaign) (store.Reply, error) {
	body, err := json.Marshal(showCampaign(c))
	return store.Reply{Status: http.StatusCreated, Body: body, Location: "/api/v1/campaigns/" + string(c.ID)}, err
}

// createError maps an error of Creator to a reply.
func createError(err error) error {
	if errors.Is(err, store.ErrKeyReused) {
		return &invoke.Problem{
			Status: http.StatusUnprocessableEntity, Detail: "The Idempotency-Key was used for another request.", Err: err,
		}
	}
	if faults, ok := errors.AsType[problem.Faults](err); ok {
		return badRequest(faults)
	}
	return storageError(err)
}
