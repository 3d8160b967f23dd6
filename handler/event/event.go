// Package event turns what Azure Communication Services reports (package acs/events) into what the handler acts
// on: offers, events of calls, and recordings whose files wait to be fetched. Its values are bounded, whatever
// was received.
//
// It is as lenient as acs/events: what a strict parser would refuse could be the end of a call.
package event

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	"switchboard/handler/acs"
	"switchboard/handler/acs/events"
	"switchboard/handler/digest"
)

// What is kept of an event, so that one call's row holds it.
const (
	maxText         = 4096 // bytes of one text
	maxParticipants = 64
	maxTones        = 64
	maxHeaders      = 64 // of each kind
)

// key identifies the event among the deliveries to one receiver: by the scope in
// which its id is unique and the id, or by its content if it has none.
func key(e events.Event, scope string) string {
	if e.ID != "" {
		return digest.Hex(16, scope, e.ID)
	}
	var content struct {
		Type      string          `json:"type"`
		EventType string          `json:"eventType"`
		Time      string          `json:"time"`
		EventTime string          `json:"eventTime"`
		Data      json.RawMessage `json:"data"`
	}
	_ = json.Unmarshal(e.Raw, &content) // it was read before; a member of another type counts as missing
	var data bytes.Buffer
	if json.Compact(&data, content.Data) != nil {
		data.Reset()
	}
	return digest.Hex(16, cmp.Or(content.Type, content.EventType), e.Subject, cmp.Or(content.Time, content.EventTime),
		data.String())
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
