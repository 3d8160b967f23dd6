package cluster

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/engine"
	"switchboard/handler/store"
)

// deadlineMessages is the queue of deadlines, in memory.
type deadlineMessages struct {
	mu      sync.Mutex
	waiting []deadlineMessage
}

type deadlineMessage struct {
	text    string
	visible time.Time
}

// send adds a message.
func (q *deadlineMessages) send(text string, delay time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, deadlineMessage{text, time.Now().Add(delay)})
}

// count returns the number of messages.
func (q *deadlineMessages) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// receive removes and returns the messages that are visible at a time, n of them at most.
func (q *deadlineMessages) receive(at time.Time, n int) (visible []engine.DeadlineMessage) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(m deadlineMessage) bool {
		if m.visible.After(at) || len(visible) == n {
			return false
		}
		var message engine.DeadlineMessage
		if err := json.Unmarshal([]byte(m.text), &message); err != nil {
			panic(err)
		}
		visible = append(visible, message)
		return true
	})
	return visible
}

// DeadlineQueue is the queue of deadlines as one instance sees it: sending is a fault point.
type DeadlineQueue struct {
	c    *Cluster
	inst *Instance
}

// Send implements engine.Queue.
func (q DeadlineQueue) Send(_ context.Context, text string, delay time.Duration) error {
	return q.c.Perform(q.inst, true, func() { q.c.deadlines.send(text, delay) })
}

// harnessQueue is the queue of deadlines of a harness.
type harnessQueue struct{ h *Harness }

// Send implements engine.Queue.
func (q harnessQueue) Send(_ context.Context, text string, delay time.Duration) error {
	q.h.deadlines.send(text, delay)
	return nil
}

// WantAnnounced checks that a message announces the shard of an item, among those in the queue of deadlines
// that were sent since the last WantAnnounced.
func (h *Harness) WantAnnounced(t *testing.T, id call.ID) {
	t.Helper()
	h.Background.Wait()
	sent, shard := h.deadlines.receive(time.Now().Add(time.Hour), math.MaxInt), store.ShardOf(string(id))
	if !slices.ContainsFunc(sent, func(m engine.DeadlineMessage) bool { return m.Shard == shard }) {
		t.Errorf("messages %+v, want one for shard %s of %s", sent, shard, id)
	}
}

// WantRounds checks for which campaigns rounds are announced, once each, by the messages in the queue of
// deadlines that were sent since the last time.
func (h *Harness) WantRounds(t *testing.T, want ...string) {
	t.Helper()
	h.Background.Wait()
	var got []string
	for _, m := range h.deadlines.receive(time.Now().Add(time.Hour), math.MaxInt) {
		if m.Campaign != "" {
			got = append(got, m.Campaign)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("rounds of %q are announced, want %q", got, want)
	}
}

// ReceiveDeadline does what the function deadline does with a message.
func (i *Instance) ReceiveDeadline(ctx context.Context, m engine.DeadlineMessage) {
	if m.Campaign != "" {
		i.DialCampaign(ctx, campaign.ID(m.Campaign))
	} else {
		i.AttendShard(ctx, m.Shard)
	}
}

// AttendAll attends to every shard of the worklist.
func (i *Instance) AttendAll(ctx context.Context) {
	for n := range store.Shards {
		i.AttendShard(ctx, store.Shard(n))
	}
}
