package funcsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// serveAdmin serves two parts of the admin API: running a function by hand, and
// the host's state. rest is the path below /admin/.
func (in *instance) serveAdmin(w http.ResponseWriter, r *http.Request, rest string) {
	if !in.admit(w, r, in.host.Keys.Master) {
		return
	}
	name, isFunction := strings.CutPrefix(rest, "functions/")
	switch {
	case isFunction && r.Method == http.MethodPost:
		in.serveRun(w, r, name)
	case rest == "host/status" && r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(map[string]string{"state": "Running", "version": Version})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// serveRun starts a function and answers at once. A failure is only logged.
func (in *instance) serveRun(w http.ResponseWriter, r *http.Request, name string) {
	var body struct{ Input string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if in.app.function(name) == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	c, err := in.manual(name, body.Input)
	if err != nil {
		in.log.add(LevelError, FromHost, err.Error())
		return
	}
	in.spawn(func() { _ = in.invoke(context.Background(), c) }) // a failure is in the log
}

// manual returns the call for a function that is run by hand. Metadata contains
// the input once more, under the binding's name.
func (in *instance) manual(name, input string) (call, error) {
	f := in.app.function(name)
	if f == nil {
		return call{}, fmt.Errorf("funcsim: no function %q", name)
	}
	var c call
	var err error
	switch f.trigger {
	case eventGridTrigger:
		c, err = eventCall(f, []byte(input))
	case timerTrigger:
		var r *record
		if r, err = in.status(f).read(in.ctx); err == nil {
			c = timerCall(f, r, false)
		}
	case queueTrigger:
		c = messageCall(f, Message{Text: input}, input)
	default:
		err = errors.New("funcsim does not run HTTP functions by hand: send them a request")
	}
	if err != nil {
		return call{}, fmt.Errorf("run %s: %w", name, err)
	}
	c.before.set(f.binding, quoteTwice(input))
	return c, nil
}
