package funcsim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// MemoryQueue is a Queue without storage, for tests in process and in virtual
// time. It has the limits of a queue of the service. The zero value is an empty queue.
type MemoryQueue struct {
	mu       sync.Mutex
	messages []*Message // in the order in which they become visible
	receipts int
	poison   []string
}

// Limits of the service.
// Source: learn.microsoft.com/rest/api/storageservices/put-message, get-messages.
const (
	maxMessageText  = 64 << 10           // bytes
	maxReceive      = 32                 // messages at a time
	minReceiveHide  = time.Second        // from a receive until the message is visible again
	messageLifetime = 7 * 24 * time.Hour // of a message that was sent without one
)

// Send appends a message, which expires after 7 days. The text is stored unchanged: for an
// app whose messageEncoding is base64 the caller encodes it. A text that is too long for a
// queue is a mistake of the test: Send panics.
func (q *MemoryQueue) Send(text string) {
	if err := q.put(text, 0, messageLifetime); err != nil {
		panic(err)
	}
}

// SendLater appends a message as the handler sends it: it does not expire, and is not
// received before the delay has passed, which is at most 7 days and is rounded up to whole
// seconds.
func (q *MemoryQueue) SendLater(text string, delay time.Duration) error { return q.put(text, delay, 0) }

// Enqueue appends a message as Send does. It serves callers that know an interface of
// queues, such as acssim's Event Grid.
func (q *MemoryQueue) Enqueue(_ context.Context, text string) error {
	return q.put(text, 0, messageLifetime)
}

// put appends a message. With a lifetime of 0 it does not expire.
func (q *MemoryQueue) put(text string, delay, lifetime time.Duration) error {
	if len(text) > maxMessageText {
		return fmt.Errorf("RequestBodyTooLarge: %d bytes, at most %d are allowed", len(text), maxMessageText)
	}
	if err := checkHide(delay, 0); err != nil {
		return err
	}
	delay = (delay + time.Second - 1).Truncate(time.Second)
	now := time.Now()
	expires := never
	if lifetime != 0 {
		expires = now.Add(lifetime)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.insert(&Message{ID: newUUID(), Text: text, Inserted: now, Expires: expires, NextVisible: now.Add(delay)})
	return nil
}

// Len returns the number of messages in the queue, including hidden ones.
func (q *MemoryQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

// Poisoned returns the texts in the poison queue.
func (q *MemoryQueue) Poisoned() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.poison)
}

// Receive implements Queue.
func (q *MemoryQueue) Receive(_ context.Context, n int, hide time.Duration) ([]Message, error) {
	if n < 1 || n > maxReceive {
		return nil, fmt.Errorf("OutOfRangeQueryParameterValue: %d messages, from 1 to %d are allowed", n, maxReceive)
	}
	if err := checkHide(hide, minReceiveHide); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.messages = slices.DeleteFunc(q.messages, func(m *Message) bool { return !m.Expires.After(now) })
	var out []Message
	for len(out) < n && len(q.messages) > 0 && !q.messages[0].NextVisible.After(now) {
		q.messages[0].DequeueCount++
		out = append(out, q.hide(0, hide))
	}
	return out, nil
}

// Hide implements Queue.
func (q *MemoryQueue) Hide(_ context.Context, m Message, hide time.Duration) (Message, error) {
	if err := checkHide(hide, 0); err != nil {
		return m, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	i, err := q.find(m)
	if err != nil {
		return m, err
	}
	return q.hide(i, hide), nil
}

// Delete implements Queue.
func (q *MemoryQueue) Delete(_ context.Context, m Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i, err := q.find(m)
	if err == nil {
		q.messages = slices.Delete(q.messages, i, i+1)
	}
	return err
}

// Poison implements Queue.
func (q *MemoryQueue) Poison(_ context.Context, m Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.poison = append(q.poison, m.Text)
	return nil
}

// hide hides the i-th message for d and returns it. As in the service, its older receipts
// become invalid.
func (q *MemoryQueue) hide(i int, d time.Duration) Message {
	m := q.messages[i]
	q.messages = slices.Delete(q.messages, i, i+1)
	q.receipts++
	m.PopReceipt = "receipt-" + strconv.Itoa(q.receipts)
	m.NextVisible = time.Now().Add(d)
	q.insert(m)
	return *m
}

// insert adds m behind the messages that become visible no later.
func (q *MemoryQueue) insert(m *Message) {
	i, _ := slices.BinarySearchFunc(q.messages, m.NextVisible, func(e *Message, t time.Time) int {
		if e.NextVisible.After(t) {
			return 1
		}
		return -1
	})
	q.messages = slices.Insert(q.messages, i, m)
}

func (q *MemoryQueue) find(m Message) (int, error) {
	i := slices.IndexFunc(q.messages, func(e *Message) bool { return e.ID == m.ID && e.PopReceipt == m.PopReceipt })
	if i < 0 {
		return 0, fmt.Errorf("%w: the pop receipt is not the latest", ErrMessageGone)
	}
	return i, nil
}

// checkHide returns an error if a message cannot be hidden for d.
func checkHide(d, low time.Duration) error {
	if d < low || d > maxHide {
		return fmt.Errorf("OutOfRangeQueryParameterValue: a visibility timeout of %v, from %v to %v are allowed", d, low, maxHide)
	}
	return nil
}
