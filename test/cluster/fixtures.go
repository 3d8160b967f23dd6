package cluster

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/flow"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// The parties of the tests, by raw id.
const (
	Caller = "4:+12065550100"
	Anna   = "8:acs:r_t_anna" // an agent
	Ben    = "8:acs:r_t_ben"  // an agent
	Line   = "28:orgid:11111111-2222-3333-4444-555555555555"
)

// InboundID is the id of the call that Offer offers.
const InboundID = call.ID("in-1")

// Limits are the deadlines of all calls.
var Limits = call.Limits{
	Request: 10 * time.Second, Answer: 25 * time.Second, Connect: 20 * time.Second, Prompt: 2 * time.Minute,
	InviteGrace: 10 * time.Second, RecordingStart: time.Minute, Hangup: 15 * time.Second,
	KeepAlive: 5 * time.Minute, Call: time.Hour, Ring: 30 * time.Second, Confirm: 10 * time.Minute,
	Recording: 25 * time.Hour,
}

// The flows of the tests, and their references.
var (
	Reception = Must(flow.Parse([]byte(`{"name":"reception","start":"greeting","nodes":{
		"greeting":{"kind":"play","prompt":{"text":"Hello."},"next":"menu"},
		"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"agent"},"repeats":2,"nothing":"bye"},
		"agent":{"kind":"agent","agents":["` + Anna + `","` + Ben + `"],"music":{"text":"la la"},"answered":"record","unanswered":"bye"},
		"record":{"kind":"record","next":"talk"},
		"talk":{"kind":"talk","next":"bye"},
		"bye":{"kind":"play","prompt":{"text":"Goodbye."},"next":"end"},
		"end":{"kind":"hangup"}}}`)))
	ReceptionRef = flow.Ref{Name: "reception", Version: "v1"}

	Notice = Must(flow.Parse([]byte(`{"name":"notice","start":"menu","nodes":{
		"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"yes","9":"no"},"nothing":"end"},
		"yes":{"kind":"set","values":{"answer":"yes"},"next":"end"},
		"no":{"kind":"optout","next":"end"},
		"end":{"kind":"hangup"}}}`)))
	NoticeRef = flow.Ref{Name: "notice", Version: "v1"}

	Recorded = Must(flow.Parse([]byte(`{"name":"recorded","start":"record","nodes":{
		"record":{"kind":"record","next":"say"},"say":{"kind":"play","prompt":{"text":"Hello."},"next":"end"},
		"end":{"kind":"hangup"}}}`)))
	RecordedRef = flow.Ref{Name: "recorded", Version: "v1"}
)

// Flows finds the flows of the tests.
var Flows = flowMap{ReceptionRef: Reception, NoticeRef: Notice, RecordedRef: Recorded}

type flowMap map[flow.Ref]*flow.Flow

func (m flowMap) Flow(_ context.Context, ref flow.Ref) (*flow.Flow, error) {
	if m[ref] == nil {
		return nil, errors.New("no such flow")
	}
	return m[ref], nil
}

// Must returns v, and panics on an error.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Offer returns an inbound call, offered now.
func Offer() call.Event {
	return call.Event{
		Key: "offer", At: time.Now(), ServerCallID: "server-1", CorrelationID: "corr-1",
		Body: call.Offered{
			Line: "28:orgid:line", Caller: Caller, IncomingCallContext: "token", Flow: ReceptionRef, Limits: Limits,
		},
	}
}

// Number returns the n-th number of the tests.
func Number(n int) string { return fmt.Sprintf("+1206555%04d", n) }

// StartCampaign creates a campaign of the flow Notice with contacts, and starts it.
func StartCampaign(t *testing.T, l *store.Ledger, c campaign.Campaign, numbers ...string) campaign.Campaign {
	t.Helper()
	c.Schema, c.State, c.Flow, c.Ring = campaign.Schema, campaign.StateDraft, NoticeRef, 20*time.Second
	c.Contacts, c.Created = len(numbers), time.Now()
	if _, err := l.Create(t.Context(), c, string(c.ID), store.Reply{}); err != nil {
		t.Fatal(err)
	}
	var contacts []campaign.Contact
	for _, number := range numbers {
		contacts = append(contacts, campaign.NewContact(number, c.Attempts, time.Now().UTC()))
	}
	if err := l.Add(t.Context(), c, contacts); err != nil {
		t.Fatal(err)
	}
	c, err := l.Start(t.Context(), c.ID, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// LoadContact returns the contact of a campaign with a number.
func LoadContact(t *testing.T, l *store.Ledger, c campaign.Campaign, number string) campaign.Contact {
	t.Helper()
	id := campaign.NewContactID(number)
	contact, err := l.Contact(t.Context(), c.ID, id.Shard(c.Shards), id)
	if err != nil {
		t.Fatal(err)
	}
	return contact
}

// NextDial returns the call of the contact's next attempt, and what it is placed for.
func NextDial(c campaign.Campaign, contact campaign.Contact) (call.ID, call.Dial) {
	return contact.NextCall(c.ID), call.Dial{
		Line: c.Lines[0], Callee: acs.PhoneNumber(contact.Number).RawID(), Attempt: call.AttemptRef{
			Campaign: string(c.ID), Contact: string(contact.ID), Shard: contact.ID.Shard(c.Shards), Claim: contact.Claim + 1,
		},
	}
}

// CampaignRows returns the values of a campaign's rows whose keys begin with a prefix, by partition and row
// key.
func CampaignRows[T any](t *testing.T, rows table.Rows, c campaign.Campaign, prefix string) map[string]T {
	t.Helper()
	all := map[string]T{}
	for shard := range c.Shards {
		q := table.WithPrefix(fmt.Sprintf("%s|%02x", c.ID, shard), prefix)
		for row, err := range table.NewTable[T](rows).List(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			all[row.Key.Partition+" "+row.Key.Row] = row.Value
		}
	}
	return all
}
