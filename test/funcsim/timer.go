package funcsim

import (
	"fmt"
	"time"
)

// timer runs one timer function. Runs do not overlap; occurrences during a run are
// skipped.
type timer struct {
	in     *instance
	f      *function
	lock   *listenerLock
	status status
}

func newTimer(in *instance, f *function) *timer {
	return &timer{in, f, newListenerLock(in, f), in.status(f)}
}

// listen waits for the lease and then runs the function at every occurrence until
// the host ends.
func (t *timer) listen() {
	if !t.lock.acquire() {
		return
	}
	t.in.spawn(t.lock.keep)
	monitored := t.f.schedule.monitored(time.Now())
	if monitored {
		pastDue, err := t.status.pastDue(t.in.ctx, time.Now())
		t.check(err)
		if pastDue {
			t.run(true, monitored)
		}
	}
	for t.sleepUntil(t.f.schedule.next(time.Now())) {
		t.run(false, monitored)
	}
}

// run runs the function once. A failure is only logged: the record is updated all
// the same.
func (t *timer) run(pastDue, monitored bool) {
	var r *record
	var err error
	if monitored {
		r, err = t.status.read(t.in.ctx)
		t.check(err)
	}
	if t.in.faults.losesLease(t.f) {
		t.check(t.lock.lose(t.in.ctx))
	}
	began := time.Now()
	_ = t.in.invoke(t.in.ctx, timerCall(t.f, r, pastDue))
	if r != nil && t.in.ctx.Err() == nil { // a host that ends during a run writes nothing
		t.check(t.status.ran(t.in.ctx, *r, began))
	}
}

// check logs an error of the storage. The timer goes on.
func (t *timer) check(err error) {
	if err != nil && t.in.ctx.Err() == nil {
		t.in.log.add(LevelError, FromHost, fmt.Sprintf("Functions.%s: status: %v", t.f.name, err))
	}
}

// sleepUntil waits until at. It returns false if the host ends first.
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

// timerCall returns a timer's invocation. r is nil if the host keeps no record.
func timerCall(f *function, r *record, pastDue bool) call {
	var info, scheduleStatus object
	info.set("Schedule", `{"AdjustForDST":true}`)
	info.set("ScheduleStatus", "null")
	if r != nil {
		scheduleStatus.set("Last", quote(recordTime(r.last)))
		scheduleStatus.set("Next", quote(recordTime(r.next)))
		scheduleStatus.set("LastUpdated", quote(recordTime(r.updated)))
		info.set("ScheduleStatus", scheduleStatus.String())
	}
	info.set("IsPastDue", fmt.Sprint(pastDue))
	return call{f: f, value: info.String()}
}
