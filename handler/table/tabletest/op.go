package tabletest

import "switchboard/handler/table"

// Kind is the kind of an operation.
type Kind int

// The kinds of operation.
const (
	KindGet Kind = iota
	KindList
	KindApply
)

// String returns the kind's name.
func (k Kind) String() string { return [...]string{"get", "list", "apply"}[k] }

// Op is one operation on a Memory.
type Op struct {
	N      int // 1 for the first operation on this table, and so on
	Kind   Kind
	Key    table.Key     // of a Get
	Query  table.Query   // of a List
	Writes []table.Write // of an Apply; not to be changed
}
