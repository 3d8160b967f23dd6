package funcsim

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/adhocore/gronx"
)

// schedule is an NCRONTAB expression of six fields: second, minute, hour, day of
// month, month, day of week.
type schedule string

var scheduleField = regexp.MustCompile(`^(?i:[0-9*,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|` +
	`SUN|MON|TUE|WED|THU|FRI|SAT)+$`)

// parseSchedule parses expressions that NCRONTAB and the cron library read alike.
// Five fields mean second 0, as in the host. It refuses time spans, L, W, #, ? and
// tags, and a restriction of both day fields: NCRONTAB joins them with and, cron
// with or.
func parseSchedule(text string) (schedule, error) {
	fields := strings.Fields(text)
	if len(fields) == 5 {
		fields = append([]string{"0"}, fields...)
	}
	if len(fields) != 6 {
		return "", fmt.Errorf("schedule %q: %d fields, want 6", text, len(fields))
	}
	for _, f := range fields {
		if !scheduleField.MatchString(f) {
			return "", fmt.Errorf("schedule %q: field %q is not supported by funcsim", text, f)
		}
	}
	if fields[3] != "*" && fields[5] != "*" {
		return "", fmt.Errorf("schedule %q: day of month and day of week together are not supported by funcsim", text)
	}
	if strings.Contains(fields[5], "7") {
		return "", fmt.Errorf("schedule %q: NCRONTAB's Sunday is 0, not 7", text)
	}
	s := schedule(strings.Join(fields, " "))
	if !gronx.IsValid(string(s)) {
		return "", fmt.Errorf("schedule %q is not NCRONTAB", text)
	}
	if _, err := gronx.NextTickAfter(string(s), time.Now(), false); err != nil {
		return "", fmt.Errorf("schedule %q never comes: %w", text, err)
	}
	return s, nil
}

// next returns the first occurrence strictly after t, in UTC.
func (s schedule) next(t time.Time) time.Time {
	// parseSchedule has excluded the errors.
	at, _ := gronx.NextTickAfter(string(s), t.UTC(), false)
	return at
}

// monitored reports whether the host keeps a status record: it does if occurrences
// are at least a minute apart.
func (s schedule) monitored(now time.Time) bool {
	first := s.next(now)
	return s.next(first).Sub(first) >= time.Minute
}
