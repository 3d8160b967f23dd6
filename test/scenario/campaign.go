package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
)

// postCampaign is `campaign NAME DOCUMENT`.
type postCampaign struct {
	name     string
	document *document
}

// run posts the document to the API, with one Idempotency-Key, as clients of the API
// do: it repeats a request that was dropped or answered with a 5xx.
func (c *postCampaign) run(ctx context.Context, r *run) error {
	var refused error // with a 4xx, which is not repeated
	err := r.until(ctx, 0, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL+"/api/v1/campaigns", bytes.NewReader(c.document.content))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", "scenario-"+c.name)
		answer, err := r.Host.Do(req)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		if answer.StatusCode != http.StatusCreated {
			err := fmt.Errorf("answered %d: %s", answer.StatusCode, body)
			if answer.StatusCode < http.StatusInternalServerError {
				refused = err
				return nil
			}
			return err
		}
		var created struct{ ID campaign.ID }
		if err := json.Unmarshal(body, &created); err != nil {
			return err
		}
		r.campaigns[c.name] = created.ID
		return nil
	})
	return errors.Join(refused, err)
}

// parseCampaign reads `NAME DOCUMENT`.
func (n names) parseCampaign(text string) (command, error) {
	words := strings.Fields(text)
	if len(words) != 2 {
		return nil, errors.New("want: campaign NAME DOCUMENT")
	}
	contacts, err := n.document(words[1])
	if err != nil {
		return nil, err
	}
	if err := checkName(words[0]); err != nil {
		return nil, err
	}
	if n.campaigns[words[0]] {
		return nil, fmt.Errorf("there is a campaign %s already", words[0])
	}
	n.campaigns[words[0]] = true
	return &postCampaign{words[0], contacts}, nil
}

// loadCampaign returns the campaign that has the name in the scenario.
func (r *run) loadCampaign(ctx context.Context, name string) (campaign.Campaign, error) {
	id, ok := r.campaigns[name]
	if !ok {
		return campaign.Campaign{}, fmt.Errorf("there is no campaign %s", name)
	}
	return r.Ledger.Campaign(ctx, id)
}

// parseCampaignFacts reads the facts of a campaign: its state, its counters, and the
// number of contacts with each result.
func parseCampaignFacts(name string, words []string) (func(context.Context, *run) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r *run) error {
		c, err := r.loadCampaign(ctx, name)
		if err != nil {
			return err
		}
		n, err := r.Ledger.Counters(ctx, c)
		if err != nil {
			return err
		}
		known := map[string]string{
			"state": string(c.State), "contacts": strconv.Itoa(n.Contacts), "waiting": strconv.Itoa(n.Waiting),
			"dialling": strconv.Itoa(n.Dialling), "ended": strconv.Itoa(n.Ended), "attempts": strconv.Itoa(n.Attempts),
		}
		return compare(facts, func(key string) string {
			if value, ok := known[key]; ok {
				return value
			}
			return strconv.Itoa(n.Results[key])
		})
	}, nil
}

// parseContactFacts reads the facts of a contact: its state and result, the number of
// its attempts, and the variables that the flow has set.
func parseContactFacts(name, number string, words []string) (func(context.Context, *run) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r *run) error {
		c, err := r.loadCampaign(ctx, name)
		if err != nil {
			return err
		}
		id := campaign.NewContactID(number)
		who, err := r.Ledger.Contact(ctx, c.ID, id.Shard(c.Shards), id)
		if err != nil {
			return err
		}
		known := map[string]string{"state": string(who.State), "result": who.Result(), "spent": strconv.Itoa(who.Spent)}
		return compare(facts, func(key string) string {
			if value, ok := known[key]; ok {
				return value
			}
			return who.Values[key]
		})
	}, nil
}

// parseNumberFacts reads the facts of a number: its numbers of opt-outs and of counted
// dials, and whether a call holds it (0 or 1).
func parseNumberFacts(words []string) (func(context.Context, *run) error, error) {
	if len(words) == 0 {
		return nil, errors.New("want: expect number NUMBER KEY=VALUE")
	}
	number := words[0]
	facts, err := parseFacts(words[1:])
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r *run) error {
		n, err := r.Ledger.Number(ctx, number)
		if err != nil {
			return err
		}
		dials, reserved := 0, 0
		for _, count := range n.Dials {
			dials += count
		}
		if n.Call != "" {
			reserved = 1
		}
		known := map[string]string{
			"optOuts": strconv.Itoa(len(n.OptOuts)), "dials": strconv.Itoa(dials), "reserved": strconv.Itoa(reserved),
		}
		return compare(facts, func(key string) string { return known[key] })
	}, nil
}

// compare returns an error for the first fact whose value is not the wanted one.
func compare(facts []fact, got func(key string) string) error {
	for _, f := range facts {
		if have := got(f.key); have != f.want {
			return fmt.Errorf("%s is %q", f.key, have)
		}
	}
	return nil
}

// attempts returns the ids of the calls of all attempts of a campaign.
func (e Env) attempts(ctx context.Context, id campaign.ID) ([]call.ID, error) {
	contacts, _, err := e.contacts(ctx, id)
	var all []call.ID
	for _, who := range contacts {
		for claim := 1; claim <= who.Claim; claim++ {
			all = append(all, call.OutboundID(string(id), string(who.ID), claim))
		}
	}
	return all, err
}

// contacts returns all contacts of a campaign, and the campaign.
func (e Env) contacts(ctx context.Context, id campaign.ID) ([]campaign.Contact, campaign.Campaign, error) {
	c, err := e.Ledger.Campaign(ctx, id)
	if err != nil {
		return nil, c, err
	}
	var all []campaign.Contact
	for after := ""; ; {
		page, next, err := e.Ledger.Contacts(ctx, c, after, 100)
		if err != nil {
			return nil, c, err
		}
		all = append(all, page...)
		if after = next; after == "" {
			return all, c, nil
		}
	}
}
