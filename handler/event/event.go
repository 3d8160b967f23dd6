// Package event turns what Azure Communication Services reports (package acs/events) into what the
// handler acts on: offers, events of calls, and finished recordings. It bounds the size of its
// values, whatever was received.
//
// It is as lenient as acs/events: an event that a strict parser would refuse could be the one that
// ends a call.
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

// The limits of an event's values, so that an event fits into the row of a call.
const (
	maxText         = 4096 // bytes of one text
	maxParticipants = 64
	maxTones        = 64
	maxHeaders      = 64 // headers of each kind
)

// key returns a text that is the same for every delivery of the event and for no other event. It
// is derived from the event's id and the scope in which the id is unique, or from the event's
// content if it has no id.
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
	_ = json.Unmarshal(e.Raw, &content) // Raw was parsed before; a member of another type counts as missing
	var data bytes.Buffer
	if json.Compact(&data, content.Data) != nil {
		data.Reset()
	}
	return digest.Hex(16, cmp.Or(content.Type, content.EventType), e.Subject, cmp.Or(content.Time, content.EventTime),
		data.String())
}

// truncate returns text cut to maxText, without invalid UTF-8.
func truncate(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.ToValidUTF8(text, "")
}

// rawID returns the raw id of an identifier exactly as it was delivered; if it was not delivered,
// the one that is derived from the identifier. It is empty for an empty identifier.
func rawID(i acs.Identifier) string { return truncate(cmp.Or(i.Raw, i.RawID())) }
