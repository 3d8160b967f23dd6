// Package problem reports what is wrong with documents and requests: all faults at once, each
// with its place. Decode finds the faults in the form of a JSON document; other packages add the
// faults in its meaning.
//
// The package is pure: no I/O, no clock, no logger.
package problem

import "strings"

// Fault is one thing that is wrong with a document or a request.
type Fault struct {
	// Path is the place of the fault: a JSON path such as "nodes.menu.keys.1", "$" for the
	// document itself, or the name of a request's header or parameter.
	Path string
	// Text says what is wrong, so that it can follow the path: "is missing".
	Text string
}

// Faults are all the faults of one document or request, as an error.
type Faults []Fault

// Error returns the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Path + ": " + fault.Text
	}
	return strings.Join(lines, "\n")
}
