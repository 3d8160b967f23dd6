package main

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	to100 := make([]time.Duration, 100)
	for i := range to100 {
		to100[i] = time.Duration(100 - i)
	}
	tests := []struct {
		name   string
		values []time.Duration
		p      float64
		want   time.Duration
	}{
		{"none", nil, 50, 0},
		{"one", []time.Duration{7}, 99, 7},
		{"the middle of three", []time.Duration{9, 1, 5}, 50, 5},
		{"the lower middle of four", []time.Duration{4, 3, 2, 1}, 50, 2},
		{"half of a hundred", to100, 50, 50},
		{"99 of a hundred", to100, 99, 99},
		{"all of a hundred", to100, 100, 100},
		{"none of a hundred", to100, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values := slices.Clone(tt.values)
			if got := percentile(values, tt.p); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
			if !slices.Equal(values, tt.values) {
				t.Error("the values were sorted in place")
			}
		})
	}
}

// answers is a transport that answers requests by their paths.
type answers map[string]int

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status, ok := a[r.URL.Path]
	if !ok {
		return nil, errors.New("no answer")
	}
	return &http.Response{StatusCode: status, Body: http.NoBody}, nil
}

func TestCallbacksAreTimedAndThoseThatAreRefusedAreCounted(t *testing.T) {
	acks := &acknowledgements{next: answers{"/api/callbacks/a": 200, "/api/callbacks/d": 204, "/api/callbacks/b": 503, "/api/incomingCall": 500}}
	for _, path := range []string{"/api/callbacks/a", "/api/callbacks/b", "/api/callbacks/c", "/api/callbacks/d", "/api/incomingCall"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := acks.RoundTrip(r); err == nil {
			resp.Body.Close()
		}
	}
	if callbacks, refused := acks.counts(); callbacks != 4 || refused != 2 {
		t.Errorf("%d callbacks, %d refused; want 4 and 2", callbacks, refused)
	}
	if got := len(acks.since(1)); got != 3 {
		t.Errorf("%d after the first, want 3", got)
	}
}
