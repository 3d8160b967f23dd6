package dialler

import (
	"context"
	"errors"
	"time"

	"switchboard/handler/campaign"
	"switchboard/handler/catalog"
	"switchboard/handler/flow"
	"switchboard/handler/problem"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Campaigns is the life cycle of campaigns.
type Campaigns struct {
	Ledger Ledger
	Flows  Flows
	Begin  func(ctx context.Context, id campaign.ID) // a hint that a campaign may be dialled: Dialler.Begin
}

// Ledger stores campaigns and their contacts; see store.Ledger.
type Ledger interface {
	Replied(ctx context.Context, key string) (store.Reply, error)
	Create(ctx context.Context, c campaign.Campaign, key string, r store.Reply) (store.Reply, error)
	Add(ctx context.Context, c campaign.Campaign, contacts []campaign.Contact) error
	Start(ctx context.Context, id campaign.ID, now time.Time) (campaign.Campaign, error)
	Campaign(ctx context.Context, id campaign.ID) (campaign.Campaign, error)
}

// Flows pins flows.
type Flows interface {
	// Pin returns the current version of the named flow. catalog.ErrNotFound: there is no such flow;
	// problem.Faults: the flow has faults.
	Pin(ctx context.Context, name string) (flow.Ref, error)
}

// Request is a request for a campaign. Its form was checked.
type Request struct {
	ID   campaign.ID // derived from the key
	Key  string      // names the request: a repeat has the same
	Hash string      // of the request's content: another request under the same key is refused

	Name     string
	Flow     string
	Lines    []string // raw ids
	Attempts int
	Ring     time.Duration
	Numbers  []string // of the contacts, in E.164

	// LineFaults refuse the request, unless it is a repeat: settings may have changed since the first one.
	LineFaults problem.Faults
	// Reply renders the reply to the request, from the campaign as it will be once it is started.
	Reply func(campaign.Campaign) (store.Reply, error)
}

// Create creates a campaign with its contacts, starts it, and returns the reply to the request. A repeat
// gets the reply of the first request.
//
// The campaign's row and the reply are written together, under the request's key; contacts and start come
// after that. A repeat, after a crash or at the same time as the first request, completes what is missing
// before it replies. No contact is dialled before all are written.
//
// Errors: store.ErrKeyReused; problem.Faults, in terms of the request. After any other error it may be
// repeated.
func (c *Campaigns) Create(ctx context.Context, r Request) (store.Reply, error) {
	reply, err := c.Ledger.Replied(ctx, r.Key)
	switch {
	case errors.Is(err, table.ErrNotFound) && len(r.LineFaults) > 0:
		return store.Reply{}, r.LineFaults
	case errors.Is(err, table.ErrNotFound):
		reply, err = c.writeDraft(ctx, r)
	case err == nil && reply.Hash != r.Hash:
		err = store.ErrKeyReused
	}
	if err != nil {
		return store.Reply{}, err
	}
	if err := c.start(ctx, r); err != nil {
		return store.Reply{}, err
	}
	c.Begin(ctx, r.ID)
	return reply, nil
}

// writeDraft writes the campaign, a draft without its contacts, and the reply.
func (c *Campaigns) writeDraft(ctx context.Context, r Request) (store.Reply, error) {
	ref, err := c.Flows.Pin(ctx, r.Flow)
	if err != nil {
		return store.Reply{}, flowFaults(err)
	}
	draft := campaign.Campaign{
		Schema: campaign.Schema, ID: r.ID, Name: r.Name, State: campaign.StateDraft,
		Flow: ref, Lines: r.Lines, Attempts: r.Attempts, Ring: r.Ring,
		Contacts: len(r.Numbers), Shards: campaign.Shards(len(r.Numbers)), Created: now(),
	}
	started := draft
	started.State = campaign.StateRunning
	reply, err := r.Reply(started)
	if err != nil {
		return store.Reply{}, err
	}
	reply.Hash = r.Hash
	return c.Ledger.Create(ctx, draft, r.Key, reply)
}

// flowFaults returns an error of pinning a flow as faults of the request, if it is one, and else unchanged.
func flowFaults(err error) error {
	if errors.Is(err, catalog.ErrNotFound) {
		return problem.Faults{{Path: "flow", Text: "there is no such flow"}}
	}
	faults, ok := errors.AsType[problem.Faults](err)
	if !ok {
		return err
	}
	all := make(problem.Faults, len(faults))
	for i, f := range faults {
		all[i] = problem.Fault{Path: "flow", Text: f.Path + ": " + f.Text}
	}
	return all
}

// start writes the contacts of a draft and starts it. It may be repeated, and by several processes at once.
func (c *Campaigns) start(ctx context.Context, r Request) error {
	draft, err := c.Ledger.Campaign(ctx, r.ID)
	if err != nil || draft.State != campaign.StateDraft {
		return err
	}
	contacts := make([]campaign.Contact, len(r.Numbers))
	for i, number := range r.Numbers {
		contacts[i] = campaign.NewContact(number, draft.Attempts, now())
	}
	if err := c.Ledger.Add(ctx, draft, contacts); err != nil {
		return err
	}
	_, err = c.Ledger.Start(ctx, r.ID, now())
	return err
}

// now returns the time as rows keep it.
func now() time.Time { return time.Now().UTC().Round(0) }
