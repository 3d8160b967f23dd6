// Package auth answers whether a request comes from whom it claims to come from. A callback must pass two
// checks: the MAC in its URL, which only we could have put there, and the bearer token, which only Azure
// Communication Services can issue for our resource. Nothing is read or written for a request that fails
// either.
package auth

import "errors"

// ErrUnauthorized says that a request must be refused, for good: it is malformed, forged, expired or meant
// for somebody else. The text of an error that wraps it tells which, and never contains what the caller sent
// as proof.
var ErrUnauthorized = errors.New("unauthorized")

// ErrKeysUnavailable says that a token cannot be judged, because the issuer's keys could not be fetched. The
// request is refused all the same; the next attempt may succeed.
var ErrKeysUnavailable = errors.New("token keys are unavailable")
