// Package contract tests Switchboard's client against the simulator and its event
// parser against the simulator's events. It has tests only; they use the exported API
// of both sides.
package contract
