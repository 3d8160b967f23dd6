package sweep

import (
	"context"
	"errors"
	"testing"
)

// calls are swept, or cannot be.
type calls struct{ err error }

func (c calls) Sweep(context.Context) error { return c.err }

func TestASweepThatFailsFailsItsRun(t *testing.T) {
	boom := errors.New("boom")
	if err := (&Handler{calls{boom}}).Handle(t.Context(), nil); !errors.Is(err, boom) {
		t.Errorf("error %v, want %v", err, boom)
	}
	if err := (&Handler{calls{}}).Handle(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
