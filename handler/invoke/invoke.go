// Package invoke speaks the custom-handler protocol of the Azure Functions host and is the only room that
// knows it: it turns the host's requests into calls of our functions, and what they return into replies the
// host understands.
//
// Its rules: an error comes back to be tried again, nil and Permanent errors do not, and no other room logs
// an error.
package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Route is one way into one function of the app. Exactly one of Event and HTTP is set.
//
// An event function is reached as POST /<Function>. An HTTP function may have several routes, each reached at
// its own methods and path, because the host proxies its requests as they came; the first route in the table
// that fits a request serves it.
type Route struct {
	Function string // the folder that holds function.json
	Binding  string // the trigger's name in function.json: "event", "timer", "msg", "req"

	// Methods and Path are for HTTP only. A path is matched segment by segment and never redirected:
	// "/api/callbacks/{callId}" takes one segment, "/api/v1/{path...}" all that are left, at least one.
	Methods []string
	Path    string

	Event Func
	HTTP  http.Handler
}

// Func handles one event. Its data is always valid JSON, freed from the host's encoding, and depends on the
// trigger:
//
//   - eventGridTrigger: the event, an object in the Event Grid or the CloudEvents schema;
//   - timerTrigger: an object {"Schedule", "ScheduleStatus", "IsPastDue"}, where ScheduleStatus is null for a
//     timer that fires more than once a minute;
//   - queueTrigger: a JSON string that holds the text of the message, also where that text is JSON itself.
//
// nil means done, or rightly ignored. An error means try again: Event Grid and the queue deliver once more, a
// timer's next tick does the work. What can never succeed is returned as Permanent, what only has to come again
// as Later. The context carries a logger with the function's name and the invocation's id, and ends when the host
// gives the request up.
type Func func(ctx context.Context, data json.RawMessage) error

// Permanent marks err as one that another delivery would only meet again: the event is acknowledged and err logged as
// an error. Permanent(nil) is nil.
func Permanent(err error) error { return marked(err, permanent) }

// Later marks err as one that is nobody's fault: the event has to come again, and that is all. It fails the invocation
// like any error, but is logged as a warning. Later(nil) is nil.
func Later(err error) error { return marked(err, later) }

// mark says what an error means for the event that met it.
type mark int

const (
	permanent mark = iota + 1
	later
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

// markOf is the outermost mark of err, 0 if it has none.
func markOf(err error) mark {
	m, _ := errors.AsType[markedError](err)
	return m.mark
}
