package e2e

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// TestMain lets tests run side by side that are on rigs, more than there are
// processors: they wait more than they work. The flag -parallel says otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", strconv.Itoa(parallelTests)); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
