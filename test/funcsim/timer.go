package funcsim

import (
	"fmt"
	"time"
)

// timer runs one timer function: never twice at once, and what is missed while
// a run lasts stays missed.
type timer struct {
	in      *instance
	f       *function
	pastDue bool // an occurrence was missed before the host started
}

// newTimer looks up the function's record, where the host keeps one.
func newTimer(in *instance, f *function) *timer {
	now := time.Now()
	return &timer{in, f, f.schedule.monitored(now) && in.host.timers.pastDue(f, now)}
}

// listen runs the function at every occurrence until the host ends. A lease that
// keeps several hosts from running one timer would be held around it.
func (t *timer) listen() {
	if t.pastDue {
		t.run(true)
	}
	for t.sleepUntil(t.f.schedule.next(time.Now())) {
		t.run(false)
	}
}

// run is one run. A failure is logged and has no other consequence: the record
// moves on all the same.
func (t *timer) run(pastDue bool) {
	r, began := t.in.host.timers.get(t.f), time.Now()
	_ = t.in.invoke(t.in.ctx, timerCall(t.f, r, pastDue))
	if r != nil && t.in.ctx.Err() == nil { // a host that ends in mid-run writes nothing
		t.in.host.timers.ran(t.f, began)
	}
}

// sleepUntil reports false when the host ends before.
func (t *timer) sleepUntil(at time.Time) bool {
	for {
		left := time.Until(at)
		if left <= 0 {
			return t.in.ctx.Err() == nil
		}
		select {
		case <-time.After(left):
		case <-t.in.ctx.Done():
			return false
		}
	}
}

// timerCall is a timer's invocation. r is nil where the host keeps no record.
func timerCall(f *function, r *record, pastDue bool) call {
	var info, scheduleStatus object
	info.set("Schedule", `{"AdjustForDST":true}`)
	info.set("ScheduleStatus", "null")
	if r != nil {
		scheduleStatus.set("Last", timerTime(r.last))
		scheduleStatus.set("Next", timerTime(r.next))
		scheduleStatus.set("LastUpdated", timerTime(r.updated))
		info.set("ScheduleStatus", scheduleStatus.String())
	}
	info.set("IsPastDue", fmt.Sprint(pastDue))
	return call{f: f, value: info.String()}
}

// timerTime writes t as the host does, whose zone is UTC.
func timerTime(t time.Time) string {
	return quote(t.UTC().Format("2006-01-02T15:04:05.9999999") + "+00:00")
}
