package campaign

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

var idText = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewID derives the id of the campaign that a caller of the API has ordered with
// this Idempotency-Key, so that an order that is sent twice is one campaign.
func NewID(caller, key string) ID {
	h := sha256.New()
	for _, part := range []string{caller, key} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash takes everything
		h.Write([]byte(part))
	}
	return ID("ca-" + strings.ToLower(idText.EncodeToString(h.Sum(nil)[:16])))
}
