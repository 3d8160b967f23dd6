package call

import (
	"reflect"
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Given is what Move is given from outside the call: together with the call and
// the event it decides everything, and the history keeps it.
type Input struct {
	Now   time.Time
	Flow  *flow.Flow   // the version that the call has pinned
	Owner string       // who is writing: owns the actions that this write claims
	Gate  *DialVerdict // whether the call may still be placed; nil: it was not asked
}

// Gate is the verdict on a call that is to be placed: may it be, and by which rule.
type DialVerdict struct {
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule,omitempty"`
}

// AsksGate reports whether the call is to be placed by another request than its
// first, which may be sent now: then it has to be asked again whether it may be. The
// first one was asked for when the call was opened.
func (c Call) NeedsGate(now time.Time) bool {
	return slices.ContainsFunc(c.Pending, func(a outbox.Action) bool {
		return a.Verb == outbox.VerbCreate && a.Send > 1 && a.Owner == "" && a.Leasable(now)
	})
}

// Move returns c after e: stepped, its free actions claimed for g.Run, and
// counted as one row of history. It reports false, and c as it was, when the event
// changes nothing and is a Tick, or the history is full: then only what is done
// about the call's debts is written down.
func Apply(c Call, e Event, g Input) (Call, bool) {
	now := later(g.Now.UTC().Round(0), c.Updated)
	next := lease(runPhases(c, e, g), g, now)
	_, tick := e.Body.(Wake)
	if (tick || c.Seq >= maxHistory) && reflect.DeepEqual(normal(next), normal(c)) {
		return c, false
	}
	next.Seq++
	next.Updated = now
	if e.Key != "" {
		next.RecentEventKeys = append(next.RecentEventKeys, e.Key)
		next.RecentEventKeys = next.RecentEventKeys[max(0, len(next.RecentEventKeys)-maxEventKeys):]
	}
	return next, true
}

// lease gives the owner of the write every action that may be sent now.
func lease(c Call, g Input, now time.Time) Call {
	held := func(a outbox.Action) bool {
		return a.Verb == outbox.VerbCreate && a.Send > 1 && (g.Gate == nil || !g.Gate.Allowed)
	}
	until := func(v outbox.Verb) time.Time { return c.leaseUntil(v, now) }
	for _, ref := range c.Pending.Lease(g.Owner, now, held, until) {
		c.Wait.retarget(ref)
	}
	return c
}

// until is the end of a run's time for an action that it claims now. A run starts
// no request that could outlast it; so no answer begins after its own deadline.
func (c Call) leaseUntil(v outbox.Verb, now time.Time) time.Time {
	until := now.Add(c.Limits.lease(v))
	if v != outbox.VerbAnswer {
		return until
	}
	if last := c.OfferedAt.Add(c.Limits.Answer + c.Limits.Timeout(v)); last.Before(until) {
		return last
	}
	return until
}

// follow makes a wait for an earlier send of the operation one for this send.
func (w *Wait) retarget(r outbox.Ref) {
	for _, waiting := range []*outbox.Ref{&w.Media, &w.Music, &w.Invite.Ref, &w.Invite.Check} {
		if waiting.Op == r.Op {
			*waiting = r
		}
	}
}

// normal makes calls comparable: empty and nil lists are the same.
func normal(c Call) Call {
	c = c.clone()
	if len(c.Pending) == 0 {
		c.Pending = nil
	}
	if len(c.Deadlines) == 0 {
		c.Deadlines = nil
	}
	return c
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
