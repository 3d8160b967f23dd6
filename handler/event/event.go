// Package event turns the events of Azure into values of our own: offered calls
// from Event Grid, and what Azure Communication Services reports about a call.
// No other package knows how Azure writes them.
//
// The parsers are lenient where a strict one would lose a call: members may be
// missing, of an unexpected type, or new; kinds and types may be unknown. What
// they return is bounded, whatever came in.
package event

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"switchboard/handler/acs"
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
		return digest(scope, e.ID)
	}
	var data bytes.Buffer
	if json.Compact(&data, e.Data) != nil {
		data.Reset()
	}
	return digest(e.kind(), e.Subject, cmp.Or(e.Time, e.EventTime), data.String())
}

// digest hashes the parts, each with its length before it so that no two lists
// of parts are alike.
func digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash takes everything
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// bound cuts a text from outside to what may be kept of it.
func bound(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.ToValidUTF8(text, "")
}

// party is the raw id of an identifier, exactly as delivered; where it was not
// delivered, the one that the identifier has.
type party string

func (p *party) UnmarshalJSON(doc []byte) error {
	var delivered struct {
		RawID string `json:"rawId"`
	}
	if err := decode(doc, &delivered); err != nil {
		return err
	}
	if delivered.RawID != "" {
		*p = party(bound(delivered.RawID))
		return nil
	}
	var id acs.Identifier
	if err := json.Unmarshal(doc, &id); err != nil {
		return err
	}
	*p = party(bound(id.RawID()))
	return nil
}
