package outbox

import (
	"testing"
	"time"
)

func TestBackoffsDoubleUpToTheirLimits(t *testing.T) {
	tests := []struct {
		name      string
		got, want time.Duration
	}{
		{"no response to the first send", NoResponseBackoff(1), time.Second},
		{"no response to the second send", NoResponseBackoff(2), 2 * time.Second},
		{"no response to the fourth send", NoResponseBackoff(4), 8 * time.Second},
		{"no response is waited for 15 s at most", NoResponseBackoff(1000), 15 * time.Second},
		{"a local action that was leased once", LocalBackoff(1), time.Second},
		{"a local action that was leased ten times", LocalBackoff(10), 512 * time.Second},
		{"a local action waits 15 min at most", LocalBackoff(1000), 15 * time.Minute},
		{"ACS throttled the first send and asked for nothing", ThrottleBackoff(0, 1), time.Second},
		{"ACS throttled the third send and asked for nothing", ThrottleBackoff(0, 3), 4 * time.Second},
		{"ACS asked for more than our own wait", ThrottleBackoff(10*time.Second, 1), 10 * time.Second},
		{"ACS asked for less than our own wait", ThrottleBackoff(time.Second, 4), 8 * time.Second},
		{"ACS asked for an hour and gets a minute", ThrottleBackoff(time.Hour, 1), time.Minute},
		{"our own wait after throttling is a minute at most", ThrottleBackoff(0, 1000), time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("wait = %v, want %v", tt.got, tt.want)
			}
		})
	}
}
