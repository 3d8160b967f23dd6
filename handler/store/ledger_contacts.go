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
	// addWide is over how many partitions contacts are written at the same time.
	addParallel = 4
	// addEach is how many contacts one transaction takes: each is two rows, and the
	// counters are one.
	batchSize = (table.MaxWrites - 1) / 2
)

// behind makes of a contact's row key the bound between it and the next one: ids are
// letters and digits, which come later.
const afterKey = "!"

// Add writes down contacts of a campaign, each once: it may be repeated after any
// failure, and then adds those that are missing. A contact that is there stays as
// it is.
func (l *Ledger) Add(ctx context.Context, c campaign.Campaign, contacts []campaign.Contact) error {
	shards := make([][]campaign.Contact, c.Shards)
	for _, contact := range contacts {
		n := contact.ID.Shard(c.Shards)
		shards[n] = append(shards[n], contact)
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(addParallel)
	for n, some := range shards {
		byID := func(a, b campaign.Contact) int { return strings.Compare(string(a.ID), string(b.ID)) }
		slices.SortFunc(some, byID)
		some = slices.CompactFunc(some, func(a, b campaign.Contact) bool { return a.ID == b.ID })
		all.Go(func() error {
			for some := range slices.Chunk(some, batchSize) {
				if err := l.addBatch(ctx, partition(c.ID, n), some); err != nil {
					return fmt.Errorf("add contacts to campaign %s: %w", c.ID, err)
				}
			}
			return nil
		})
	}
	return all.Wait()
}

// addSome adds contacts of one partition, ordered by id, in one transaction.
func (l *Ledger) addBatch(ctx context.Context, partition string, some []campaign.Contact) error {
	return table.RetryOnConflict(ctx, func() (lost bool, err error) {
		there, err := l.existingIDs(ctx, partition, some[0].ID, some[len(some)-1].ID)
		if err != nil {
			return false, err
		}
		counters, err := l.counters.Find(ctx, countersKey(partition))
		if err != nil {
			return false, err
		}
		tx, sum := table.Begin(l.contactRows), counters.Value
		for _, contact := range some {
			if there[contact.ID] {
				continue
			}
			l.contacts.InsertIn(tx, contactKey(partition, contact.ID), contact)
			l.entries.InsertIn(tx, dueKey(partition, contact.Entry()), contact.Entry())
			sum = sum.Replace(nil, contact)
		}
		if sum.Contacts == counters.Value.Contacts {
			return false, nil // they are all there
		}
		l.counters.SaveIn(tx, counters, sum)
		err = tx.Commit(ctx)
		return errors.Is(err, table.ErrConflict), err
	})
}

// between says which contacts of the partition have an id from first to last.
func (l *Ledger) existingIDs(
	ctx context.Context, partition string, first, last campaign.ContactID,
) (map[campaign.ContactID]bool, error) {
	there := map[campaign.ContactID]bool{}
	q := table.Query{
		Partition: partition,
		From:      contactKey(partition, first).Row,
		Before:    contactKey(partition, last).Row + afterKey,
	}
	for row, err := range l.contacts.List(ctx, q) {
		if err != nil {
			return nil, err
		}
		there[row.Value.ID] = true
	}
	return there, nil
}

// Contact returns a contact of the campaign, or ErrNotFound.
func (l *Ledger) Contact(
	ctx context.Context, of campaign.ID, shard int, id campaign.ContactID,
) (campaign.Contact, error) {
	row, err := l.contacts.Get(ctx, contactKey(partition(of, shard), id))
	return row.Value, err
}

// Contacts returns at most limit contacts of a campaign, 1 to MaxPage, in an order
// that stays, and the token by which the next ones are asked for; it is safe in a
// URL, and empty after the last page, which may be an empty one. After is such a
// token, or empty for the first page. ErrInvalid: a token that was never given.
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

// pageToken is the last contact of a page.
type pageToken struct {
	shard   int
	contact campaign.ContactID
}

func (t pageToken) String() string { return fmt.Sprintf("%02x.%s", t.shard, t.contact) }

// readPageToken reads a token for a campaign with so many shards, or fails with
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

// Counters counts a campaign's contacts.
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
