// Package auth authenticates callbacks. A callback must pass two checks: the MAC in its URL, which only we
// could have put there, and the bearer token, which only Azure Communication Services can issue for our
// resource. Nothing is read or written for a request that fails either.
package auth

import "errors"

// ErrUnauthorized marks a request that must be refused for good: it is malformed, forged, expired or meant
// for another recipient. The text of an error that wraps it names the reason, and never contains the token
// or MAC that the caller sent.
var ErrUnauthorized = errors.New("unauthorized")

// ErrKeysUnavailable marks a token that cannot be checked, because the issuer's keys could not be fetched.
// The request is refused all the same; the next attempt may succeed.
var ErrKeysUnavailable = errors.New("token keys are unavailable")
