// Package events reads the events of Azure Communication Services: callbacks about calls, and events of
// Event Grid. It can be used without the handler, beside package acs. No other package knows the JSON of
// events.
//
//	all, err := events.Parse(body)
//	for _, e := range all {
//		switch data := e.Data.(type) {
//		case *events.CallConnected:
//		case *events.RecognizeCompleted:
//		}
//	}
//
// It is lenient where a strict parser would lose a call: members may be missing, of an unexpected type, or
// new; kinds and types may be unknown. Events may be delivered more than once and out of order. Two events
// are the same if their ids and their call connection ids are equal. The sequence number of
// ParticipantsUpdated shows which one is newer.
package events
