// Package engine takes calls through their lives: it loads a call, lets package
// call decide, saves, and only then acts. It is the one place that both changes
// rows and talks to ACS.
//
// The host may end this process at any moment. Whatever was saved is still owed
// and is done by a later delivery or the sweep; whatever was not saved was not
// done.
package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Engine takes events to calls. All of its methods may be called concurrently, by any number of processes on one
// storage, and repeated.
//
// Every field must be set before the first event: Gate, Refiller, Reservations and their local actions by
// dialler.New, Recordings and its local action by filer.New.
type Engine struct {
	Calls  *store.Calls
	Flows  Flows
	Sender Sender

	Gate         Gate
	Refiller     Refiller
	Reservations Reservations
	Recordings   RecordingWork
	Local        map[outbox.Verb]LocalAction

	// Go runs f in a goroutine that outlives the present invocation and that the process waits for when it drains.
	Go func(ctx context.Context, f func(context.Context))

	locks keyLock
}

// SetLocal lets perform perform the actions of the verb.
func (e *Engine) SetLocal(verb outbox.Verb, perform LocalAction) {
	if e.Local == nil {
		e.Local = map[outbox.Verb]LocalAction{}
	}
	e.Local[verb] = perform
}

// perform performs one action and returns what came of it.
func (e *Engine) perform(ctx context.Context, c call.Call, a outbox.Action) call.Event {
	if a.Verb.RetryClass() == outbox.Local {
		return e.performLocal(ctx, c, a)
	}
	return e.Sender.Send(ctx, c, a)
}

// replyWait is how long Apply waits for its actions before it leaves them to a
// goroutine: ACS delivers a callback again when the answer takes long.
const ReplyWait = time.Second

// comeBackWithin is how long an action may have to wait for the run that heard so
// to see to it. It is less than a process takes to drain.
const inProcessRetryLimit = 5 * time.Second

// ErrUnanswered means that a call's answer is still owed: the offer should be
// delivered again.
var ErrUnanswered = errors.New("not answered yet")

// maxOffers is how many calls with one correlation id are taken on one line
// within a minute. A call that is redirected comes back under its correlation id.
const maxOffers = 3

// ErrLoop means that a call goes round between us and somebody else.
var ErrLoop = errors.New("offered too often")

// Open opens the call that the event offers and answers it. A second delivery
// does only what the first one left undone. ErrUnanswered: the answer is still
// owed, and not by this run. ErrLoop: the call goes round, and is left alone.
func (e *Engine) Open(ctx context.Context, id call.ID, offer call.Event) error {
	w, err := e.Start(ctx, id, offer)
	if err != nil {
		return fmt.Errorf("open call %s: %w", id, err)
	}
	if w.Idle() && !w.Call().Answered() { // an earlier delivery died over it
		if w, err = e.Start(ctx, id, call.Event{Body: call.Wake{}}); err != nil {
			return fmt.Errorf("open call %s: %w", id, err)
		}
	}
	w.Wait(ctx, w.Call().Limits.Timeout(outbox.VerbAnswer)+ReplyWait)
	if !w.Call().Answered() {
		return fmt.Errorf("open call %s: %w", id, ErrUnanswered)
	}
	return nil
}

// Apply takes in an event of a call. When it returns nil the event is committed,
// now or by an earlier delivery; the actions that it brought about may still be
// under way. An event of a call that does not exist is ignored.
func (e *Engine) Apply(ctx context.Context, id call.ID, ev call.Event) error {
	w, err := e.Start(ctx, id, ev)
	if errors.Is(err, table.ErrNotFound) {
		zerolog.Ctx(ctx).Debug().Str("call", string(id)).Str("event", ev.Kind()).Msg("event of no call")
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s on call %s: %w", ev.Kind(), id, err)
	}
	w.Wait(ctx, ReplyWait)
	return nil
}

// apply commits one event and begins to do the actions that its write has claimed.
func (e *Engine) Start(ctx context.Context, id call.ID, ev call.Event) (*Tracker, error) {
	run := rand.Text()
	c, err := e.commit(ctx, id, ev, run)
	if err != nil {
		return nil, err
	}
	w := newTracker(c)
	e.act(ctx, w, run, c)
	return w, nil
}

