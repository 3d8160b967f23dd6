// Package backoff computes how long to wait before an operation that failed is tried again. It is pure.
package backoff

import "time"

// After returns the wait after the n-th failure in a row, counted from 1: first for the first failure,
// doubled with each further one, limit at most.
func After(n int, first, limit time.Duration) time.Duration {
	wait := first
	for i := 1; i < n && wait < limit; i++ {
		wait *= 2
	}
	return min(wait, limit)
}
