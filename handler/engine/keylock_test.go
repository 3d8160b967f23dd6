package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestLockIsNotAwaitedLongerThanTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var locks keyLock
		unlock, err := locks.lock(t.Context(), "in-1")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := locks.lock(ctx, "in-1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		unlock()
		if unlock, err = locks.lock(t.Context(), "in-1"); err != nil {
			t.Fatal(err)
		}
		unlock()
		if len(locks.calls) > 0 {
			t.Errorf("%d locks are kept after the last unlock", len(locks.calls))
		}
	})
}
