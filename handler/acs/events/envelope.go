package events

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"
)

// typePrefix begins the type of every event of Azure Communication Services.
const typePrefix = "Microsoft.Communication."

// envelope holds the members of an event in both schemas: CloudEvents 1.0, and Event Grid's own,
// whose names for type and time begin with "event". Names match in any case, because spellings
// such as "specVersion" occur.
type envelope struct {
	ID        string          `json:"id"`
	Source    string          `json:"source"`
	Topic     string          `json:"topic"`
	Type      string          `json:"type"`
	EventType string          `json:"eventType"`
	Subject   string          `json:"subject"`
	Time      string          `json:"time"`
	EventTime string          `json:"eventTime"`
	Data      json.RawMessage `json:"data"`
}

// decode reads doc into v. Members of another type than v's count as missing. It relies on
// encoding/json, which reports the first of them and still decodes all the others.
func decode(doc []byte, v any) error {
	err := json.Unmarshal(doc, v)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}

// kind returns the event's type in either schema.
func (e envelope) kind() string { return cmp.Or(e.Type, e.EventType) }

// source returns the event's source in either schema.
func (e envelope) source() string { return cmp.Or(e.Source, e.Topic) }

// at returns when the event happened; zero if it has no time.
func (e envelope) at() time.Time {
	t, err := time.Parse(time.RFC3339Nano, cmp.Or(e.Time, e.EventTime))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
