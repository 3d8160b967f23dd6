// Package event reads the events of Azure Communication Services: what it reports
// about a call to the call's callback address, and its events of Event Grid. No
// other package knows how Azure writes them.
//
// [Parse] gives every event with all that it says, in a type of its own, and is of
// use on its own, beside package acs:
//
//	events, err := event.Parse(body)
//	for _, e := range events {
//		switch data := e.Data.(type) {
//		case *event.CallConnected:
//		case *event.RecognizeCompleted:
//		}
//	}
//
// [ParseCallbacks] and [ParseOffer] give what the exchange acts on, in its own
// values and bounded, whatever came in.
//
// All are lenient where a strict parser would lose a call: members may be
// missing, of an unexpected type, or new; kinds and types may be unknown.
// Deliveries repeat and overtake each other: an event is the same as another if
// both its id and the call's connection are, and the sequence number of
// ParticipantsUpdated tells what is stale.
package event

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/digest"
)

// What is kept of an event, so that one call's row holds it.
const (
	maxText         = 4096 // bytes of one text
	maxParticipants = 64
	maxTones        = 64
	maxHeaders      = 64 // of each kind
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

// key identifies the event among the deliveries to one receiver: by the scope in
// which its id is unique and the id, or by all that it says if it has none.
func (e envelope) key(scope string) string {
	if e.ID != "" {
		return digest.Hex(16, scope, e.ID)
	}
	var data bytes.Buffer
	if json.Compact(&data, e.Data) != nil {
		data.Reset()
	}
	return digest.Hex(16, e.kind(), e.Subject, cmp.Or(e.Time, e.EventTime), data.String())
}

// bound cuts a text from outside to what may be kept of it.
func bound(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.ToValidUTF8(text, "")
}

// delivered is the raw id of an identifier, exactly as delivered; where it was
// not delivered, the one that the identifier has. It is empty for nobody.
func delivered(i acs.Identifier) string { return bound(cmp.Or(i.Raw, i.RawID())) }
