// Package invoke speaks the custom-handler protocol of the Azure Functions host. It is the only package that
// knows the protocol: it turns the host's requests into calls of our functions, and their results into
// replies to the host.
//
// Its rules: an event whose function returns an error is delivered again, except for a Permanent error; no
// other package logs an error.
package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Route leads requests to one function of the app. Exactly one of Event and HTTP is set.
//
// An event function is called as POST /<Function>. An HTTP function may have several routes, each with its
// own methods and path, because the host proxies its requests unchanged. The first route in the table that
// matches a request serves it.
type Route struct {
	Function string // the folder that holds function.json
	Binding  string // the trigger's name in function.json: "event", "timer", "msg", "req"

	// Methods and Path are for HTTP only. A path is matched segment by segment and never redirected:
	// {callId} in "/api/callbacks/{callId}" matches one segment, {path...} in "/api/v1/{path...}" one or
	// more.
	Methods []string
	Path    string

	Event Func
	HTTP  http.Handler
}

// Func handles one event. Its data is always valid JSON, without the host's encoding, and depends on the
// trigger:
//
//   - eventGridTrigger: the event, an object in the Event Grid or the CloudEvents schema;
//   - timerTrigger: an object {"Schedule", "ScheduleStatus", "IsPastDue"}, where ScheduleStatus is null for a
//     timer that fires more than once a minute;
//   - queueTrigger: a JSON string that holds the text of the message, also if that text is JSON itself.
//
// nil means done, or rightly ignored. An error means try again: Event Grid and the queue deliver once more,
// a timer's next tick does the work. An error that another delivery cannot cure is marked Permanent; one
// that only asks for another delivery is marked Later. The context carries a logger with the function's name
// and the invocation's id, and ends when the host gives up the request.
type Func func(ctx context.Context, data json.RawMessage) error

// Permanent marks err as one that another delivery would meet again. The event is acknowledged and err is
// logged as an error. Permanent(nil) is nil.
func Permanent(err error) error { return marked(err, markPermanent) }

// Later marks err as expected: the event only has to be delivered again. It fails the invocation like any
// error, but is logged as a warning. Later(nil) is nil.
func Later(err error) error { return marked(err, markLater) }

// mark is the consequence of an error for its event.
type mark int

const (
	markPermanent mark = iota + 1
	markLater
)

type markedError struct {
	error
	mark mark
}

func (m markedError) Unwrap() error { return m.error }

func marked(err error, m mark) error {
	if err == nil {
		return nil
	}
	return markedError{err, m}
}

// markOf returns the outermost mark of err, 0 if it has none.
func markOf(err error) mark {
	m, _ := errors.AsType[markedError](err)
	return m.mark
}
