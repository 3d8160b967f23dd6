package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"switchboard/handler/campaign"
	"switchboard/handler/table"
)

const (
	// addParallel is the number of partitions to which contacts are added at the same time.
	addParallel = 4
	// batchSize is the number of contacts in one transaction: each has two rows, and the counters one.
	batchSize = (table.MaxWrites - 1) / 2
)

// afterKey, appended to a contact's row key, is a bound between it and the next one: '!' sorts before every
// character of a contact's id.
const afterKey = "!"

// Add adds contacts to a campaign. A contact that exists stays as it is, so Add may be repeated after any
// failure.
func (l *Ledger) Add(ctx context.Context, c campaign.Campaign, contacts []campaign.Contact) error {
	shards := make([][]campaign.Contact, c.Shards)
	for _, contact := range contacts {
		n := contact.ID.Shard(c.Shards)
		shards[n] = append(shards[n], contact)
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(addParallel)
	for n, inShard := range shards {
		byID := func(a, b campaign.Contact) int { return strings.Compare(string(a.ID), string(b.ID)) }
		slices.SortFunc(inShard, byID)
		inShard = slices.CompactFunc(inShard, func(a, b campaign.Contact) bool { return a.ID == b.ID })
		all.Go(func() error {
			for batch := range slices.Chunk(inShard, batchSize) {
				if err := l.addBatch(ctx, partition(c.ID, n), batch); err != nil {
					return fmt.Errorf("add contacts to campaign %s: %w", c.ID, err)
				}
			}
			return nil
		})
	}
	return all.Wait()
}

// addBatch adds contacts to one partition in one transaction. They must be ordered by id.
func (l *Ledger) addBatch(ctx context.Context, partition string, batch []campaign.Contact) error {
	return table.RetryOnConflict(ctx, func() (lost bool, err error) {
		existing, err := l.existingIDs(ctx, partition, batch[0].ID, batch[len(batch)-1].ID)
		if err != nil {
			return false, err
		}
		counters, err := l.counters.Find(ctx, countersKey(partition))
		if err != nil {
			return false, err
		}
		tx, sum := table.Begin(l.contactRows), counters.Value
		for _, contact := range batch {
			if existing[contact.ID] {
				continue
			}
			l.contacts.InsertIn(tx, contactKey(partition, contact.ID), contact)
			l.entries.InsertIn(tx, dueKey(partition, contact.Entry()), contact.Entry())
			sum = sum.Replace(nil, contact)
		}
		if sum.Contacts == counters.Value.Contacts {
			return false, nil // all of them exist
		}
		l.counters.SaveIn(tx, counters, sum)
		_, err = tx.Commit(ctx)
		return errors.Is(err, table.ErrConflict), err
	})
}

// existingIDs returns the ids from first to last that contacts of the partition have.
func (l *Ledger) existingIDs(
	ctx context.Context, partition string, first, last campaign.ContactID,
) (map[campaign.ContactID]bool, error) {
	existing := map[campaign.ContactID]bool{}
	q := table.Query{
		Partition: partition,
		From:      contactKey(partition, first).Row,
		Before:    contactKey(partition, last).Row + afterKey,
	}
	for row, err := range l.contacts.List(ctx, q) {
		if err != nil && !l.unreadable.Skip(ctx, err) { // a contact that cannot be read exists, too
			return nil, err
		}
		existing[campaign.ContactID(strings.TrimPrefix(row.Key.Row, "c|"))] = true
	}
	return existing, nil
}

// Contact returns a contact of the campaign, or ErrNotFound.
func (l *Ledger) Contact(
	ctx context.Context, of campaign.ID, shard int, id campaign.ContactID,
) (campaign.Contact, error) {
	row, err := l.contacts.Get(ctx, contactKey(partition(of, shard), id))
	return row.Value, err
}

// Contacts returns a page of at most limit contacts of a campaign that can be read, from 1 to table.MaxPage,
// and the token of the next page. The order is always the same. after is the token of a page, or empty for the first one.
// next is safe in a URL, and empty after the last page, which may hold no contact. It fails with ErrInvalid
// for a token that it never returned.
func (l *Ledger) Contacts(
	ctx context.Context, c campaign.Campaign, after string, limit int,
) (page []campaign.Contact, next string, err error) {
	if limit < 1 {
		return nil, "", fmt.Errorf("%w: page of %d contacts", table.ErrInvalid, limit)
	}
	var from pageToken
	if after != "" {
		if from, err = readPageToken(after, c.Shards); err != nil {
			return nil, "", err
		}
	}
	for shard := from.shard; shard < c.Shards; shard++ {
		q := table.WithPrefix(partition(c.ID, shard), "c|")
		if shard == from.shard && from.contact != "" {
			q.From = contactKey(q.Partition, from.contact).Row + afterKey
		}
		q.Limit = limit - len(page)
		for row, err := range l.contacts.List(ctx, q) {
			if l.unreadable.Skip(ctx, err) {
				continue
			}
			if err != nil {
				return nil, "", err
			}
			if page = append(page, row.Value); len(page) == limit {
				return page, pageToken{shard, row.Value.ID}.String(), nil
			}
		}
	}
	return page, "", nil
}

// pageToken is the place of the last contact of a page.
type pageToken struct {
	shard   int
	contact campaign.ContactID
}

func (t pageToken) String() string { return fmt.Sprintf("%02x.%s", t.shard, t.contact) }

// readPageToken reads the token of a page of a campaign with this number of shards, or fails with
// ErrInvalid.
func readPageToken(s string, shards int) (pageToken, error) {
	shard, contact, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(shard, 16, 8)
	t := pageToken{int(n), campaign.ContactID(contact)}
	if err != nil || t.String() != s || t.shard >= shards || contact == "" || contactKey("p", t.contact).Check() != nil {
		return pageToken{}, fmt.Errorf("%w: continuation token", table.ErrInvalid)
	}
	return t, nil
}

// Counters returns the sums of a campaign's counters over its shards.
func (l *Ledger) Counters(ctx context.Context, c campaign.Campaign) (campaign.Counters, error) {
	shards := make([]campaign.Counters, c.Shards)
	all, ctx := errgroup.WithContext(ctx)
	for n := range shards {
		all.Go(func() error {
			row, err := l.counters.Find(ctx, countersKey(partition(c.ID, n)))
			shards[n] = row.Value
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return campaign.Counters{}, fmt.Errorf("count contacts of campaign %s: %w", c.ID, err)
	}
	var sum campaign.Counters
	for _, n := range shards {
		sum = sum.Plus(n)
	}
	return sum, nil
}
