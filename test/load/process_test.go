package main

import (
	"testing"
	"time"
)

// stat returns the text of /proc/PID/stat of a process with the given name, with 1234 ticks in user mode and 56 in the
// kernel.
func stat(name string) string {
	return "4711 (" + name + ") S 1 4711 4711 0 -1 4194560 2345 0 0 0 1234 56 7 8 20 0 9 0 12345 1234567890 8901 18446744073709551615 1\n"
}

func TestCPUTimeIsReadFromStat(t *testing.T) {
	const want = 12_900 * time.Millisecond
	tests := []struct {
		name, text string
		want       time.Duration
		ok         bool
	}{
		{"a plain name", stat("handler"), want, true},
		{"a name with spaces and parentheses", stat("a) S 1 (b"), want, true},
		{"an empty text", "", 0, false},
		{"a text that is cut off", "4711 (handler) S 1 4711", 0, false},
		{"no number", "1 (x) S a a a a a a a a a a eleven 12", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseStat(tt.text)
			if got != tt.want || (err == nil) != tt.ok {
				t.Errorf("got %v, %v; want %v, ok %v", got, err, tt.want, tt.ok)
			}
		})
	}
}

func TestMemoryIsReadFromStatus(t *testing.T) {
	tests := []struct {
		name, text     string
		resident, peak int64
		ok             bool
	}{
		{"both", "Name:\thandler\nVmPeak:\t 1999 kB\nVmHWM:\t   41984 kB\nVmRSS:\t   36864 kB\nThreads:\t9\n", 36864 * 1024, 41984 * 1024, true},
		{"a process that has ended", "Name:\thandler\nState:\tZ (zombie)\n", 0, 0, false},
		{"no unit", "VmHWM:\t41984\nVmRSS:\t36864\n", 0, 0, false},
		{"no number", "VmHWM:\tmuch kB\nVmRSS:\t36864 kB\n", 0, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resident, peak, err := parseStatus(tt.text)
			if resident != tt.resident || peak != tt.peak || (err == nil) != tt.ok {
				t.Errorf("got %d, %d, %v; want %d, %d, ok %v", resident, peak, err, tt.resident, tt.peak, tt.ok)
			}
		})
	}
}

func TestAProcessThatDoesNotRunHasNoUsage(t *testing.T) {
	if u, err := readUsage(0); err == nil {
		t.Errorf("got %+v", u)
	}
}
