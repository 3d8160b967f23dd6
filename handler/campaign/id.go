package campaign

import "switchboard/handler/digest"

// NewID derives the id of the campaign that an API caller requests with this Idempotency-Key.
// The same caller and key give the same id, so a request that is sent twice makes one campaign.
func NewID(caller, key string) ID { return ID(digest.ID("ca-", caller, key)) }
