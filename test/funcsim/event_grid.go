package funcsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// serveEventGrid serves the Event Grid extension's webhook: handshakes, and
// notifications in either schema, single or in batches.
// Source: EventGridExtensionConfigProvider.cs, and the recordings.
func (in *instance) serveEventGrid(w http.ResponseWriter, r *http.Request) {
	if !in.admit(w, r, in.host.Keys.EventGrid) {
		return
	}
	name := r.URL.Query().Get("functionName")
	f := in.app.function(name)
	if f == nil || f.trigger != eventGridTrigger {
		text(w, http.StatusNotFound, "cannot find function: '"+name+"'")
		return
	}
	if r.Method == http.MethodOptions && r.Header.Get("WebHook-Request-Origin") != "" {
		w.Header().Set("Webhook-Allowed-Origin", "eventgrid.azure.net")
		return
	}
	kind := strings.ToLower(r.Header.Get("aeg-event-type"))
	switch kind { // the running host accepted any method
	case "subscriptionvalidation":
		in.serveValidation(w, r)
	case "notification":
		in.serveNotification(w, r, f)
	case "unsubscribe":
		w.WriteHeader(http.StatusAccepted)
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (in *instance) serveValidation(w http.ResponseWriter, r *http.Request) {
	var events []struct {
		Data struct{ ValidationCode string }
	}
	if err := json.NewDecoder(r.Body).Decode(&events); err != nil || len(events) == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var answer object
	answer.set("validationResponse", quote(events[0].Data.ValidationCode))
	text(w, http.StatusOK, answer.String())
}

// serveNotification invokes f once per event, all at the same time, and waits for
// all. One failure fails the delivery, so that the whole batch is delivered again.
// The answer has the error of the first failed event in the order of the batch.
func (in *instance) serveNotification(w http.ResponseWriter, r *http.Request, f *function) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	calls, err := eventCalls(f, body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	for i := range calls {
		calls[i].traceparent = in.traceparent(r)
	}
	fault := in.faults.delivery(f)
	if fault.swap {
		select {
		case <-in.faults.nextDelivery():
		case <-time.After(swapWait):
		case <-in.ctx.Done():
		}
	}
	if fault.duplicate {
		in.spawn(func() {
			select {
			case <-time.After(fault.lag):
				_ = in.handle(calls) // a failure is in the log
			case <-in.ctx.Done():
			}
		})
	}
	err = in.handle(calls)
	in.faults.delivered()
	if err != nil {
		text(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// handle invokes all calls at the same time and waits for all. It returns the error
// of the first that failed.
func (in *instance) handle(calls []call) error {
	failures := make([]error, len(calls))
	var all sync.WaitGroup
	for i, c := range calls {
		all.Go(func() { failures[i] = in.invoke(in.ctx, c) })
	}
	all.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// eventCalls returns the calls for one event or an array of events.
func eventCalls(f *function, body []byte) ([]call, error) {
	body = bytes.TrimSpace(body)
	events := []json.RawMessage{body}
	if bytes.HasPrefix(body, []byte("[")) {
		events = nil
		if err := json.Unmarshal(body, &events); err != nil {
			return nil, err
		}
	}
	var calls []call
	for _, e := range events {
		c, err := eventCall(f, e)
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, nil
}

// eventCall returns the call for an event: the event as an object, and its data
// once more in Metadata.
func eventCall(f *function, event []byte) (call, error) {
	value, err := reformat(event)
	if err != nil {
		return call{}, err
	}
	if !strings.HasPrefix(value, "{") {
		return call{}, errors.New("an event is not a JSON object")
	}
	c := call{f: f, value: value}
	for _, m := range members([]byte(value)) {
		switch data := string(m.value); {
		case m.name != "data", data == "null":
		case data[0] == '{':
			c.before.set("data", data)
		default:
			c.before.set("data", quote(data))
		}
	}
	return c, nil
}
