package funcsim

import (
	"testing"
	"time"
)

func TestOccurrencesOfSchedules(t *testing.T) {
	from := time.Date(2026, 1, 31, 23, 59, 57, 500_000_000, time.UTC) // a Saturday
	tests := []struct {
		name, schedule, next, after string
		monitored                   bool
	}{
		{"every five seconds", "*/5 * * * * *", "2026-02-01T00:00:00", "2026-02-01T00:00:05", false},
		{"every quarter of a minute", "*/15 * * * * *", "2026-02-01T00:00:00", "2026-02-01T00:00:15", false},
		{"from the third second in steps of twenty", "3/20 * * * * *", "2026-02-01T00:00:03", "2026-02-01T00:00:23", false},
		{"every minute", "0 * * * * *", "2026-02-01T00:00:00", "2026-02-01T00:01:00", true},
		{"five fields", "30 2 * * *", "2026-02-01T02:30:00", "2026-02-02T02:30:00", true},
		{"lists and ranges", "0 10,50 9-10 * * *", "2026-02-01T09:10:00", "2026-02-01T09:50:00", true},
		{"working days by name", "0 0 8 * * Mon-Fri", "2026-02-02T08:00:00", "2026-02-03T08:00:00", true},
		{"a month by name", "0 0 0 1 JUL *", "2026-07-01T00:00:00", "2027-07-01T00:00:00", true},
		{"the thirty-first", "0 0 0 31 * *", "2026-03-31T00:00:00", "2026-05-31T00:00:00", true},
		{"a leap day", "0 0 12 29 2 *", "2028-02-29T12:00:00", "2032-02-29T12:00:00", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parseSchedule(tt.schedule)
			if err != nil {
				t.Fatal(err)
			}
			first := s.next(from)
			second := s.next(first)
			const layout = "2006-01-02T15:04:05"
			if first.Format(layout) != tt.next || second.Format(layout) != tt.after {
				t.Errorf("occurrences %s, %s; want %s, %s", first.Format(layout), second.Format(layout), tt.next, tt.after)
			}
			if s.monitored(from) != tt.monitored {
				t.Errorf("monitored = %v, want %v", s.monitored(from), tt.monitored)
			}
		})
	}
}

func TestSchedulesThatTheHostReadsDifferentlyAreRefused(t *testing.T) {
	for _, s := range []string{"", "x", "* * * *", "* * * * * * *", "@daily", "00:05:00", "0 0 0 L * *", "0 0 0 ? * *", "61 * * * * *",
		"0 0 0 1 * 1", "0 0 0 * * 7", "0 0 0 * * 1#2", "0 0 0 31 2 *", "*/0 * * * * *", "5-1 * * * * *"} {
		if got, err := parseSchedule(s); err == nil {
			t.Errorf("%q was read as %q, want an error", s, got)
		}
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, s := range []string{"*/5 * * * * *", "0 30 9 * * Mon-Fri", "0 0 0 1 JUL *"} {
		f.Add(s)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseSchedule(text); err == nil && !s.next(now).After(now) {
			t.Errorf("%q: the next occurrence is %v, want one after %v", text, s.next(now), now)
		}
	})
}
