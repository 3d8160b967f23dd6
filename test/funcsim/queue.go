package funcsim

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Queue is the source of a queue trigger's messages: a queue of the storage account,
// or a MemoryQueue. Its methods may be called concurrently. Times are whole seconds. The
// limits are the service's, and what is outside them is refused.
type Queue interface {
	// Receive returns at most n messages, from 1 to 32, and hides each of them for 1 s
	// to 7 days. The ones that have been visible longest come first. It returns none,
	// without an error, if no message is visible or the queue does not exist. An error
	// other than an azcore.ResponseError with a status of 500 or above ends the host.
	Receive(ctx context.Context, n int, hide time.Duration) ([]Message, error)

	// Hide hides a received message for the given time from now, at most 7 days; with 0
	// it becomes visible at once. The returned message replaces m. The error is
	// ErrMessageGone if m is not the latest receipt of the message.
	Hide(ctx context.Context, m Message, hide time.Duration) (Message, error)

	// Delete removes a received message. It fails like Hide.
	Delete(ctx context.Context, m Message) error

	// Poison puts a copy of a received message into the queue's poison queue.
	Poison(ctx context.Context, m Message) error
}

// ErrMessageGone means that a message was deleted, or was received again meanwhile.
var ErrMessageGone = errors.New("the message is gone")

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

// never is the expiry of a message that does not expire, and of one in a run by hand.
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
