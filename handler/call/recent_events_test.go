package call

import (
	"fmt"
	"testing"
)

func TestRecentEventsAreTheLatest(t *testing.T) {
	var c Call
	for n := range maxRecentEvents + 1 {
		c.RecentEvents = c.RecentEvents.with(fmt.Sprint("event-", n))
	}
	before := c.RecentEvents
	c.RecentEvents = c.RecentEvents.with("last").with("")
	if got, want := len(c.RecentEvents), 256*8; got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
	for key, want := range map[string]bool{
		"event-1": false, "event-2": true, "event-256": true, "last": true, "": false, "event-257": false,
	} {
		if got := c.HasEvent(key); got != want {
			t.Errorf("HasEvent(%q) = %v, want %v", key, got, want)
		}
	}
	if !before.has("event-1") || before.has("last") {
		t.Errorf("has(event-1) = %v, has(last) = %v before the last event, want true and false: the list was changed",
			before.has("event-1"), before.has("last"))
	}
}

func TestEventsThatTheCallHasForgottenDoNotFitItAnyMore(t *testing.T) {
	tried := map[string]bool{}
	for stage, from := range stages {
		for _, entry := range from(t).history {
			if entry.Event.Key == "" {
				continue
			}
			tried[entry.Event.Kind()] = true
			t.Run(fmt.Sprintf("%s at %s", entry.Event.Kind(), stage), func(t *testing.T) {
				m := from(t)
				m.c.RecentEvents = nil
				before := m.c
				m.apply(entry.Event)
				m.c.Seq, m.c.Updated, m.c.RecentEvents = before.Seq, before.Updated, before.RecentEvents
				if at, ok := before.Deadlines[DeadlineKeepAlive]; ok {
					m.c.Deadlines[DeadlineKeepAlive] = at
				}
				m.c.WorkDue = before.WorkDue
				if got, want := storedJSON(t, m.c), storedJSON(t, before); got != want {
					t.Errorf("a second %s %v changed the call to %s\n    want %s", entry.Event.Kind(), entry.Event.Ref, got, want)
				}
			})
		}
	}
	t.Logf("tried %d kinds of events", len(tried))
	for _, kind := range []string{"offered", "dialled", "connected", "playCompleted", "recognized", "added", "replied"} {
		if !tried[kind] {
			t.Errorf("no second %s was tried", kind)
		}
	}
}
