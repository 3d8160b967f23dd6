package funcsim

import (
	"fmt"
	"time"
)

// timer runs one timer function: never twice at once, and what is missed while
// a run lasts stays missed.
type timer struct {
	in     *instance
	f      *function
	lock   *listenerLock
	status status
}

func newTimer(in *instance, f *function) *timer {
	return &timer{in, f, newListenerLock(in, f), in.status(f)}
}

// listen runs the function at every occurrence until the host ends, once this
// host is the one that runs it.
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

// run is one run. A failure is logged and has no other consequence: the record
// moves on all the same.
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
	if r != nil && t.in.ctx.Err() == nil { // a host that ends in mid-run writes nothing
		t.check(t.status.ran(t.in.ctx, *r, began))
	}
}

// check logs what storage refuses; the timer goes on as well as it can.
func (t *timer) check(err error) {
	if err != nil && t.in.ctx.Err() == nil {
		t.in.log.add(Error, FromHost, fmt.Sprintf("Functions.%s: status: %v", t.f.name, err))
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
		scheduleStatus.set("Last", quote(recordTime(r.last)))
		scheduleStatus.set("Next", quote(recordTime(r.next)))
		scheduleStatus.set("LastUpdated", quote(recordTime(r.updated)))
		info.set("ScheduleStatus", scheduleStatus.String())
	}
	info.set("IsPastDue", fmt.Sprint(pastDue))
	return call{f: f, value: info.String()}
}
