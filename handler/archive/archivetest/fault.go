package archivetest

import "errors"

// ErrNoAnswer is the error of an operation that was made to fail.
var ErrNoAnswer = errors.New("archivetest: no answer from the archive")

// Fault is the way in which an operation fails.
type Fault int

// The faults.
const (
	None       Fault = iota
	NotApplied       // the operation has no effect, and no answer comes
	Lost             // the operation has its effect, and no answer comes; for a Stat the same as NotApplied
)

// String returns the fault's name, for the names of tests.
func (f Fault) String() string { return [...]string{"none", "not applied", "lost"}[f] }

// Kind is the kind of an operation.
type Kind int

// The kinds of operation.
const (
	Stage Kind = iota
	Commit
	Stat
	Put
)

// String returns the kind's name.
func (k Kind) String() string { return [...]string{"stage", "commit", "stat", "put"}[k] }

// Op is one operation on a Memory.
type Op struct {
	N    int // counts the operations on this archive from 1
	Kind Kind
	Name string // of the file
}
