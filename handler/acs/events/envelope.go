package events

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"
)

// typePrefix begins the type of every event of Azure Communication Services.
const typePrefix = "Microsoft.Communication."

// envelope is what surrounds an event, by either schema: CloudEvents 1.0, or
// Event Grid's own, whose names for type and time begin with "event". Names
// match in any case, because the spelling "specVersion" and the like occur.
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

// decode reads doc into v. Members of another type than v's count as missing:
// encoding/json reports the first of them and decodes all the others.
func decode(doc []byte, v any) error {
	err := json.Unmarshal(doc, v)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}

// kind is the event's type by either schema.
func (e envelope) kind() string { return cmp.Or(e.Type, e.EventType) }

// source is where the event comes from by either schema.
func (e envelope) source() string { return cmp.Or(e.Source, e.Topic) }

// at is when the event happened, zero if it does not say.
func (e envelope) at() time.Time {
	t, err := time.Parse(time.RFC3339Nano, cmp.Or(e.Time, e.EventTime))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
