// Package faulttest names the ways in which an operation on storage fails in a test.
package faulttest

import "errors"

// ErrNoAnswer is the error of an operation that was made to fail.
var ErrNoAnswer = errors.New("faulttest: no answer")

// Fault is the way in which an operation fails.
type Fault int

// The faults.
const (
	None       Fault = iota
	NotApplied       // the operation has no effect, and no answer comes
	Lost             // the operation has its effect, and no answer comes; for a read the same as NotApplied
)

// String returns the fault's name, for the names of tests.
func (f Fault) String() string { return [...]string{"none", "not applied", "lost"}[f] }
