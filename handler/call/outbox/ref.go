package outbox

import "fmt"

// Ref identifies one send of one operation of a call. Both count from 1. Zero: no send.
type Ref struct {
	Op   int `json:"op,omitempty"`   // number of the operation within its call
	Send int `json:"send,omitempty"` // number of the send within its operation
}

// String returns "<op>.<send>".
func (r Ref) String() string { return fmt.Sprintf("%d.%d", r.Op, r.Send) }
