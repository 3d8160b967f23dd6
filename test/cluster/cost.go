package cluster

import "switchboard/handler/table/tabletest"

// Cost is the number of operations that storage was asked for.
type Cost struct {
	Reads        int
	Transactions int // of all tables but the worklist
	Worklist     int // writes of the worklist
}

// CostOf returns what it costs to do something.
func CostOf(calls, worklist, others *tabletest.Memory, do func()) Cost {
	total := func() Cost {
		return Cost{calls.Reads() + worklist.Reads() + others.Reads(), calls.Writes() + others.Writes(), worklist.Writes()}
	}
	before := total()
	do()
	after := total()
	return Cost{after.Reads - before.Reads, after.Transactions - before.Transactions, after.Worklist - before.Worklist}
}
