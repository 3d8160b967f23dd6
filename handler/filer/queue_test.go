package filer_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"switchboard/handler/filer"
	"switchboard/test/cluster"
)

// queue is the storage queue as one process sees it.
type queue struct {
	v    *filingSim
	inst *cluster.Instance
}

func (q *queue) Send(_ context.Context, text string, delay time.Duration) (err error) {
	var m filer.ResumeMessage
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return err
	}
	down := q.v.Perform(q.inst, true, func() {
		q.v.Mu.Lock()
		defer q.v.Mu.Unlock()
		if q.v.sends++; q.v.queueFails != nil && q.v.queueFails(q.v.sends) {
			err = errors.New("no queue")
			return
		}
		q.v.put(delay, func(e *cluster.Instance) error { return e.File(q.v.T.Context(), m.Recording) })
	})
	if down != nil {
		return down
	}
	return err
}

// The Functions host lets a message that failed come back soon, five times in all. One
// whose process has died comes back when its time of being unseen is over.
//
// Source: "Azure Queue storage trigger for Azure Functions", Microsoft Learn.
const (
	tries  = 5
	unseen = 10 * time.Minute
)

// put puts a message into the queue, to be seen after a delay.
func (v *filingSim) put(delay time.Duration, handle func(*cluster.Instance) error) {
	v.Background.Go(func() {
		time.Sleep(delay)
		for range tries {
			alive := v.Running()
			for len(alive) == 0 {
				time.Sleep(time.Second)
				alive = v.Running()
			}
			inst := alive[v.pick(len(alive))]
			err := handle(inst)
			switch {
			case v.isDead(inst):
				time.Sleep(unseen)
			case err == nil:
				return
			default:
				time.Sleep(time.Second)
			}
		}
		v.T.Error("a message went to the poison queue")
	})
}

// pick is which of so many processes gets a message: each in turn.
func (v *filingSim) pick(of int) int {
	v.Mu.Lock()
	defer v.Mu.Unlock()
	v.turn++
	return v.turn % of
}

func (v *filingSim) isDead(inst *cluster.Instance) bool { return !slices.Contains(v.Running(), inst) }
