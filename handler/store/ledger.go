package store

import (
	"context"
	"encoding/json"
	"fmt"

	"switchboard/handler/campaign"
	"switchboard/handler/digest"
	"switchboard/handler/table"
)

// Ledger keeps campaigns with their contacts, and the numbers and lines of all campaigns. Contacts are
// spread over partitions. A partition holds a contact, its attempts, its entry in the due index, and the
// partition's counters, so that a change of a contact is one transaction. All methods may be called
// concurrently, by any number of processes.
//
// Package campaign decides how a contact changes. For rows of a later version methods fail with ErrNewer,
// and lists leave them out; a row that cannot be read is logged once, and left out as well.
type Ledger struct {
	campaignRows table.Rows
	campaigns    *table.Table[campaign.Campaign]
	replies      *table.Table[Reply]

	contactRows table.Rows
	contacts    *table.Table[campaign.Contact]
	entries     *table.Table[campaign.DueEntry]
	attempts    *table.Table[campaign.Attempt]
	counters    *table.Table[campaign.Counters]

	numbers *table.Table[campaign.Number]
	lines   *table.Table[campaign.Line]

	unreadable table.UnreadableLog
}

// NewLedger returns the Ledger in the given tables.
func NewLedger(campaigns, contacts, numbers, lines table.Rows) *Ledger {
	return &Ledger{
		campaignRows: campaigns,
		campaigns:    table.NewVersioned[campaign.Campaign](campaigns, campaign.Schema),
		replies:      table.NewTable[Reply](campaigns),

		contactRows: contacts,
		contacts:    table.NewVersioned[campaign.Contact](contacts, campaign.Schema),
		entries:     table.NewTable[campaign.DueEntry](contacts),
		attempts:    table.NewVersioned[campaign.Attempt](contacts, campaign.Schema),
		counters:    table.NewTable[campaign.Counters](contacts),

		numbers: table.NewVersioned[campaign.Number](numbers, campaign.Schema),
		lines:   table.NewVersioned[campaign.Line](lines, campaign.Schema),
	}
}

// campaignPartition is the one partition of all campaigns.
const campaignPartition = "campaign"

func campaignKey(id campaign.ID) table.Key {
	return table.Key{Partition: campaignPartition, Row: "c|" + string(id)}
}
func replyKey(key string) table.Key {
	return table.Key{Partition: campaignPartition, Row: "e|" + digest.Hex(digest.Size, key)}
}

// partition returns the partition of one shard of a campaign's contacts.
func partition(of campaign.ID, shard int) string { return fmt.Sprintf("%s|%02x", of, shard) }

func contactKey(partition string, id campaign.ContactID) table.Key {
	return table.Key{Partition: partition, Row: "c|" + string(id)}
}

func dueKey(partition string, d campaign.DueEntry) table.Key {
	return table.Key{Partition: partition, Row: "d|" + table.TimeKey(d.At) + "|" + string(d.Contact)}
}

func attemptKey(partition string, id campaign.ContactID, claim int) table.Key {
	return table.Key{Partition: partition, Row: fmt.Sprintf("a|%s|%08d", id, claim)}
}

func countersKey(partition string) table.Key { return table.Key{Partition: partition, Row: "n"} }

func numberKey(number string) table.Key { return table.Key{Partition: number, Row: "number"} }
func lineKey(line string) table.Key     { return table.Key{Partition: line, Row: "line"} }

// Reply is the answer to a request. It is kept under the request's key, so that a repeated request gets the
// same answer.
type Reply struct {
	Hash     string          `json:"hash"` // of the request
	Status   int             `json:"status"`
	Body     json.RawMessage `json:"body,omitempty"`
	Location string          `json:"location,omitempty"`
}

// Number returns a number by its E.164 form, or the zero Number if it has no row.
func (l *Ledger) Number(ctx context.Context, number string) (campaign.Number, error) {
	row, err := l.numbers.Find(ctx, numberKey(number))
	return row.Value, err
}

// EditNumber replaces a number, by its E.164 form, by edit of it, as table.Table.Edit does: edit may run
// several times, and its error is returned as it is.
func (l *Ledger) EditNumber(
	ctx context.Context, number string, edit func(campaign.Number) (campaign.Number, error),
) (campaign.Number, error) {
	return l.numbers.Edit(ctx, numberKey(number), edit)
}

// Line returns a line by its raw id, or the zero Line if it has no row.
func (l *Ledger) Line(ctx context.Context, line string) (campaign.Line, error) {
	row, err := l.lines.Find(ctx, lineKey(line))
	return row.Value, err
}

// EditLine replaces a line, by its raw id, by edit of it, as table.Table.Edit does: edit may run several
// times, and its error is returned as it is.
func (l *Ledger) EditLine(
	ctx context.Context, line string, edit func(campaign.Line) (campaign.Line, error),
) (campaign.Line, error) {
	return l.lines.Edit(ctx, lineKey(line), edit)
}
