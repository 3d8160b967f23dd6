package engine

import (
	"context"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

// Flows finds the flow that a call has pinned.
type Flows interface {
	Flow(ctx context.Context, ref flow.Ref) (*flow.Flow, error)
}

// Sender performs actions at ACS: package gateway does. The event that it returns is a call.Replied with the
// action's reference. Send may be repeated with the same action only as the action's retry class allows.
type Sender interface {
	Send(ctx context.Context, c call.Call, a outbox.Action) call.Event
}

// Gate decides whether a call may still be placed, before each request after its first: package dialler
// does. Ask returns nil if it cannot decide; then the call waits.
type Gate interface {
	Ask(ctx context.Context, c call.Call) *call.DialVerdict
}

// LocalAction performs an action of the class Local: it changes rows that are not the call's. It may be
// repeated without limit and by several processes at once. The reply's verdict is set by the engine.
type LocalAction func(ctx context.Context, c call.Call, a outbox.Action) (call.Replied, error)

// Refiller gives the place of an ended call to the next contact: package dialler does. It is a hint, and
// returns at once.
type Refiller interface {
	Refill(ctx context.Context, ended call.Call)
}

// Reservations rolls back the reservations of an ended call that are missing in its row: package dialler
// does. It may be repeated.
type Reservations interface {
	RollBack(ctx context.Context, c call.Call, line string) error
}

// RecordingWork attends to a recording on the worklist that is due: package filer does. It returns when the item
// must be attended to again; zero: the item was written anew, or removed. It may be repeated.
type RecordingWork interface {
	Attend(ctx context.Context, item table.Row[store.WorkItem]) (again time.Time, err error)
}
