package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/flow"
	"switchboard/handler/problem"
	"switchboard/handler/table"
)

// Campaigns is where campaigns and their contacts are kept.
type Campaigns interface {
	Campaign(ctx context.Context, id campaign.ID) (campaign.Campaign, error)
	Campaigns(ctx context.Context) ([]campaign.Campaign, error)
	Counters(ctx context.Context, c campaign.Campaign) (campaign.Counters, error)
	// Contacts returns a page of contacts and the token of the next one, which is
	// empty after the last. table.ErrInvalid: a token that was never given.
	Contacts(ctx context.Context, c campaign.Campaign, after string, limit int) ([]campaign.Contact, string, error)
}

// Campaign is a campaign as the API shows it.
type Campaign struct {
	ID       campaign.ID    `json:"id"`
	Name     string         `json:"name"`
	State    campaign.State `json:"state"`
	Flow     Flow           `json:"flow"`
	Lines    []string       `json:"lines"`    // raw ids
	Attempts int            `json:"attempts"` // for each contact, at most
	Ring     flow.Duration  `json:"ring"`
	Contacts int            `json:"contacts"` // how many
	Created  time.Time      `json:"created"`
	Started  time.Time      `json:"started,omitzero"`
	Finished time.Time      `json:"finished,omitzero"`

	// Counts are left out in a list of campaigns.
	Counts *Counts `json:"counts,omitempty"`
}

// Counts are the contacts of a campaign by their states.
type Counts struct {
	Contacts int            `json:"contacts"`
	Waiting  int            `json:"waiting"`
	Dialling int            `json:"dialling"`
	Ended    int            `json:"ended"`
	Attempts int            `json:"attempts"`          // that counted
	Results  map[string]int `json:"results,omitempty"` // contacts that have ended, by their results
}

func showCampaign(c campaign.Campaign) Campaign {
	return Campaign{
		ID: c.ID, Name: c.Name, State: c.State, Flow: showFlow(c.Flow), Lines: nonNil(c.Lines), Attempts: c.Attempts,
		Ring: flow.Duration(c.Ring), Contacts: c.Contacts,
		Created: c.Created, Started: c.Started, Finished: c.Finished,
	}
}

// Contact is a contact of a campaign as the API shows it.
type Contact struct {
	ID       campaign.ContactID    `json:"id"`
	Number   string                `json:"number"`
	State    campaign.ContactState `json:"state"`
	Result   string                `json:"result,omitempty"`  // why it has ended: an outcome, or a rule of the gate
	Outcome  call.Outcome          `json:"outcome,omitempty"` // of the latest attempt that counted
	Attempts int                   `json:"attempts"`          // that counted
	Call     call.ID               `json:"call,omitempty"`    // of the latest attempt
	Due      time.Time             `json:"due,omitzero"`
	Values   map[string]string     `json:"values,omitempty"`
}

// page is the number of contacts in one reply.
const page = 100

// GetCampaigns answers GET /api/v1/campaigns, the newest first.
func (h *Handler) GetCampaigns(w http.ResponseWriter, r *http.Request) error {
	all, err := h.Campaigns.Campaigns(r.Context())
	if err != nil {
		return storageError(err)
	}
	slices.SortStableFunc(all, func(a, b campaign.Campaign) int { return b.Created.Compare(a.Created) })
	shown := make([]Campaign, len(all))
	for i, c := range all {
		shown[i] = showCampaign(c)
	}
	return reply(w, map[string]any{"campaigns": shown})
}

// GetCampaign answers GET /api/v1/campaigns/{id}.
func (h *Handler) GetCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := h.Campaigns.Campaign(r.Context(), campaign.ID(r.PathValue("id")))
	if err != nil {
		return notFound("campaign", err)
	}
	counts, err := h.Campaigns.Counters(r.Context(), c)
	if err != nil {
		return storageError(err)
	}
	shown := showCampaign(c)
	shown.Counts = &Counts{
		Contacts: counts.Contacts, Waiting: counts.Waiting, Dialling: counts.Dialling, Ended: counts.Ended,
		Attempts: counts.Attempts, Results: counts.Results,
	}
	return reply(w, shown)
}

// GetContacts answers GET /api/v1/campaigns/{id}/contacts?after=TOKEN with a page
// of contacts.
func (h *Handler) GetContacts(w http.ResponseWriter, r *http.Request) error {
	c, err := h.Campaigns.Campaign(r.Context(), campaign.ID(r.PathValue("id")))
	if err != nil {
		return notFound("campaign", err)
	}
	contacts, next, err := h.Campaigns.Contacts(r.Context(), c, r.URL.Query().Get("after"), page)
	if errors.Is(err, table.ErrInvalid) {
		return badRequest(problem.Faults{{Path: "after", Text: "is not the next of another page"}})
	}
	if err != nil {
		return storageError(err)
	}
	shown := struct {
		Contacts []Contact `json:"contacts"`
		Next     string    `json:"next,omitempty"`
	}{make([]Contact, len(contacts)), next}
	for i, who := range contacts {
		shown.Contacts[i] = Contact{
			ID: who.ID, Number: who.Number, State: who.State, Result: who.Result(), Outcome: who.Outcome,
			Attempts: who.Spent, Call: who.Call, Due: who.Due, Values: who.Values,
		}
	}
	return reply(w, shown)
}
