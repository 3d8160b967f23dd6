package acssim

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// gridDelivery is the events of one request to a webhook.
type gridDelivery struct {
	call   *call
	events []gridEvent
	delay  time.Duration
}

func (d *gridDelivery) name() string {
	var names []string
	for _, e := range d.events {
		names = append(names, strings.TrimPrefix(e.EventType, typePrefix))
	}
	return strings.Join(names, ", ")
}

// gridWaits are the waits after the first, second, … attempt. Later attempts use the
// last one.
var gridWaits = []time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
}

// gridWait returns the wait after attempt n, counted from 0. status is the answer to
// that attempt; 0: there was none.
func gridWait(n, status int) time.Duration {
	least := 10 * time.Second
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		least = 5 * time.Minute
	case http.StatusRequestTimeout:
		least = 2 * time.Minute
	case http.StatusServiceUnavailable:
		least = 30 * time.Second
	}
	return max(least, gridWaits[min(n, len(gridWaits)-1)])
}

// batchWait is how long an event waits for another one to join it.
const batchWait = 500 * time.Millisecond

// publish delivers an event to all its subscriptions. The caller holds s.mu.
func (s *Server) publish(c *call, event gridEvent) {
	kind := strings.TrimPrefix(event.EventType, typePrefix)
	subscribed := false
	for _, g := range s.grid {
		if len(g.Types) > 0 && !slices.Contains(g.Types, kind) {
			continue
		}
		subscribed = true
		faults := s.eventFaults(c.n, kind, event.ID, g.n)
		if faults.loss {
			s.note(c, "fault", "%s is lost", kind)
			continue
		}
		g.submit(&gridDelivery{c, []gridEvent{event}, faults.delay}, faults.batch)
		if faults.duplicate {
			s.note(c, "fault", "%s comes twice", kind)
			g.submit(&gridDelivery{c, []gridEvent{event}, faults.delay + faults.lag}, false)
		}
	}
	if !subscribed {
		s.note(c, "eventgrid", "no subscription to %s", kind)
	}
}

// submit delivers d, together with a held delivery if there is one. With hold and
// without a held delivery, d is held for another.
func (g *subscriber) submit(d *gridDelivery, hold bool) {
	if g.Queue != nil { // a queue has one event in a message
		g.s.spawn(func() { g.deliver(d) })
		return
	}
	if g.held != nil {
		d.events = append(g.held.events, d.events...)
		g.held, hold = nil, false
		g.s.stop(g.flush)
		g.s.note(d.call, "fault", "%s come together", d.name())
	}
	if !hold {
		g.s.spawn(func() { g.deliver(d) })
		return
	}
	g.held = d
	g.flush = g.s.after(batchWait, func() {
		g.held = nil
		g.s.spawn(func() { g.deliver(d) })
	})
}

// deliver sends d until it is accepted or expires, by Event Grid's rules.
func (g *subscriber) deliver(d *gridDelivery) {
	s, started := g.s, time.Now()
	life := cmp.Or(g.Life, defaultGridLife)
	if !g.ready(s.real(life)) {
		s.note(d.call, "eventgrid", "%s was dropped: the webhook never answered", d.name())
		return
	}
	if !s.sleep(d.delay) {
		return
	}
	for n := range cmp.Or(g.Attempts, defaultGridAttempts) {
		status, err := g.send(d.events)
		switch {
		case s.ctx.Err() != nil:
			return
		case err == nil && status >= 200 && status <= 204:
			s.note(d.call, "eventgrid", "%s", d.name())
			return
		case err != nil:
			s.note(d.call, "eventgrid", "%s was not accepted: %v", d.name(), err)
		default:
			s.note(d.call, "eventgrid", "%s was not accepted: %d", d.name(), status)
		}
		wait := gridWait(n, status)
		if s.between(started, time.Now())+wait > life || !s.sleep(wait) {
			return
		}
	}
}

// ready waits for the webhook's consent and reports whether it came within limit,
// in real time.
func (g *subscriber) ready(limit time.Duration) bool {
	if g.Queue != nil {
		return true
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	select {
	case <-g.validated:
		return true
	case <-timeout.C:
	case <-g.s.ctx.Done():
	}
	return false
}

// send makes one attempt. An error with status 0 means that there was no answer.
func (g *subscriber) send(events []gridEvent) (status int, err error) {
	var body any = events
	header := g.header("Notification")
	if g.CloudEvents {
		list := make([]cloudGridEvent, len(events))
		for i, e := range events {
			list[i] = e.cloud()
		}
		body = list
		header.Set("Content-Type", "application/cloudevents-batch+json; charset=utf-8")
		if len(list) == 1 {
			body = list[0]
			header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
		}
	}
	if g.Queue == nil {
		status, _, err = g.s.postJSON(g.URL, body, header)
		return status, err
	}
	if list, ok := body.([]gridEvent); ok {
		body = list[0]
	}
	content, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	text := string(content)
	if !g.PlainText {
		text = base64.StdEncoding.EncodeToString(content)
	}
	ctx, cancel := context.WithTimeout(g.s.ctx, answerTime)
	defer cancel()
	return http.StatusCreated, g.Queue.Enqueue(ctx, text)
}
