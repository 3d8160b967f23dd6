package azurite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchboard/test/nodejs"
)

// forTests returns the server for all tests of the process. It is never closed: it
// ends with the process.
var forTests = sync.OnceValues(func() (*Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	return Start(ctx, nil)
})

// ForTest returns an Azurite that all tests of this process share. With Prefix or
// NewAccount they avoid name clashes. Without Node.js, and with -short, the test is
// skipped.
func ForTest(t testing.TB) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no Azurite")
	}
	s, err := forTests()
	if errors.Is(err, nodejs.ErrNoNode) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// AccountForTest returns an empty account of the Azurite that all tests of this process share, under the conditions of
// ForTest.
func AccountForTest(t testing.TB) Account {
	t.Helper()
	account, err := ForTest(t).NewAccount()
	if err != nil {
		t.Fatal(err)
	}
	return account
}

var prefixes atomic.Int64

// Prefix returns a prefix for the names of tables, containers and queues, in this
// process a different one each time.
func Prefix() string { return fmt.Sprintf("t%dx", prefixes.Add(1)) }
