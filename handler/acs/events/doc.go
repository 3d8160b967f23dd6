// Package events reads the events of Azure Communication Services: its callbacks about calls, and its events of
// Event Grid. It is of use on its own, beside package acs, and no other package knows how Azure writes events.
//
//	all, err := events.Parse(body)
//	for _, e := range all {
//		switch data := e.Data.(type) {
//		case *events.CallConnected:
//		case *events.RecognizeCompleted:
//		}
//	}
//
// It is lenient where a strict parser would lose a call: members may be missing, of an unexpected type, or new;
// kinds and types may be unknown. Deliveries repeat and overtake each other: two events are the same if both
// their ids and their calls' connections are, and the sequence number of ParticipantsUpdated shows what is stale.
package events
