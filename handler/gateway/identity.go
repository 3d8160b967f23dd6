package gateway

import (
	"crypto/sha256"

	"github.com/google/uuid"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
)

// pair returns the Repeatability pair of one send of an action.
func pair(id call.ID, a outbox.Action) acs.Repeatability {
	return acs.Repeatability{RequestID: requestID(id, a.Ref), FirstSent: a.FirstSent}
}

// requestSpace is the name space of request ids; any fixed value does.
var requestSpace = uuid.MustParse("a5b8a3f6-6f0b-4c44-9d26-5a0b7c1e2f10")

// requestID derives the id of a request, in the version 4 form that ACS requires.
func requestID(id call.ID, ref outbox.Ref) string {
	return uuid.NewHash(sha256.New(), requestSpace, []byte(string(id)+"/"+ref.String()), 4).String()
}

// operationContext returns the context of an operation, which ACS copies into the operation's events.
func operationContext(id call.ID, ref outbox.Ref) string { return string(id) + "/" + ref.String() }
