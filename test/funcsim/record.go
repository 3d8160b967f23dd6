package funcsim

import (
	"sync"
	"time"
)

// record is a timer's status, kept for schedules of a minute and more: the last
// run (zero before the first), the next occurrence, when both were written.
type record struct {
	last, next, updated time.Time
}

// records holds the records of a Host's timers, by function. They outlive a stop.
type records struct {
	mu sync.Mutex
	m  map[string]record
}

// pastDue reports whether the recorded next occurrence was missed while no host
// ran. It writes the first record, and a new one if the schedule has changed.
// Source: azure-webjobs-sdk-extensions, ScheduleMonitor.cs.
func (rs *records) pastDue(f *function, now time.Time) bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.m == nil {
		rs.m = map[string]record{}
	}
	r, ok := rs.m[f.name]
	since := r.last
	if since.IsZero() {
		since = r.updated
	}
	if !ok || !r.next.Equal(f.schedule.next(since)) {
		r = record{next: f.schedule.next(now), updated: now}
		rs.m[f.name] = r
	}
	return now.After(r.next)
}

// ran moves the record on after a run that began at the given time; one that
// began early counts as of its occurrence.
func (rs *records) ran(f *function, began time.Time) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	last := began
	if next := rs.m[f.name].next; last.Before(next) && next.Sub(last) < time.Second {
		last = next
	}
	rs.m[f.name] = record{last: last, next: f.schedule.next(last), updated: last}
}

// get is nil where there is no record.
func (rs *records) get(f *function) *record {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r, ok := rs.m[f.name]
	if !ok {
		return nil
	}
	return &r
}
