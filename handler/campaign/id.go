package campaign

import "switchboard/handler/digest"

// NewID derives the id of the campaign that is requested with this Idempotency-Key, so that a request that is sent
// twice makes one campaign.
func NewID(key string) ID { return ID(digest.ID("ca-", key)) }
