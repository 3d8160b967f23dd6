package funcsim

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Queue is the source of a queue trigger's messages: a queue of the storage account,
// or a MemoryQueue. Its methods may be called concurrently.
type Queue interface {
	// Receive returns at most n messages and hides each of them for the given time.
	// It returns none, without an error, if the queue is empty or does not exist.
	Receive(ctx context.Context, n int, hide time.Duration) ([]Message, error)

	// Hide hides a received message for the given time from now; with 0 it becomes
	// visible at once. The returned message replaces m.
	Hide(ctx context.Context, m Message, hide time.Duration) (Message, error)

	// Delete removes a received message.
	Delete(ctx context.Context, m Message) error

	// Poison puts a copy of a received message into the queue's poison queue.
	Poison(ctx context.Context, m Message) error
}

// Message is one message as it was received.
type Message struct {
	ID           string
	PopReceipt   string
	Text         string // as in the queue, not decoded
	DequeueCount int    // includes this time
	Inserted     time.Time
	Expires      time.Time
	NextVisible  time.Time
}

// queueOptions are extensions.queues of host.json.
type queueOptions struct {
	batchSize         int
	newBatchThreshold int
	maxDequeueCount   int
	retryDelay        time.Duration // how long a failed message stays hidden
	maxPause          time.Duration // between two polls of an empty queue
	base64            bool
}

const (
	firstPause = 100 * time.Millisecond
	// hiddenWhileRunning is how long a message is hidden while its function runs.
	// After half of it the message is hidden again. After a crash of the host the
	// message becomes visible only when that time has passed.
	hiddenWhileRunning = 10 * time.Minute
)

// queueListener runs one queue function.
type queueListener struct {
	in    *instance
	f     *function
	queue Queue
	opts  queueOptions
}

// listen receives batches from the queue until the host ends. It receives a new batch
// when at most newBatchThreshold messages are in flight.
func (l *queueListener) listen() {
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, l.opts.batchSize+l.opts.newBatchThreshold)
	inFlight := 0
	pause := firstPause
	for l.in.ctx.Err() == nil {
		for inFlight > l.opts.newBatchThreshold {
			<-free
			inFlight--
		}
		messages, err := l.queue.Receive(l.in.ctx, l.opts.batchSize, hiddenWhileRunning)
		if err != nil && l.in.ctx.Err() == nil {
			l.in.log.add(LevelError, FromHost, fmt.Sprintf("Functions.%s: queue %s: %v", l.f.name, l.f.queue, err))
		}
		for _, m := range messages {
			inFlight++
			running.Go(func() {
				defer func() { free <- struct{}{} }()
				l.process(m)
			})
		}
		if len(messages) > 0 {
			pause = firstPause
			continue
		}
		select {
		case <-time.After(pause):
		case <-l.in.ctx.Done():
		}
		pause = min(2*pause, l.opts.maxPause)
	}
}

// process runs the function for m and then deletes m, or hides it for another try. A
// message that does not decode, or has failed too often, goes to the poison queue. If
// the host ends meanwhile, m is left as it is and will be received again.
func (l *queueListener) process(m Message) {
	ctx := l.in.ctx
	text, err := l.decode(m.Text)
	poisoned := err != nil || m.DequeueCount > l.opts.maxDequeueCount
	if !poisoned {
		c := messageCall(l.f, m, text)
		m, err = l.whileHidden(m, func() error { return l.in.invoke(ctx, c) })
		poisoned = err != nil && m.DequeueCount >= l.opts.maxDequeueCount
	}
	if ctx.Err() != nil {
		return
	}
	switch {
	case poisoned:
		l.in.log.add(LevelWarning, FromHost, fmt.Sprintf("Message has reached MaxDequeueCount of %d. Moving message to queue '%s-poison'.",
			l.opts.maxDequeueCount, l.f.queue))
		if err = l.queue.Poison(ctx, m); err == nil {
			err = l.queue.Delete(ctx, m)
		}
	case err != nil:
		_, err = l.queue.Hide(ctx, m, l.opts.retryDelay)
	default:
		err = l.queue.Delete(ctx, m)
	}
	if err != nil && ctx.Err() == nil {
		l.in.log.add(LevelError, FromHost, fmt.Sprintf("Functions.%s: settle message: %v", l.f.name, err))
	}
}

// whileHidden keeps m hidden while f runs. It returns the latest version of m and the
// error of f.
func (l *queueListener) whileHidden(m Message, f func() error) (Message, error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	renew := time.NewTicker(hiddenWhileRunning / 2)
	defer renew.Stop()
	for {
		select {
		case err := <-done:
			return m, err
		case <-renew.C:
			hidden, err := l.queue.Hide(l.in.ctx, m, hiddenWhileRunning)
			if err != nil {
				l.in.log.add(LevelError, FromHost, fmt.Sprintf("Functions.%s: hide message: %v", l.f.name, err))
				continue
			}
			m = hidden
		}
	}
}

func (l *queueListener) decode(text string) (string, error) {
	if !l.opts.base64 {
		return text, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", errors.New("the message is not base64")
	}
	return string(raw), nil
}

// never is the expiry of a message in a run by hand.
var never = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// messageCall returns a queue invocation. text is the decoded message. If it is a
// JSON object, its members are in Metadata as well.
func messageCall(f *function, m Message, text string) call {
	c := call{f: f, value: quoteTwice(text)}
	manual := m.ID == ""
	if manual {
		m.Inserted, m.Expires, m.NextVisible = time.Now(), never, never
	}
	c.before.set("DequeueCount", quote(fmt.Sprint(m.DequeueCount)))
	c.before.set("ExpirationTime", messageTime(m.Expires))
	if !manual {
		c.before.set("Id", quoteTwice(m.ID))
	}
	c.before.set("InsertionTime", messageTime(m.Inserted))
	c.before.set("NextVisibleTime", messageTime(m.NextVisible))
	if !manual {
		c.before.set("PopReceipt", quoteTwice(m.PopReceipt))
	}
	for _, e := range members([]byte(text)) {
		if e.value[0] == '{' {
			if value, err := reformat(e.value); err == nil {
				c.setProperty(e.name, value)
			}
		} else if s, ok := scalarText(e.value); ok {
			c.setProperty(e.name, quoteTwice(s))
		}
	}
	return c
}

// setProperty adds a member of the message's JSON to Metadata. It replaces the
// message's own property of that name.
func (c *call) setProperty(name, value string) {
	if _, ok := c.before.values[name]; ok {
		c.before.set(name, value)
		return
	}
	c.after.set(name, value)
}

// messageTime returns t in whole seconds and in UTC, as JSON.
func messageTime(t time.Time) string { return quote(t.UTC().Format("2006-01-02T15:04:05-07:00")) }
