package archivetest

// Kind is the kind of an operation.
type Kind int

// The kinds of operation.
const (
	KindStage Kind = iota
	KindCommit
	KindStat
	KindPut
)

// String returns the kind's name.
func (k Kind) String() string { return [...]string{"stage", "commit", "stat", "put"}[k] }

// Op is one operation on a Memory.
type Op struct {
	N    int // counts the operations on this archive from 1
	Kind Kind
	Name string // of the file
}
