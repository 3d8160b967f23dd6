package outbox

import "fmt"

// Ref is one sending of one operation of a call. As text it is "<op>.<send>".
type Ref struct {
	Op   int `json:"op,omitempty"`
	Send int `json:"send,omitempty"`
}

// String returns "<op>.<send>".
func (r Ref) String() string { return fmt.Sprintf("%d.%d", r.Op, r.Send) }
