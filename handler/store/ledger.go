package store

import (
	"context"
	"encoding/json"
	"fmt"

	"switchboard/handler/campaign"
)

// Ledger keeps campaigns: each with the contacts it is to reach, spread over
// partitions so that what happens to a contact is one transaction with its attempt,
// its entry in the index of what is due, and the partition's counters; and what is
// known of numbers and lines over all campaigns. All methods may be called
// concurrently, by any number of processes.
//
// What happens to a contact is decided by package campaign. Rows of a later version
// are left alone: ErrNewer, and lists leave them out.
type Ledger struct {
	campaignRows Rows
	campaigns    *Table[campaign.Campaign]
	replies      *Table[Reply]

	contactRows Rows
	contacts    *Table[campaign.Contact]
	entries     *Table[campaign.DueEntry]
	attempts    *Table[campaign.Attempt]
	counters    *Table[campaign.Counters]

	numbers *Table[campaign.Number]
	lines   *Table[campaign.Line]
}

// NewLedger keeps campaigns in the given tables.
func NewLedger(campaigns, contacts, numbers, lines Rows) *Ledger {
	return &Ledger{
		campaignRows: campaigns,
		campaigns:    NewVersioned[campaign.Campaign](campaigns, campaign.Schema),
		replies:      NewTable[Reply](campaigns),

		contactRows: contacts,
		contacts:    NewVersioned[campaign.Contact](contacts, campaign.Schema),
		entries:     NewTable[campaign.DueEntry](contacts),
		attempts:    NewVersioned[campaign.Attempt](contacts, campaign.Schema),
		counters:    NewTable[campaign.Counters](contacts),

		numbers: NewVersioned[campaign.Number](numbers, campaign.Schema),
		lines:   NewVersioned[campaign.Line](lines, campaign.Schema),
	}
}

// The campaigns' one partition.
const campaignPartition = "campaign"

func campaignKey(id campaign.ID) Key { return Key{campaignPartition, "c|" + string(id)} }
func replyKey(key string) Key        { return Key{campaignPartition, "e|" + HashKey(key)} }

// partition is where a campaign's contacts of one shard are.
func partition(of campaign.ID, shard int) string { return fmt.Sprintf("%s|%02x", of, shard) }

func contactKey(partition string, id campaign.ContactID) Key {
	return Key{partition, "c|" + string(id)}
}

func dueKey(partition string, d campaign.DueEntry) Key {
	return Key{partition, "d|" + TimeKey(d.At) + "|" + string(d.Contact)}
}

func attemptKey(partition string, id campaign.ContactID, claim int) Key {
	return Key{partition, fmt.Sprintf("a|%s|%08d", id, claim)}
}

func countersKey(partition string) Key { return Key{partition, "n"} }

func numberKey(number string) Key { return Key{number, "number"} }
func lineKey(line string) Key     { return Key{line, "line"} }

// Reply is what a request was answered, kept under the request's key so that the
// same request is answered the same.
type Reply struct {
	Hash     string          `json:"hash"` // of the request
	Status   int             `json:"status"`
	Body     json.RawMessage `json:"body,omitempty"`
	Location string          `json:"location,omitempty"`
}

// Number returns what is known of a number in E.164; the zero Number if nothing is.
func (l *Ledger) Number(ctx context.Context, number string) (campaign.Number, error) {
	row, err := l.numbers.Find(ctx, numberKey(number))
	return row.Value, err
}

// EditNumber writes down what edit makes of a number in E.164, as Table.Edit does:
// edit may run several times, and its error is returned as it is.
func (l *Ledger) EditNumber(
	ctx context.Context, number string, edit func(campaign.Number) (campaign.Number, error),
) (campaign.Number, error) {
	return l.numbers.Edit(ctx, numberKey(number), edit)
}

// Line returns what is known of a line by its raw id; the zero Line if nothing is.
func (l *Ledger) Line(ctx context.Context, line string) (campaign.Line, error) {
	row, err := l.lines.Find(ctx, lineKey(line))
	return row.Value, err
}

// EditLine writes down what edit makes of a line, by its raw id, as Table.Edit does:
// edit may run several times, and its error is returned as it is.
func (l *Ledger) EditLine(
	ctx context.Context, line string, edit func(campaign.Line) (campaign.Line, error),
) (campaign.Line, error) {
	return l.lines.Edit(ctx, lineKey(line), edit)
}
