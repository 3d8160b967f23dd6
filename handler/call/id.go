package call

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"strings"
)

// InboundID derives the id of the call that an offer opens from what is the same
// in every delivery of the offer and different in every other: the correlation
// id, the called line exactly as delivered, and the incomingCallContext.
func InboundID(correlationID, line, incomingCallContext string) ID {
	return derive("in-", correlationID, line, incomingCallContext)
}

// OutboundID derives the id of the call that one attempt at a contact makes: from
// the campaign, the contact, and the number of the attempt.
func OutboundID(campaign, contact string, claim int) ID {
	return derive("out-", campaign, contact, strconv.Itoa(claim))
}

var idText = base32.StdEncoding.WithPadding(base32.NoPadding)

// derive hashes the parts, each with its length before it so that no two lists
// of parts are alike.
func derive(prefix string, parts ...string) ID {
	h := sha256.New()
	for _, part := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash takes everything
		h.Write([]byte(part))
	}
	return ID(prefix + strings.ToLower(idText.EncodeToString(h.Sum(nil)[:16])))
}
