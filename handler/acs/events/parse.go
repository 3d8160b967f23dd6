package events

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Event is a callback about a call, or an event of Event Grid, in either schema.
type Event struct {
	ID      string
	Type    string // such as "Microsoft.Communication.CallConnected"
	Source  string // CloudEvents' source, Event Grid's topic
	Subject string
	Time    time.Time // UTC; zero if the event has no time

	// Data is a pointer to one of the types of this package; *Unknown for an event of another type.
	Data Data

	// Part is the number of this event among those that one delivered event was read into, from 0. They
	// have the same id.
	Part int

	// Raw is the event as it was received, with members that this package does not know; nil for one
	// that was not received.
	Raw json.RawMessage
}

// Data is the data of one type of event.
type Data interface {
	// eventType returns the type of the event without its prefix.
	eventType() string
}

// Unknown is the data of an event of a type that this package does not know.
type Unknown struct{ JSON json.RawMessage }

// MarshalJSON returns the data as they were received.
func (u *Unknown) MarshalJSON() ([]byte, error) {
	if u.JSON == nil {
		return []byte("null"), nil
	}
	return u.JSON, nil
}

// Parse reads what Azure Communication Services sends to a webhook: an array of events, or one event,
// as CloudEvents or in Event Grid's own schema. Any other body is an error. Members may be missing, of
// another type than expected, or new.
//
// Events of the API's first preview (2021) are read into the types that have replaced theirs. One that
// reports several participants becomes several events.
//
// Source: Azure/azure-rest-api-specs, communicationservicescallautomation.json,
// stable/2026-03-12, and eventgrid, Microsoft.Communication, stable/2018-01-01.
func Parse(body []byte) ([]Event, error) {
	var docs []json.RawMessage
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		docs = []json.RawMessage{bytes.Clone(trimmed)} // the caller may reuse the body
	} else if err := json.Unmarshal(body, &docs); err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(docs))
	for i, doc := range docs {
		var err error
		if events, err = appendEvent(events, doc); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
	}
	return events, nil
}

// appendEvent appends the event in doc.
func appendEvent(events []Event, doc json.RawMessage) ([]Event, error) {
	if len(doc) == 0 || doc[0] != '{' {
		return nil, errors.New("not an object")
	}
	var env envelope
	if err := decode(doc, &env); err != nil {
		return nil, err
	}
	e := Event{ID: env.ID, Type: env.kind(), Source: env.source(), Subject: env.Subject, Time: env.at(), Raw: doc}
	if env.legacy() {
		return appendLegacy(events, e, env.Data)
	}
	if e.Data = newDataOf(e.Type); e.Data == nil {
		e.Data = &Unknown{env.Data}
	} else if len(env.Data) > 0 {
		if err := decode(env.Data, e.Data); err != nil {
			return nil, err
		}
	}
	return append(events, e), nil
}

// Common returns the members that nearly all callbacks have; for an event of an unknown type, those of
// them that its data have.
func (e Event) Common() Common {
	if data, ok := e.Data.(interface{ common() *Common }); ok {
		return *data.common()
	}
	var c Common
	if u, ok := e.Data.(*Unknown); ok && len(u.JSON) > 0 {
		_ = decode(u.JSON, &c)
	}
	return c
}

// newDataOf returns an empty value for the data of events of this type, nil if the type is not known.
func newDataOf(eventType string) Data {
	if eventType == validationType {
		return new(SubscriptionValidation)
	}
	name, ok := strings.CutPrefix(eventType, typePrefix)
	if !ok || newData[name] == nil {
		return nil
	}
	return newData[name]()
}

// MarshalJSON returns Raw if e was received and has not been changed, and otherwise a CloudEvent with
// the fields of e.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.Raw != nil {
		if parsed, err := Parse(e.Raw); err == nil && len(parsed) == 1 && reflect.DeepEqual(parsed[0], e) {
			return e.Raw, nil
		}
	}
	if e.Data == nil {
		return nil, errors.New("event without data")
	}
	w := struct {
		ID              string     `json:"id,omitempty"`
		Source          string     `json:"source,omitempty"`
		SpecVersion     string     `json:"specversion"`
		Type            string     `json:"type"`
		Subject         string     `json:"subject,omitempty"`
		Time            *time.Time `json:"time,omitempty"`
		DataContentType string     `json:"datacontenttype"`
		Data            Data       `json:"data"`
	}{
		ID: e.ID, Source: e.Source, SpecVersion: "1.0", Type: e.Type, Subject: e.Subject,
		DataContentType: "application/json", Data: e.Data,
	}
	if name := e.Data.eventType(); w.Type == "" && name != "" {
		w.Type = typePrefix + name
	}
	if !e.Time.IsZero() {
		w.Time = &e.Time
	}
	return json.Marshal(w)
}

// Content returns what tells apart events without an id: type, subject and time as they were delivered, and the data
// in compact form. It is the same in every delivery of an event.
func (e Event) Content() []string {
	var env envelope
	_ = decode(e.Raw, &env) // it was read before
	var data bytes.Buffer
	if json.Compact(&data, env.Data) != nil {
		data.Reset()
	}
	return []string{env.kind(), env.Subject, cmp.Or(env.Time, env.EventTime), data.String()}
}
