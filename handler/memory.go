package main

import "runtime/debug"

const (
	// gcPercent is how much the heap may grow between two collections, in percent of what is in use. Little is
	// in use, so that with Go's default of 100 a collection ran every few events.
	gcPercent = 400
	// memoryLimit is the memory in bytes from which on collections run as often as needed to stay below it. The
	// smallest instance of the platform has 512 MiB for the host and the handler.
	memoryLimit = 192 << 20
)

// limitMemory sets the pace of garbage collection. What the environment says in GOGC and GOMEMLIMIT, as for any
// Go program, goes first.
func limitMemory(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
