// Package outbox holds the pending actions of a call: which there are, who may send them, in which order,
// and when one is tried again. An action is saved before it is sent, so that a crash loses none.
//
// The package is pure: no context, I/O, clock, randomness or logger. Its one rule: an action is sent only by
// the run that has leased it, while the lease lasts, and after all actions before it in its lane.
package outbox

import (
	"slices"
	"time"
)

// Outbox holds the pending actions of a call, in the order added. Its methods that return an Outbox leave
// the receiver as it was; Lease and UnleaseBehind change its actions in place.
type Outbox []Action

// Has reports whether an action of the verb is pending.
func (o Outbox) Has(v Verb) bool { return o.IndexVerb(v) >= 0 }

// Index returns the index of the action with this operation and send, or -1.
func (o Outbox) Index(r Ref) int {
	return slices.IndexFunc(o, func(a Action) bool { return a.Ref == r })
}

// IndexVerb returns the index of the first action of the verb, or -1.
func (o Outbox) IndexVerb(v Verb) int {
	return slices.IndexFunc(o, func(a Action) bool { return a.Verb == v })
}

// Without returns the outbox without the action with this operation and send.
func (o Outbox) Without(r Ref) Outbox {
	return slices.DeleteFunc(slices.Clone(o), func(a Action) bool { return a.Ref == r })
}

// WithoutVerb returns the outbox without the actions of the verb.
func (o Outbox) WithoutVerb(v Verb) Outbox {
	return slices.DeleteFunc(slices.Clone(o), func(a Action) bool { return a.Verb == v })
}

// Sending reports whether the action with this index may be on its way to ACS: its lease has not ended, and
// no action before it in its lane holds it back.
func (o Outbox) Sending(i int, now time.Time) bool {
	a := o[i]
	return a.Owner != "" && now.Before(a.LeaseUntil) &&
		!slices.ContainsFunc(o[:i], func(b Action) bool { return b.Verb.Lane() == a.Verb.Lane() })
}

// Lease gives the owner every action that may be sent now: the first of each lane, and those behind it as
// long as all before them are leased by this call too. Held actions are passed over, with all behind them in
// their lane; until returns the end of a lease.
//
// Of the actions whose lease has ended, those of the class AtLeastOnce become new sends, whose references
// are returned; the others keep their send. Actions of the class AtMostOnce whose lease has ended must have
// been removed before: Lease would lease them again.
func (o Outbox) Lease(owner string, now time.Time, held func(Action) bool, until func(Verb) time.Time) (resent []Ref) {
	blocked := map[Lane]bool{}
	for i, a := range o {
		lane := a.Verb.Lane()
		if blocked[lane] || !a.Leasable(now) || held(a) {
			blocked[lane] = true
			continue
		}
		if a.Owner != "" && a.Verb.RetryClass() == AtLeastOnce {
			a = a.ResendUnconfirmed(time.Time{})
			resent = append(resent, a.Ref)
		}
		a.Owner, a.LeaseUntil, a.NotBefore = owner, until(a.Verb), time.Time{}
		a.Leases++
		if a.FirstSent.IsZero() {
			a.FirstSent = now.Truncate(time.Second)
		}
		o[i] = a
	}
	return resent
}

// Leased returns the actions that the owner has leased, by lane, each lane in the order in which to send
// them.
func (o Outbox) Leased(owner string) map[Lane][]Action {
	lanes := map[Lane][]Action{}
	for _, a := range o {
		if a.Owner == owner {
			lanes[a.Verb.Lane()] = append(lanes[a.Verb.Lane()], a)
		}
	}
	return lanes
}

// Owns reports whether the owner still has this send of the action leased.
func (o Outbox) Owns(owner string, a Action) bool {
	return slices.ContainsFunc(o, func(p Action) bool { return p.Ref == a.Ref && p.Owner == owner })
}

// UnleaseBehind ends the leases of the actions behind the one with this index, in its lane. They were not
// sent, because a lane is sent in order, and must not be sent while this one is pending.
func (o Outbox) UnleaseBehind(i int) {
	for j := i + 1; j < len(o); j++ {
		if o[j].Verb.Lane() == o[i].Verb.Lane() {
			o[j] = o[j].Unlease()
		}
	}
}

// Wake returns the earliest time at which an action may be leased anew: the end of a lease, or of a wait
// that ACS asked for. Zero: no action waits for a time.
func (o Outbox) Wake() time.Time {
	return o.earliest(func(a Action) time.Time {
		if a.Owner != "" {
			return a.LeaseUntil
		}
		return a.NotBefore
	})
}

// NextRetry returns the earliest NotBefore of the actions without an owner. Zero: there is none.
func (o Outbox) NextRetry() time.Time {
	return o.earliest(func(a Action) time.Time {
		if a.Owner != "" {
			return time.Time{}
		}
		return a.NotBefore
	})
}

// earliest returns the earliest of the actions' times that are not zero.
func (o Outbox) earliest(at func(Action) time.Time) time.Time {
	var first time.Time
	for _, a := range o {
		if t := at(a); !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
