package azurite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// forTests is one server for all tests of the process. It is not closed: it ends
// with the process, which has no hook at its own end.
var forTests = sync.OnceValues(func() (*Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	return Start(ctx, nil)
})

// ForTest returns an Azurite that all tests of this process share; with Prefix, or
// an account of their own, they keep out of each other's way. Where there is no
// Node.js, and with -short, the test is skipped.
func ForTest(t testing.TB) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no Azurite")
	}
	s, err := forTests()
	if errors.Is(err, ErrNoNode) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var prefixes atomic.Int64

// Prefix returns a prefix for the names of tables, containers and queues that
// nobody else in this process has.
func Prefix() string { return fmt.Sprintf("t%dx", prefixes.Add(1)) }
