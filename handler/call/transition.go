package call

import (
	"reflect"
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Input is what a transition depends on besides the call and the event. The history keeps it, so that the
// transition can be replayed.
type Input struct {
	Now         time.Time
	Flow        *flow.Flow   // the version that the call is pinned to
	Owner       string       // the run that writes the transition; it leases the actions
	GateVerdict *DialVerdict // whether the call may still be dialled; nil: the gate was not asked
}

// DialVerdict is the gate's answer about a call that is to be dialled: whether it may be, and the rule that
// decided.
type DialVerdict struct {
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule,omitempty"`
}

// Apply returns c after e: with the event's effects, with every action that may be sent now leased to
// in.Owner, and with one history row more.
//
// It returns c unchanged and false if the event changes nothing and is a Wake, or if it changes nothing and
// the history is full. A full history still records what is done about outstanding work.
func Apply(c Call, e Event, in Input) (Call, bool) {
	now := later(in.Now.UTC().Round(0), c.Updated)
	next := lease(runPhases(c, e, in), in, now)
	_, wake := e.Body.(Wake)
	if (wake || c.Seq >= maxHistory) && reflect.DeepEqual(normal(next), normal(c)) {
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

// NeedsGate reports whether a repeated CreateCall could be leased now, for which the gate must be asked
// again. The first CreateCall needs no second verdict: the gate was asked before the call was opened.
func (c Call) NeedsGate(now time.Time) bool {
	return slices.ContainsFunc(c.Pending, func(a outbox.Action) bool {
		return a.Verb == outbox.VerbCreate && a.Send > 1 && a.Owner == "" && a.Leasable(now)
	})
}

// lease returns c with every action that may be sent now leased to the owner of the write.
func lease(c Call, in Input, now time.Time) Call {
	held := func(a outbox.Action) bool {
		return a.Verb == outbox.VerbCreate && a.Send > 1 && (in.GateVerdict == nil || !in.GateVerdict.Allowed)
	}
	until := func(v outbox.Verb) time.Time { return c.leaseUntil(v, now) }
	for _, ref := range c.Pending.Lease(in.Owner, now, held, until) {
		c.Wait.retarget(ref)
	}
	return c
}

// leaseUntil returns the end of a lease that begins now. No request is begun that could last beyond the
// lease; the lease of an answer is therefore cut so that no answer begins after Limits.Answer.
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

// retarget replaces a reference to an earlier send of the operation by r.
func (w *Wait) retarget(r outbox.Ref) {
	for _, waiting := range []*outbox.Ref{&w.Media, &w.Music, &w.Invite.Ref, &w.Invite.Check} {
		if waiting.Op == r.Op {
			*waiting = r
		}
	}
}

// normal returns c in the form in which calls are compared: empty lists are nil.
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

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
