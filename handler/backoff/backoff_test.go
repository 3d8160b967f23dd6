package backoff

import (
	"math"
	"testing"
	"time"
)

func TestAfterDoublesUpToTheLimit(t *testing.T) {
	tests := []struct {
		n            int
		first, limit time.Duration
		want         time.Duration
	}{
		{0, time.Second, time.Minute, time.Second},
		{1, time.Second, time.Minute, time.Second},
		{2, time.Second, time.Minute, 2 * time.Second},
		{6, time.Second, time.Minute, 32 * time.Second},
		{7, time.Second, time.Minute, time.Minute},
		{math.MaxInt, time.Second, 24 * time.Hour, 24 * time.Hour},
		{1, time.Minute, time.Second, time.Second},
	}
	for _, tt := range tests {
		if got := After(tt.n, tt.first, tt.limit); got != tt.want {
			t.Errorf("After(%d, %v, %v) = %v, want %v", tt.n, tt.first, tt.limit, got, tt.want)
		}
	}
}
