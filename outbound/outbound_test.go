package outbound

import (
	"context"
	"errors"
	"testing"
)

// fakeDialler returns a result.
type fakeDialler struct{ err error }

func (f fakeDialler) Dial(context.Context) error { return f.err }

func TestHandleReturnsTheResultOfTheRound(t *testing.T) {
	boom := errors.New("boom")
	if err := (&Handler{fakeDialler{boom}}).Handle(t.Context(), nil); !errors.Is(err, boom) {
		t.Errorf("error %v, want %v", err, boom)
	}
	if err := (&Handler{fakeDialler{}}).Handle(t.Context(), nil); err != nil {
		t.Errorf("error %v, want nil", err)
	}
}
