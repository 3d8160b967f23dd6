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

// postCampaign is `campaign NAME FILE`.
type postCampaign struct {
	document
	name string
}

// run posts the document to the API, with one Idempotency-Key, until it is answered:
// a client of the API repeats what was cut off or answered with a 5xx.
func (c *postCampaign) run(ctx context.Context, t *telling) error {
	var refused error // for good: it is not repeated
	err := t.until(ctx, 0, func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL+"/api/v1/campaigns", bytes.NewReader(c.content))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "story-"+c.name)
		answer, err := t.Host.Do(r)
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
		t.campaigns[c.name] = created.ID
		return nil
	})
	return errors.Join(refused, err)
}

// parseCampaign reads `NAME FILE`.
func (n names) parseCampaign(text string) (command, error) {
	words := strings.Fields(text)
	if len(words) != 2 {
		return nil, errors.New("want: campaign NAME FILE")
	}
	if err := checkFile(words[1]); err != nil {
		return nil, err
	}
	if err := checkName(words[0]); err != nil {
		return nil, err
	}
	if n.campaigns[words[0]] {
		return nil, fmt.Errorf("there is a campaign %s already", words[0])
	}
	n.campaigns[words[0]] = true
	return &postCampaign{document{file: words[1]}, words[0]}, nil
}

// campaignOf is the campaign that the story calls so.
func (t *telling) campaignOf(ctx context.Context, name string) (campaign.Campaign, error) {
	id, ok := t.campaigns[name]
	if !ok {
		return campaign.Campaign{}, fmt.Errorf("there is no campaign %s", name)
	}
	return t.Ledger.Campaign(ctx, id)
}

// parseOfCampaign reads the facts of a campaign: its state, what its counters say,
// and how many contacts have come to a result.
func parseOfCampaign(name string, words []string) (func(context.Context, *telling) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *telling) error {
		c, err := t.campaignOf(ctx, name)
		if err != nil {
			return err
		}
		n, err := t.Ledger.Counters(ctx, c)
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

// parseOfContact reads the facts of a contact: its state and result, how many
// attempts it took, and the variables that the flow has set.
func parseOfContact(name, number string, words []string) (func(context.Context, *telling) error, error) {
	facts, err := parseFacts(words)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *telling) error {
		c, err := t.campaignOf(ctx, name)
		if err != nil {
			return err
		}
		id := campaign.NewContactID(number)
		who, err := t.Ledger.Contact(ctx, c.ID, id.Shard(c.Shards), id)
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

// parseOfNumber reads the facts of a number: how many opt-outs it has, how many dials
// were counted, and 1 if an attempt at it is under way.
func parseOfNumber(words []string) (func(context.Context, *telling) error, error) {
	if len(words) == 0 {
		return nil, errors.New("want: expect number NUMBER KEY=VALUE")
	}
	number := words[0]
	facts, err := parseFacts(words[1:])
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *telling) error {
		n, err := t.Ledger.Number(ctx, number)
		if err != nil {
			return err
		}
		dials, taken := 0, 0
		for _, count := range n.Dials {
			dials += count
		}
		if n.Call != "" {
			taken = 1
		}
		known := map[string]string{
			"optOuts": strconv.Itoa(len(n.OptOuts)), "dials": strconv.Itoa(dials), "taken": strconv.Itoa(taken),
		}
		return compare(facts, func(key string) string { return known[key] })
	}, nil
}

// compare reports the first fact that is not as it is wanted.
func compare(facts []fact, got func(key string) string) error {
	for _, f := range facts {
		if have := got(f.key); have != f.want {
			return fmt.Errorf("%s is %q", f.key, have)
		}
	}
	return nil
}

// attempts are the calls of all attempts at the contacts of a campaign.
func (w World) attempts(ctx context.Context, id campaign.ID) ([]call.ID, error) {
	contacts, _, err := w.contacts(ctx, id)
	var all []call.ID
	for _, who := range contacts {
		for claim := 1; claim <= who.Claim; claim++ {
			all = append(all, call.OutboundID(string(id), string(who.ID), claim))
		}
	}
	return all, err
}

// contacts are all contacts of a campaign.
func (w World) contacts(ctx context.Context, id campaign.ID) ([]campaign.Contact, campaign.Campaign, error) {
	c, err := w.Ledger.Campaign(ctx, id)
	if err != nil {
		return nil, c, err
	}
	var all []campaign.Contact
	for after := ""; ; {
		page, next, err := w.Ledger.Contacts(ctx, c, after, 100)
		if err != nil {
			return nil, c, err
		}
		all = append(all, page...)
		if after = next; after == "" {
			return all, c, nil
		}
	}
}
