package keylock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestLockFailsWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var locks Locks[string]
		unlock, err := locks.Lock(t.Context(), "in-1")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := locks.Lock(ctx, "in-1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
		unlock()
		if unlock, err = locks.Lock(t.Context(), "in-1"); err != nil {
			t.Fatal(err)
		}
		unlock()
		if len(locks.locks) > 0 {
			t.Errorf("%d locks after the last unlock, want 0", len(locks.locks))
		}
	})
}
