// Package scale decides in which size the tests of scale run: the tests whose names begin
// with TestScale, which have many calls, instances or lines in virtual time. `go test` runs
// samples of them; `go run ./test/load scale` runs them in full size and prints the figures
// that they report with testing.T.Attr.
package scale

import "os"

// Prefix is what the names of all tests of scale begin with.
const Prefix = "TestScale"

// Variable is the environment variable that asks for full size, if it is Full.
const (
	Variable = "SWITCHBOARD_SCALE"
	Full     = "full"
)

// Size returns full if tests are to run in full size, else sample.
func Size[T any](sample, full T) T {
	if os.Getenv(Variable) == Full {
		return full
	}
	return sample
}
