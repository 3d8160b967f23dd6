package outbox

import (
	"time"

	"switchboard/handler/backoff"
)

// MaxSends is the number of sends after which an action of the class AtLeastOnce counts as refused.
const MaxSends = 3

// NoResponseBackoff returns the wait after the given send of an action got no response. It is short: a
// caller waits for the action.
func NoResponseBackoff(send int) time.Duration {
	return backoff.After(send, time.Second, 15*time.Second)
}

// LocalBackoff returns the wait after an action of the class Local failed; leases is how many times it was
// leased. It is tried without limit, and each try takes a row of history; so tries become rare.
func LocalBackoff(leases int) time.Duration {
	return backoff.After(leases, time.Second, 15*time.Minute)
}

// ThrottleBackoff returns the wait after ACS throttled the given send and asked for a wait: the longer of
// that and our own, but a minute at most, because the action's lane waits with it.
func ThrottleBackoff(asked time.Duration, send int) time.Duration {
	return min(max(asked, backoff.After(send, time.Second, time.Minute)), time.Minute)
}
