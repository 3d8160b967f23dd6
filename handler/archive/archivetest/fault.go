package archivetest

import "errors"

// ErrNoAnswer is what an operation returns that was made to fail.
var ErrNoAnswer = errors.New("archivetest: no answer from the archive")

// Fault is how an operation is to fail.
type Fault int

// The faults.
const (
	None       Fault = iota
	NotApplied       // it did not happen, and nobody says so
	Lost             // it happened, and the answer was lost; the same as NotApplied for a Stat
)

// String is the fault's name, for the names of tests.
func (f Fault) String() string { return [...]string{"none", "not applied", "lost"}[f] }

// Kind is what an operation does.
type Kind int

// The kinds of operation.
const (
	Stage Kind = iota
	Commit
	Stat
	Put
)

// String is the kind's name.
func (k Kind) String() string { return [...]string{"stage", "commit", "stat", "put"}[k] }

// Op is one operation on a Memory.
type Op struct {
	N    int // 1 for the first operation on this archive, and so on
	Kind Kind
	Name string // of the file
}
