package funcsim

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
)

// MemoryQueue is a Queue without storage, for tests in process and in virtual
// time. The zero value is an empty queue.
type MemoryQueue struct {
	mu       sync.Mutex
	messages []*Message
	receipts int
	poison   []string
}

const messageLife = 7 * 24 * time.Hour // the service's default time to live

// Send appends a message. The text is stored unchanged: for an app whose
// messageEncoding is base64 the caller encodes it.
func (q *MemoryQueue) Send(text string) { q.SendLater(text, 0) }

// SendLater appends a message that is not received before the delay has passed.
func (q *MemoryQueue) SendLater(text string, delay time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.messages = append(q.messages,
		&Message{ID: newUUID(), Text: text, Inserted: now, Expires: now.Add(messageLife), NextVisible: now.Add(delay)})
}

// Enqueue calls Send. It serves callers that know an interface of queues, such as
// acssim's Event Grid. It does not fail.
func (q *MemoryQueue) Enqueue(_ context.Context, text string) error {
	q.Send(text)
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
	return append([]string(nil), q.poison...)
}

// Receive implements Queue.
func (q *MemoryQueue) Receive(_ context.Context, n int, hide time.Duration) ([]Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []Message
	for _, m := range q.messages {
		if len(out) == n {
			break
		}
		if m.NextVisible.After(time.Now()) {
			continue
		}
		m.DequeueCount++
		q.hide(m, hide)
		out = append(out, *m)
	}
	return out, nil
}

// Hide implements Queue.
func (q *MemoryQueue) Hide(_ context.Context, m Message, hide time.Duration) (Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i, err := q.find(m)
	if err != nil {
		return m, err
	}
	q.hide(q.messages[i], hide)
	return *q.messages[i], nil
}

// Delete implements Queue.
func (q *MemoryQueue) Delete(_ context.Context, m Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i, err := q.find(m)
	if err == nil {
		q.messages = append(q.messages[:i], q.messages[i+1:]...)
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

// hide hides m for d. As in the service, m's older receipts become invalid.
func (q *MemoryQueue) hide(m *Message, d time.Duration) {
	q.receipts++
	m.PopReceipt = "receipt-" + strconv.Itoa(q.receipts)
	m.NextVisible = time.Now().Add(d)
}

func (q *MemoryQueue) find(m Message) (int, error) {
	for i, e := range q.messages {
		if e.ID == m.ID && e.PopReceipt == m.PopReceipt {
			return i, nil
		}
	}
	return 0, errors.New("MessageNotFound: the pop receipt is not the latest")
}
