package acssim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Entry is one event of the timeline, for people to read. Numbers in it are masked;
// tokens and contexts are left out.
type Entry struct {
	Time time.Time `json:"time"`
	Call string    `json:"call,omitempty"` // CallInfo.ID; empty: no call
	Kind string    `json:"kind"`           // one word: ring, answer, request, callback, eventgrid, press, fault, …
	Text string    `json:"text"`
}

// keptEntries is the least number of latest entries that are kept.
const keptEntries = 10_000

// timeline keeps the latest entries and passes each to all followers.
type timeline struct {
	mu        sync.Mutex
	entries   []Entry
	followers map[chan Entry]struct{}
}

// note adds an entry to the timeline. c is nil if it belongs to no call.
func (s *Server) note(c *call, kind, format string, args ...any) {
	e := Entry{Time: time.Now(), Kind: kind, Text: fmt.Sprintf(format, args...)}
	if c != nil {
		e.Call = c.id
	}
	t := &s.timeline
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.entries) >= 2*keptEntries {
		t.entries = slices.Clone(t.entries[keptEntries:])
	}
	t.entries = append(t.entries, e)
	for f := range t.followers {
		select {
		case f <- e:
		default: // a slow follower misses entries
		}
	}
	if s.OnEvent != nil {
		s.OnEvent(e)
	}
}

// follow returns the past entries and a channel with the future ones.
func (t *timeline) follow() ([]Entry, chan Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := make(chan Entry, 1024)
	if t.followers == nil {
		t.followers = map[chan Entry]struct{}{}
	}
	t.followers[f] = struct{}{}
	return slices.Clone(t.entries), f
}

func (t *timeline) unfollow(f chan Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.followers, f)
}

// serveTimeline writes the timeline as NDJSON, past first, until the client
// disconnects. With ?follow=false it writes the past entries only.
func (s *Server) serveTimeline(w http.ResponseWriter, r *http.Request) {
	past, coming := s.timeline.follow()
	defer s.timeline.unfollow(coming)
	w.Header().Set("Content-Type", "application/x-ndjson")
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	for _, e := range past {
		if out.Encode(e) != nil {
			return
		}
	}
	if r.URL.Query().Get("follow") == "false" {
		return
	}
	for {
		_ = flush.Flush() // a writer that cannot flush shows the entries later
		select {
		case e := <-coming:
			if out.Encode(e) != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}
