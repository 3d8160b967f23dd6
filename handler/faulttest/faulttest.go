// Package faulttest names the ways in which an operation on storage fails in a test.
package faulttest

import "errors"

// ErrNoAnswer is the error of an operation that was made to fail.
var ErrNoAnswer = errors.New("faulttest: no answer")

// Fault is the way in which an operation fails.
type Fault int

// The faults.
const (
	FaultNone       Fault = iota
	FaultNotApplied       // the operation has no effect, and no answer comes
	FaultLost             // the operation has its effect, and no answer comes; for a read the same as FaultNotApplied
)

// String returns the fault's name, for the names of tests.
func (f Fault) String() string { return [...]string{"none", "not applied", "lost"}[f] }

// Apply returns the result of operation with the fault: it runs the operation unless that has no effect, and
// returns ErrNoAnswer if no answer comes.
func (f Fault) Apply(operation func() error) error {
	if f == FaultNotApplied {
		return ErrNoAnswer
	}
	if err := operation(); f == FaultNone {
		return err
	}
	return ErrNoAnswer
}
