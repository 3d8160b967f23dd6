package tabletest

import (
	"errors"

	"switchboard/handler/table"
)

// ErrNoAnswer is what an operation returns that was made to fail.
var ErrNoAnswer = errors.New("storetest: no answer from the table")

// Fault is how an operation is to fail.
type Fault int

// The faults.
const (
	None       Fault = iota
	NotApplied       // it did not happen, and nobody says so
	Lost             // it happened, and the answer was lost; the same as NotApplied for a read
)

// String is the fault's name, for the names of tests.
func (f Fault) String() string { return [...]string{"none", "not applied", "lost"}[f] }

// Kind is what an operation does.
type Kind int

// The kinds of operation.
const (
	Get Kind = iota
	List
	Apply
)

// String is the kind's name.
func (k Kind) String() string { return [...]string{"get", "list", "apply"}[k] }

// Op is one operation on a Memory.
type Op struct {
	N      int // 1 for the first operation on this table, and so on
	Kind   Kind
	Key    table.Key     // of a Get
	Query  table.Query   // of a List
	Writes []table.Write // of an Apply; not to be changed
}
