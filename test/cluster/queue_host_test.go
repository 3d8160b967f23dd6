package cluster

import (
	"context"
	"sync"
	"time"
)

// queueHost is the queue of deadlines with the hosts that receive from it, as the Functions host was seen to do:
// a host asks for messages again at once while there are some, and else within pollInterval; batchSize at a
// time, with inFlight messages in hand at most.
type queueHost struct {
	deadlineMessages
	instances []*Instance

	mu          sync.Mutex
	stopped     bool
	outstanding int           // messages at one time, at most
	longest     time.Duration // of the invocations
	hosts       sync.WaitGroup
}

const (
	pollInterval = 2 * time.Second
	batchSize    = 16
	inFlight     = 1016 // batchSize and newBatchThreshold of host.json
)

// Send implements engine.Queue.
func (h *queueHost) Send(_ context.Context, text string, delay time.Duration) error {
	time.Sleep(storageLatency)
	h.send(text, (delay + time.Second - 1).Truncate(time.Second))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outstanding = max(h.outstanding, h.count())
	return nil
}

// start lets an instance receive messages, and sweep once a minute on the first one.
func (h *queueHost) start(ctx context.Context, inst *Instance) {
	h.instances = append(h.instances, inst)
	hand := make(chan struct{}, inFlight)
	h.hosts.Go(func() {
		for !h.isStopped() {
			time.Sleep(storageLatency)
			batch := h.receive(time.Now(), batchSize)
			for _, m := range batch {
				hand <- struct{}{}
				h.hosts.Go(func() {
					defer func() { <-hand }()
					began := time.Now()
					inst.ReceiveDeadline(ctx, m)
					h.noteInvocation(time.Since(began))
				})
			}
			if len(batch) == 0 {
				time.Sleep(pollInterval)
			}
		}
	})
	if len(h.instances) > 1 {
		return // a timer runs on one instance
	}
	h.hosts.Go(func() {
		for !h.isStopped() {
			time.Sleep(sweepInterval)
			began := time.Now()
			_ = inst.Sweep(ctx) // what it leaves, the next one does
			h.noteInvocation(time.Since(began))
		}
	})
}

// stop ends all hosts, and waits until they have ended.
func (h *queueHost) stop() {
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	h.hosts.Wait()
}

func (h *queueHost) isStopped() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stopped
}

func (h *queueHost) noteInvocation(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.longest = max(h.longest, d)
}
