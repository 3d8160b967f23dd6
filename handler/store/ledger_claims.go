package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"switchboard/handler/campaign"
	"switchboard/handler/table"
)

// Due returns the entries of the campaign's shard that are due at now, in the order of their times, at most
// limit of them, from 1 to table.MaxPage.
func (l *Ledger) Due(
	ctx context.Context, c campaign.Campaign, shard int, now time.Time, limit int,
) ([]table.Row[campaign.DueEntry], error) {
	var due []table.Row[campaign.DueEntry]
	q := table.Query{
		Partition: partition(c.ID, shard), From: "d|", Before: "d|" + table.TimeKey(now) + "}", Limit: limit,
	}
	for row, err := range l.entries.List(ctx, q) {
		if l.unreadable.Skip(ctx, err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("due contacts of campaign %s: %w", c.ID, err)
		}
		if due = append(due, row); len(due) == limit {
			break
		}
	}
	return due, nil
}

// Claim claims a waiting contact, by its entry, for an attempt. The entry moves to s.CheckAt. One transaction
// writes the contact, the attempt, the entry and the counters, so of several callers that claim at once one
// succeeds. The caller must have checked that the contact may be dialled.
//
// Claim fails with ErrConflict if the contact is not waiting, if the entry is an old one, or if another
// caller was faster. ErrConflict can also be the result of the caller's own claim, whose answer was lost,
// and after any other error it is not known whether the contact is claimed. Its rows do not show by which
// process it was claimed, because every process derives the same call id. So after any error the caller must
// not dial. A claimed contact that no process dials is due again at s.CheckAt.
func (l *Ledger) Claim(
	ctx context.Context, c campaign.Campaign, due table.Row[campaign.DueEntry], s campaign.AttemptStart,
) (campaign.Contact, campaign.Attempt, error) {
	s.Began, s.CheckAt = s.Began.UTC(), s.CheckAt.UTC()
	var claimed campaign.Contact
	var attempt campaign.Attempt
	err := table.RetryOnConflict(ctx, func() (lost bool, err error) {
		contact, counters, err := l.contactAndCounters(ctx, due)
		if err != nil {
			return false, err
		}
		if contact.Value.State != campaign.ContactWaiting {
			return false, table.ErrConflict
		}
		claimed, attempt = contact.Value.Claimed(c.ID, s)
		tx := table.Begin(l.contactRows)
		l.reindexIn(tx, contact, due, claimed)
		l.attempts.InsertIn(tx, attemptKey(due.Key.Partition, claimed.ID, attempt.Claim), attempt)
		l.counters.ReplaceIn(tx, counters, counters.Value.Replace(&contact.Value, claimed))
		_, err = tx.Commit(ctx)
		return errors.Is(err, table.ErrConflict), err // over the counters or the contact, as the next try shows
	})
	if err != nil {
		return campaign.Contact{}, campaign.Attempt{}, fmt.Errorf("claim contact of campaign %s: %w", c.ID, err)
	}
	return claimed, attempt, nil
}

// contactAndCounters returns the contact of an entry, or ErrConflict if the contact has another entry now, and
// the counters of its partition.
func (l *Ledger) contactAndCounters(
	ctx context.Context, due table.Row[campaign.DueEntry],
) (contact table.Row[campaign.Contact], counters table.Row[campaign.Counters], err error) {
	reads, ctx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) {
		contact, err = l.contactOf(ctx, due)
		return err
	})
	reads.Go(func() (err error) {
		counters, err = l.counters.Get(ctx, countersKey(due.Key.Partition))
		return err
	})
	err = reads.Wait()
	return contact, counters, err
}

