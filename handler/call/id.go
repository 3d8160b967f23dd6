package call

import (
	"strconv"

	"switchboard/handler/digest"
)

// ID names a call. It is derived from what opened the call, so that a second
// delivery of the same offer opens the same call.
type ID string

// InboundID derives the id of the call that an offer opens from what is the same
// in every delivery of the offer and different in every other: the correlation
// id, the called line exactly as delivered, and the incomingCallContext.
func InboundID(correlationID, line, incomingCallContext string) ID {
	return ID(digest.ID("in-", correlationID, line, incomingCallContext))
}

// OutboundID derives the id of the call that one attempt at a contact makes: from
// the campaign, the contact, and the number of the attempt.
func OutboundID(campaign, contact string, claim int) ID {
	return ID(digest.ID("out-", campaign, contact, strconv.Itoa(claim)))
}