// act does the actions that the run has claimed, the lanes side by side.
func (e *Engine) act(ctx context.Context, w *Tracker, run string, c call.Call) {
	var todo []func(context.Context)
	for _, lane := range c.Pending.Leased(run) {
		todo = append(todo, func(ctx context.Context) { e.send(ctx, w, run, c, lane) })
	}
	if !c.HasWork() && c.Scheduled {
		todo = append(todo, func(ctx context.Context) { e.unschedule(ctx, c.ID) })
	}
	w.begin(len(todo))
	for _, do := range todo {
		e.Go(ctx, func(ctx context.Context) {
			defer w.end()
			do(ctx)
		})
	}
}

// send does the actions of one lane in their order. What ACS answers is an event
// like any other; it may bring about more actions.
func (e *Engine) send(ctx context.Context, w *Tracker, run string, c call.Call, lane []outbox.Action) {
	for _, a := range lane {
		if !c.Pending.Owns(run, a) {
			continue // struck off meanwhile, by the answer to an earlier one
		}
		timeout := c.Limits.Timeout(a.Verb)
		if time.Now().Add(timeout).After(a.LeaseUntil) {
			return // it could outlast our time: somebody takes it over
		}
		asked, cancel := context.WithTimeout(ctx, timeout)
		reply := e.perform(asked, c, a)
		cancel()
		next, ok := e.answer(ctx, w, c.ID, reply, a.LeaseUntil)
		if !ok {
			return
		}
		c = next
		if a.Verb == outbox.VerbRelease && reply.Body.(call.Replied).Verdict == call.VerdictOK {
			e.Refiller.Refill(ctx, c)
		}
	}
}

// answer commits what ACS answered. It tries until the action's time is up:
// after that the action is taken over, and its answer no longer matters.
func (e *Engine) answer(ctx context.Context, w *Tracker, id call.ID, reply call.Event, until time.Time) (call.Call, bool) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	log := zerolog.Ctx(ctx)
	run := rand.Text()
	for try := 0; ; try++ {
		c, err := e.commit(ctx, id, reply, run)
		if err == nil {
			w.update(c)
			ctx := context.WithoutCancel(ctx)
			e.act(ctx, w, run, c)
			e.scheduleRetry(ctx, w, c)
			return c, true
		}
		if permanent(err) || table.Pause(ctx, try) != nil {
			log.Error().Err(err).Str("call", string(id)).Msg("answer not saved")
			return call.Call{}, false
		}
	}
}

// comeBack looks at the call again when an action that must wait a little may be
// sent. People are waiting for it, and the sweep comes by every few seconds only;
// it does the work if this comes to nothing.
func (e *Engine) scheduleRetry(ctx context.Context, w *Tracker, c call.Call) {
	wait := time.Until(c.Pending.NextRetry())
	if c.Pending.NextRetry().IsZero() || wait > inProcessRetryLimit {
		return
	}
	w.begin(1)
	e.Go(ctx, func(ctx context.Context) {
		defer w.end()
		time.Sleep(wait)
		run := rand.Text()
		c, err := e.commit(ctx, c.ID, call.Event{Body: call.Wake{}}, run)
		if err != nil {
			zerolog.Ctx(ctx).Debug().Err(err).Str("call", string(c.ID)).Msg("call left to the sweep")
			return
		}
		w.update(c)
		e.act(ctx, w, run, c)
	})
}

// unlist takes a call that owes nothing off the list. The sweep does it if this
// comes to nothing.
func (e *Engine) unschedule(ctx context.Context, id call.ID) {
	ctx, cancel := context.WithTimeout(ctx, ScheduleAhead)
	defer cancel()
	if err := e.Calls.Unschedule(ctx, id); err != nil {
		zerolog.Ctx(ctx).Debug().Err(err).Str("call", string(id)).Msg("call left to the sweep")
	}
}

// HasEnded reports whether the call has ended, and returns it. One that is not written
// yet has not: it is about to be, or is buried.
func (e *Engine) HasEnded(ctx context.Context, id call.ID) (call.Call, bool, error) {
	row, err := e.Calls.Load(ctx, id)
	if errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrNewer) {
		err = nil
	}
	return row.Value, row.Value.State == call.StateEnded, err
}
