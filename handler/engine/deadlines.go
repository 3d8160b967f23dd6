package engine

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/store"
)

// AnnounceAhead is how long before it a slot is announced by a message. What is due later is announced by the
// timers, once a minute.
const AnnounceAhead = 90 * time.Second

const (
	// slotLength is the length of the slots in which deadlines are counted: one message stands for all items
	// of a shard that come due in one slot, so that the number of messages does not grow with that of calls.
	slotLength = 2 * time.Second
	// announceTimeout bounds the sending of one message. The sweep finds what no message announces.
	announceTimeout = time.Second
)

// Queue sends messages to the queue of deadlines. A message may be delivered more than once, and in any
// order.
type Queue interface {
	// Send sends a text that is delivered after a delay, which is rounded up to whole seconds.
	Send(ctx context.Context, text string, delay time.Duration) error
}

// DeadlineMessage is a message of the queue of deadlines: at the end of a slot, the due items of a shard are to
// be attended to, or a campaign is to be dialled.
type DeadlineMessage struct {
	Shard    string `json:"shard,omitempty"`    // of the worklist
	Campaign string `json:"campaign,omitempty"` // id; if there is no shard
	Slot     int64  `json:"slot"`               // number of the slot since 1970
}

// slotOf returns the number of the slot that a time is in.
func slotOf(t time.Time) int64 { return t.UnixNano() / int64(slotLength) }

// slotEnd returns the end of a slot.
func slotEnd(slot int64) time.Time { return time.Unix(0, (slot+1)*int64(slotLength)) }

// announcements remembers which messages this process has sent. The zero value is ready for use.
type announcements struct {
	mu   sync.Mutex
	sent map[DeadlineMessage]bool // of slots that have not ended
}

// add reports whether the message is new, and remembers it. It forgets the slots that have ended.
func (a *announcements) add(m DeadlineMessage, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent[m] {
		return false
	}
	if a.sent == nil {
		a.sent = map[DeadlineMessage]bool{}
	}
	for sent := range a.sent {
		if sent.Slot < slotOf(now) {
			delete(a.sent, sent)
		}
	}
	a.sent[m] = true
	return true
}

// remove forgets a message that was not sent.
func (a *announcements) remove(m DeadlineMessage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sent, m)
}

// Announce makes sure that an item of the worklist is attended to soon after it is due, if that is within
// AnnounceAhead. It returns at once: if it fails, the sweep finds the item.
func (e *Engine) Announce(ctx context.Context, id string, due time.Time) {
	e.announce(ctx, DeadlineMessage{Shard: store.ShardOf(id)}, due)
}

// AnnounceRound makes sure that a campaign is dialled soon after a time, if that is within AnnounceAhead. It
// returns at once: if it fails, the next timer finds the campaign.
func (e *Engine) AnnounceRound(ctx context.Context, campaign string, due time.Time) {
	e.announce(ctx, DeadlineMessage{Campaign: campaign}, due)
}

// announce sends a message for the slot in which something is due, unless this process has sent it already.
func (e *Engine) announce(ctx context.Context, m DeadlineMessage, due time.Time) {
	now := time.Now()
	if due.After(now.Add(AnnounceAhead)) {
		return
	}
	m.Slot = max(slotOf(due), slotOf(now))
	if e.announced.add(m, now) {
		e.Go(ctx, func(ctx context.Context) { e.sendDeadline(ctx, m, time.Until(slotEnd(m.Slot))) })
	}
}

// sendDeadline sends a message that is delivered after a delay.
func (e *Engine) sendDeadline(ctx context.Context, m DeadlineMessage, delay time.Duration) {
	if err := e.sendMessage(ctx, m, delay); err != nil {
		e.announced.remove(m)
		zerolog.Ctx(ctx).Debug().Err(err).Str("shard", m.Shard).Str("campaign", m.Campaign).Msg("message left to the timer")
	}
}

// SendRound sends a message by which an instance dials a campaign now.
func (e *Engine) SendRound(ctx context.Context, campaign string) error {
	return e.sendMessage(ctx, DeadlineMessage{Campaign: campaign, Slot: slotOf(time.Now())}, 0)
}

// sendMessage sends a message that is delivered after a delay.
func (e *Engine) sendMessage(ctx context.Context, m DeadlineMessage, delay time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return e.Queue.Send(ctx, string(text), max(delay, 0))
}
