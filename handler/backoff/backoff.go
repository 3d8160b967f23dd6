// Package backoff says how long to wait before something that failed is tried again. It is pure.
package backoff

import "time"

// After returns the wait after the n-th failure in a row, counted from 1: first, doubled with each further failure,
// limit at most.
func After(n int, first, limit time.Duration) time.Duration {
	wait := first
	for i := 1; i < n && wait < limit; i++ {
		wait *= 2
	}
	return min(wait, limit)
}
