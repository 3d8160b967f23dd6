package campaign

import "switchboard/handler/digest"

// NewID derives the id of the campaign that a caller of the API has requested with
// this Idempotency-Key, so that a request that is sent twice is one campaign.
func NewID(caller, key string) ID { return ID(digest.ID("ca-", caller, key)) }
