package filing

import "switchboard/handler/digest"

// KeyPrefix begins the key of every recording. No id of a call begins with it, and no id that ACS gives a
// recording: those are JSON in base64.
const KeyPrefix = "re-"

// Key returns the short name of the recording with ACS's id, for the keys of rows and for queue messages.
// ACS's id may be long and hold any character.
func Key(id string) string { return KeyPrefix + digest.Hex(16, id) }
