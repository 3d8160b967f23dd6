package call

import (
	"bytes"
	"slices"

	"switchboard/handler/digest"
)

// RecentEvents is a list of event keys, each as eventHash bytes of its digest, the latest one last. Two keys
// of one call have the same hash with a probability of 2^-50.
type RecentEvents []byte

const (
	// eventHash is the length of a hash in bytes.
	eventHash = 8
	// maxRecentEvents is how many events a call remembers.
	maxRecentEvents = 256
)

// has reports whether the list has the key.
func (r RecentEvents) has(key string) bool {
	sum := digest.Sum(key)
	for hash := range slices.Chunk(r, eventHash) {
		if bytes.Equal(hash, sum[:eventHash]) {
			return true
		}
	}
	return false
}

// with returns a new list with the key at its end, and without those that are too many. An empty key is not
// added.
func (r RecentEvents) with(key string) RecentEvents {
	if key == "" {
		return r
	}
	sum := digest.Sum(key)
	kept := r[max(0, len(r)-(maxRecentEvents-1)*eventHash):]
	return append(slices.Clip(kept), sum[:eventHash]...)
}
