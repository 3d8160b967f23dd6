// Package event turns what Azure Communication Services reports (package acs/events) into what the
// handler acts on: offers, events of calls, and finished recordings. It bounds the size of its
// values, whatever was received.
//
// It is as lenient as acs/events: an event that a strict parser would refuse could be the one that
// ends a call.
package event

import (
	"cmp"
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

// key returns the key of the event among the deliveries to one receiver: of its id and the scope in which the
// id is unique, or of its content if it has no id.
func key(e events.Event, scope string) string {
	if e.ID != "" {
		return digest.Hex(16, scope, e.ID)
	}
	return digest.Hex(16, e.Content()...)
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
