// Package engine drives calls: it loads a call, lets package call apply an event to it, saves the result,
// and only then performs the actions that package call has asked for.
//
// The host may end this process at any moment. Work that was saved is completed by a later delivery or by
// the sweep. Work that was not saved was not begun.
package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/keylock"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Engine applies events to calls. All of its methods may be called concurrently, by any number of processes
// on one storage, and repeated.
//
// New makes one. Before the first event, Gate, Refiller, Reservations and their local actions are set by
// dialler.New, Recordings and its local action by filer.New.
type Engine struct {
	Options

	Gate         Gate
	Refiller     Refiller
	Reservations Reservations
	Recordings   RecordingWork
	Local        map[outbox.Verb]LocalAction

	locks     keylock.Locks[call.ID]
	memory    rowMemory
	announced announcements
	attending *semaphore.Weighted
}

// Options are what an Engine works with. All are required.
type Options struct {
	Calls  *store.Calls
	Flows  Flows
	Sender Sender
	Queue  Queue // of deadlines

	// Go runs f in a goroutine that outlives the present invocation and that the process waits for when it
	// drains.
	Go func(ctx context.Context, f func(context.Context))
}

// New returns an Engine without what dialler.New and filer.New set.
func New(o Options) *Engine {
	return &Engine{Options: o, Local: map[outbox.Verb]LocalAction{}, attending: semaphore.NewWeighted(attendLimit)}
}

// SetLocal makes perform the function that performs the verb's actions.
func (e *Engine) SetLocal(verb outbox.Verb, perform LocalAction) { e.Local[verb] = perform }

// perform performs one action and returns its result as an event.
func (e *Engine) perform(ctx context.Context, c call.Call, a outbox.Action) call.Event {
	if a.Verb.RetryClass() == outbox.Local {
		return e.performLocal(ctx, c, a)
	}
	return e.Sender.Send(ctx, c, a)
}

// ReplyWait is how long a run that no caller waits for, waits for its actions before it leaves them to their
// goroutines.
const ReplyWait = time.Second

// ringWait is how long Apply waits for an action that rings a telephone. Such an action is sent once or never:
// the platform may stop an instance between two invocations, but rarely during one.
const ringWait = 250 * time.Millisecond

// inProcessRetryLimit is the longest backoff after which this process retries an action itself; longer ones
// are left to the sweep. It must stay below the time that package invoke allows for draining.
const inProcessRetryLimit = 5 * time.Second

// ErrUnanswered means that the call is not answered yet: its offer should be delivered again.
var ErrUnanswered = errors.New("not answered yet")

// maxOffers is the number of calls with one correlation id that are answered on one line within a minute. A
// call that is redirected back to the line keeps its correlation id.
const maxOffers = 3

// ErrLoop means that a call is redirected back to the line again and again.
var ErrLoop = errors.New("offered too often")

// Open opens the call that the event offers, and answers it. It may be repeated: a second delivery completes
// what the first has left. ErrUnanswered: the call may still be answered, by this process or another one.
// ErrLoop: the call is redirected back again and again, and is not answered.
func (e *Engine) Open(ctx context.Context, id call.ID, offer call.Event) error {
	t, err := e.Start(ctx, id, offer)
	if err != nil {
		return fmt.Errorf("open call %s: %w", id, err)
	}
	if t.Idle() && !t.Call().Answered() { // the process that handled an earlier delivery has crashed
		if t, err = e.Start(ctx, id, call.Event{Body: call.Wake{}}); err != nil {
			return fmt.Errorf("open call %s: %w", id, err)
		}
	}
	t.Wait(ctx, t.Call().Limits.Timeout(outbox.VerbAnswer)+ReplyWait)
	if !t.Call().Answered() {
		return fmt.Errorf("open call %s: %w", id, ErrUnanswered)
	}
	return nil
}

// Apply applies an event to a call. When it returns nil the event is committed, by this delivery or an
// earlier one; the actions that follow from it may still be under way, because ACS delivers a callback again if
// the reply takes long. An event of a call that does not exist is ignored.
func (e *Engine) Apply(ctx context.Context, id call.ID, ev call.Event) error {
	t, err := e.Start(ctx, id, ev)
	if errors.Is(err, table.ErrNotFound) {
		zerolog.Ctx(ctx).Debug().Str("call", string(id)).Str("event", ev.Kind()).Msg("event of no call")
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s on call %s: %w", ev.Kind(), id, err)
	}
	if t.rings {
		t.Wait(ctx, ringWait)
	}
	return nil
}

// Start commits one event and starts to perform the actions that this write has leased. The Tracker follows
// them.
func (e *Engine) Start(ctx context.Context, id call.ID, ev call.Event) (*Tracker, error) {
	owner := rand.Text()
	c, err := e.commit(ctx, id, ev, owner)
	if err != nil {
		return nil, err
	}
	t := newTracker(c)
	t.rings = rings(c, owner)
	e.act(ctx, t, owner, c)
	return t, nil
}

