package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Event is something that Azure Communication Services reports, in whichever
// schema it came: a callback about a call, or an event of Event Grid.
type Event struct {
	ID      string
	Type    string // such as "Microsoft.Communication.CallConnected"
	Source  string // CloudEvents' source, Event Grid's topic
	Subject string
	Time    time.Time // UTC; zero if it does not say

	// Data is one of the types of this package, a pointer; *Unknown for an event
	// of a type that is not among them.
	Data Data

	// Part numbers the events that one delivered event was read into, from 0; they have the same id.
	Part int

	// Raw is the event as it came, nil for one that was made here. Members that
	// this package does not know are in it.
	Raw json.RawMessage
}

// Data is what is particular to a type of event.
type Data interface {
	// eventType is the type of the events that hold it, without its prefix.
	eventType() string
}

// Unknown is the data of an event of a type that this package does not know.
type Unknown struct{ JSON json.RawMessage }

// MarshalJSON writes the data as they came.
func (u *Unknown) MarshalJSON() ([]byte, error) {
	if u.JSON == nil {
		return []byte("null"), nil
	}
	return u.JSON, nil
}

// Parse reads what a webhook of Azure Communication Services is sent: an array of
// events or one alone, as CloudEvents or in Event Grid's own schema. It fails
// only if that is not what it is: members may be missing, of another type than
// expected, or new.
//
// Events of the API's first preview (2021) are read into the types that have
// taken their place. One that reports on several participants becomes several.
//
// Source: Azure/azure-rest-api-specs, communicationservicescallautomation.json,
// stable/2026-03-12, and eventgrid, Microsoft.Communication, stable/2018-01-01.
func Parse(body []byte) ([]Event, error) {
	var docs []json.RawMessage
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		docs = []json.RawMessage{bytes.Clone(trimmed)} // the body is the caller's
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

// appendEvent appends the event that doc is.
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
	if e.Data = dataOf(e.Type); e.Data == nil {
		e.Data = &Unknown{env.Data}
	} else if len(env.Data) > 0 {
		if err := decode(env.Data, e.Data); err != nil {
			return nil, err
		}
	}
	return append(events, e), nil
}

// Common returns what nearly all callbacks say: of an event of an unknown type, what its data have of it.
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

// dataOf makes room for the data of events of a type, nil if it is not known.
func dataOf(eventType string) Data {
	if eventType == validationType {
		return new(SubscriptionValidation)
	}
	name, ok := strings.CutPrefix(eventType, typePrefix)
	if !ok || newData[name] == nil {
		return nil
	}
	return newData[name]()
}

// MarshalJSON writes e: as it came, if it did and has not been changed; otherwise
// from its fields, as a CloudEvent.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.Raw != nil {
		if came, err := Parse(e.Raw); err == nil && len(came) == 1 && reflect.DeepEqual(came[0], e) {
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