// Settle closes an attempt: one transaction writes the attempt and, if it is the contact's latest, the
// contact, its entry and the counters. If the attempt is closed already, or was never written, nothing
// changes. It may be repeated, and must be after an error. It returns the contact as it is then, if it was
// written.
func (l *Ledger) Settle(
	ctx context.Context, of campaign.ID, s campaign.Settlement,
) (written campaign.Contact, err error) {
	p := partition(of, s.Shard)
	s.At = s.At.UTC()
	err = table.RetryOnConflict(ctx, func() (lost bool, err error) {
		attempt, err := l.attempts.Get(ctx, attemptKey(p, s.Contact, s.Claim))
		if errors.Is(err, table.ErrNotFound) {
			return false, nil
		}
		if err != nil || !attempt.Value.Ended.IsZero() {
			return false, err
		}
		contact, err := l.contacts.Get(ctx, contactKey(p, s.Contact))
		if err != nil {
			return false, err
		}
		settled, closed := contact.Value.Settled(attempt.Value, s)
		tx := table.Begin(l.contactRows)
		l.attempts.ReplaceIn(tx, attempt, closed)
		if settled.State != contact.Value.State { // else it was not the latest
			entry, err := l.entries.Get(ctx, dueKey(p, contact.Value.Entry()))
			if err != nil {
				return errors.Is(err, table.ErrNotFound), err // moved since the contact was read
			}
			counters, err := l.counters.Get(ctx, countersKey(p))
			if err != nil {
				return false, err
			}
			l.reindexIn(tx, contact, entry, settled)
			l.counters.ReplaceIn(tx, counters, counters.Value.Replace(&contact.Value, settled))
		}
		if _, err = tx.Commit(ctx); err == nil {
			written = settled
		}
		return errors.Is(err, table.ErrConflict), err
	})
	if err != nil {
		return campaign.Contact{}, fmt.Errorf("settle attempt of campaign %s: %w", of, err)
	}
	return written, nil
}

// Refuse ends a waiting contact, by its entry, because of the rule by which the gate has refused it for
// good. If another process has changed the contact since the entry was read, nothing changes, and Refuse
// returns no error. It may be repeated.
func (l *Ledger) Refuse(ctx context.Context, due table.Row[campaign.DueEntry], rule campaign.Rule) error {
	err := table.RetryOnConflict(ctx, func() (lost bool, err error) {
		contact, err := l.contactOf(ctx, due)
		if err != nil || contact.Value.State != campaign.ContactWaiting {
			return false, IgnoreConflict(err)
		}
		counters, err := l.counters.Get(ctx, countersKey(due.Key.Partition))
		if err != nil {
			return false, err
		}
		refused := contact.Value.RefusedBy(rule)
		tx := table.Begin(l.contactRows)
		l.reindexIn(tx, contact, due, refused)
		l.counters.ReplaceIn(tx, counters, counters.Value.Replace(&contact.Value, refused))
		_, err = tx.Commit(ctx)
		return errors.Is(err, table.ErrConflict), err
	})
	if err != nil {
		return fmt.Errorf("refuse contact: %w", err)
	}
	return nil
}

// Postpone moves a contact's entry to another time. If another process has changed the contact since the
// entry was read, nothing changes, and Postpone returns no error. It may be repeated.
func (l *Ledger) Postpone(ctx context.Context, due table.Row[campaign.DueEntry], to time.Time) error {
	contact, err := l.contactOf(ctx, due)
	if err == nil {
		tx := table.Begin(l.contactRows)
		l.reindexIn(tx, contact, due, contact.Value.Postponed(to.UTC()))
		_, err = tx.Commit(ctx)
	}
	if err := IgnoreConflict(err); err != nil {
		return fmt.Errorf("postpone contact: %w", err)
	}
	return nil
}

// contactOf returns the contact of an entry, or ErrConflict if the contact has another entry now.
func (l *Ledger) contactOf(
	ctx context.Context, due table.Row[campaign.DueEntry],
) (table.Row[campaign.Contact], error) {
	p := due.Key.Partition
	contact, err := l.contacts.Get(ctx, contactKey(p, due.Value.Contact))
	if err != nil {
		return table.Row[campaign.Contact]{}, err
	}
	if dueKey(p, contact.Value.Entry()) != due.Key {
		return table.Row[campaign.Contact]{}, table.ErrConflict
	}
	return contact, nil
}

// reindexIn adds the contact in its new state to tx, and moves or removes its entry.
func (l *Ledger) reindexIn(
	tx *table.Tx, contact table.Row[campaign.Contact], entry table.Row[campaign.DueEntry], after campaign.Contact,
) {
	l.contacts.ReplaceIn(tx, contact, after)
	k := dueKey(entry.Key.Partition, after.Entry())
	switch {
	case after.Due.IsZero():
		l.entries.DeleteIn(tx, entry)
	case k == entry.Key:
		l.entries.ReplaceIn(tx, entry, after.Entry())
	default:
		l.entries.DeleteIn(tx, entry)
		l.entries.InsertIn(tx, k, after.Entry())
	}
}
