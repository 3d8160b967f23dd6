package call

import (
	"strconv"

	"switchboard/handler/digest"
)

// ID identifies a call. It is derived from what opened the call, so that a second delivery of an offer leads
// to the same call.
type ID string

// InboundID returns the id of the call that an offer opens. It is derived from values that are equal in
// every delivery of one offer and differ between offers: the correlation id, the called line exactly as
// delivered, and the incomingCallContext.
func InboundID(correlationID, line, incomingCallContext string) ID {
	return ID(digest.ID("in-", correlationID, line, incomingCallContext))
}

// OutboundID returns the id of the call that an attempt makes. It is derived from the campaign, the contact
// and the number of the attempt.
func OutboundID(campaign, contact string, claim int) ID {
	return ID(digest.ID("out-", campaign, contact, strconv.Itoa(claim)))
}
