package filing

import "switchboard/handler/digest"

// RecordingPrefix begins the key of a recording, and neither the id of a call nor
// ACS's id of a recording, which is JSON in base64.
const KeyPrefix = "re-"

// RecordingKey is the short name of a recording by ACS's id, which may be long and
// hold any character: the name of its rows, and for messages of our own.
func Key(id string) string { return KeyPrefix + digest.Hex(16, id) }
