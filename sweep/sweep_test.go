package sweep

import (
	"context"
	"errors"
	"testing"
)

// fakeEngine returns a result.
type fakeEngine struct{ err error }

func (f fakeEngine) Sweep(context.Context) error { return f.err }

func TestHandleReturnsTheResultOfTheSweep(t *testing.T) {
	boom := errors.New("boom")
	if err := (&Handler{fakeEngine{boom}}).Handle(t.Context(), nil); !errors.Is(err, boom) {
		t.Errorf("error %v, want %v", err, boom)
	}
	if err := (&Handler{fakeEngine{}}).Handle(t.Context(), nil); err != nil {
		t.Errorf("error %v, want nil", err)
	}
}
