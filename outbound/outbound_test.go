package outbound

import (
	"context"
	"errors"
	"testing"
)

// calls are dialled, or cannot be.
type calls struct{ err error }

func (c calls) Dial(context.Context) error { return c.err }

func TestARoundThatFailsFailsItsRun(t *testing.T) {
	boom := errors.New("boom")
	if err := (&Handler{calls{boom}}).Handle(t.Context(), nil); !errors.Is(err, boom) {
		t.Errorf("error %v, want %v", err, boom)
	}
	if err := (&Handler{calls{}}).Handle(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