// rings reports whether owner has leased an action that rings a telephone.
func rings(c call.Call, owner string) bool {
	return slices.ContainsFunc(c.Pending, func(a outbox.Action) bool {
		return a.Owner == owner && a.Verb.RetryClass() == outbox.AtMostOnce
	})
}

// act starts to perform the actions that are leased to owner, each lane in a goroutine of its own.
func (e *Engine) act(ctx context.Context, t *Tracker, owner string, c call.Call) {
	var tasks []func(context.Context)
	for _, lane := range c.Pending.Leased(owner) {
		tasks = append(tasks, func(ctx context.Context) { e.send(ctx, t, owner, c, lane) })
	}
	if !c.HasWork() && !c.WorkDue.IsZero() {
		tasks = append(tasks, func(ctx context.Context) { e.unschedule(ctx, c.ID) })
	}
	t.begin(len(tasks))
	for _, task := range tasks {
		e.Go(ctx, func(ctx context.Context) {
			defer t.end()
			task(ctx)
		})
	}
}

// send performs the actions of one lane in their order. Each result is committed as an event, from which
// more actions may follow.
func (e *Engine) send(ctx context.Context, t *Tracker, owner string, c call.Call, lane []outbox.Action) {
	for _, a := range lane {
		if !c.Pending.Owns(owner, a) {
			continue // removed by the result of an earlier action
		}
		timeout := c.Limits.Timeout(a.Verb)
		if time.Now().Add(timeout).After(a.LeaseUntil) {
			return // the request could outlast the lease: another process leases the action then
		}
		requestCtx, cancel := context.WithTimeout(ctx, timeout)
		reply := e.perform(requestCtx, c, a)
		cancel()
		next, ok := e.commitReply(ctx, t, c.ID, reply, a.LeaseUntil)
		if !ok {
			return
		}
		c = next
		if a.Verb == outbox.VerbRelease && succeeded(reply) {
			e.Refiller.Refill(ctx, c)
		}
	}
}

// succeeded reports whether an action is known to have been performed.
func succeeded(reply call.Event) bool {
	replied, ok := reply.Body.(call.Replied)
	return ok && replied.Verdict == call.VerdictOK
}

// commitReply commits the result of an action, and starts what follows from it. It tries until the action's
// lease ends: after that another process may lease the action, and a late result no longer counts.
func (e *Engine) commitReply(
	ctx context.Context, t *Tracker, id call.ID, reply call.Event, leaseUntil time.Time,
) (call.Call, bool) {
	ctx, cancel := context.WithDeadline(ctx, leaseUntil)
	defer cancel()
	owner := rand.Text()
	for try := 0; ; try++ {
		c, err := e.commit(ctx, id, reply, owner)
		if err == nil {
			t.update(c)
			ctx := context.WithoutCancel(ctx)
			e.act(ctx, t, owner, c)
			e.scheduleRetry(ctx, t, c)
			return c, true
		}
		if permanent(err) || table.Pause(ctx, try) != nil {
			zerolog.Ctx(ctx).Error().Err(err).Str("call", string(id)).Msg("reply not saved")
			return call.Call{}, false
		}
	}
}

// scheduleRetry lets this process retry the next action whose backoff is short: people on the telephone wait
// for it, and the message that announces it may be seconds late. If this fails, that message leads to the retry.
func (e *Engine) scheduleRetry(ctx context.Context, t *Tracker, c call.Call) {
	at := c.Pending.NextRetry()
	wait := time.Until(at)
	if at.IsZero() || wait > inProcessRetryLimit {
		return
	}
	t.begin(1)
	e.Go(ctx, func(ctx context.Context) {
		defer t.end()
		time.Sleep(wait)
		owner := rand.Text()
		next, err := e.commit(ctx, c.ID, call.Event{Body: call.Wake{}}, owner)
		if err != nil {
			zerolog.Ctx(ctx).Debug().Err(err).Str("call", string(c.ID)).Msg("call left to the sweep")
			return
		}
		t.update(next)
		e.act(ctx, t, owner, next)
	})
}

// unscheduleTimeout bounds the removal of a work item.
const unscheduleTimeout = 30 * time.Second

// unschedule removes a call without outstanding work from the worklist. If this fails, it is done when the item is
// due.
func (e *Engine) unschedule(ctx context.Context, id call.ID) {
	ctx, cancel := context.WithTimeout(ctx, unscheduleTimeout)
	defer cancel()
	if err := e.Calls.Unschedule(ctx, id); err != nil {
		zerolog.Ctx(ctx).Debug().Err(err).Str("call", string(id)).Msg("call left to the sweep")
	}
}

// HasEnded reports whether the call has ended, and returns it. A call whose row is not written yet has not
// ended: the row follows, or a tombstone.
func (e *Engine) HasEnded(ctx context.Context, id call.ID) (call.Call, bool, error) {
	row, err := e.Calls.Load(ctx, id)
	if errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrNewer) {
		err = nil
	}
	return row.Value, row.Value.State == call.StateEnded, err
}
