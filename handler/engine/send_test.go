package engine

import (
	"slices"
	"testing"
	"time"

	"switchboard/handler/call"
)

// nobody takes a call to where the music is to be stopped and then a prompt to
// be played, one after the other.
func nobody(t *testing.T, q *quiet) {
	t.Helper()
	if err := q.Open(t.Context(), id, offer()); err != nil {
		t.Fatal(err)
	}
	q.happens(t, call.Ref{}, call.Connected{})
	q.happens(t, call.Ref{Op: 2, Send: 1}, call.PlayCompleted{})
	q.happens(t, call.Ref{Op: 3, Send: 1}, call.Recognized{Tones: []string{"one"}})
	q.happens(t, call.Ref{Op: 5, Send: 1}, call.AddFailed{Participant: anna})
	q.verbs()
	q.happens(t, call.Ref{Op: 6, Send: 1}, call.AddFailed{Participant: ben})
}

func TestSend(t *testing.T) {
	done := call.Replied{Verdict: call.Done}
	inQuiet(t, "keeps the order of a lane", func(t *testing.T, q *quiet) {
		nobody(t, q)
		var sent []call.Verb
		for _, a := range q.asked {
			sent = append(sent, a.Verb)
		}
		if !slices.Equal(sent, []call.Verb{call.CancelMedia, call.PlayPrompt}) {
			t.Errorf("sent %v", sent)
		}
	})
	inQuiet(t, "comes back to one that has to wait a little", func(t *testing.T, q *quiet) {
		q.answer = func(a call.Action) call.Replied {
			if a.Verb == call.CancelMedia && a.Send == 1 {
				return call.Replied{Verdict: call.Throttled, RetryAfter: 3 * time.Second}
			}
			return done
		}
		nobody(t, q)
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.CancelMedia, call.CancelMedia, call.PlayPrompt}) {
			t.Errorf("sent %v", got)
		}
	})
	inQuiet(t, "keeps it when the first one is throttled", func(t *testing.T, q *quiet) {
		q.answer = func(a call.Action) call.Replied {
			if a.Verb == call.CancelMedia && a.Send == 1 {
				return call.Replied{Verdict: call.Throttled, RetryAfter: comeBackWithin + time.Second}
			}
			return done
		}
		nobody(t, q)
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.CancelMedia}) {
			t.Errorf("sent %v before the music was stopped", got)
		}
		q.sweeps(t, 2*comeBackWithin)
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.CancelMedia, call.PlayPrompt}) {
			t.Errorf("then sent %v", got)
		}
	})
	inQuiet(t, "begins nothing that could outlast its time", func(t *testing.T, q *quiet) {
		q.answer = func(a call.Action) call.Replied {
			if a.Verb == call.CancelMedia {
				time.Sleep(20*time.Second + 1)
			}
			return done
		}
		nobody(t, q)
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.CancelMedia}) {
			t.Errorf("sent %v with less than 10 s left", got)
		}
		q.sweeps(t, 10*time.Second)
		if len(q.asked) != 1 || q.asked[0].Verb != call.PlayPrompt || q.asked[0].Send != 2 {
			t.Errorf("then sent %+v", q.asked)
		}
	})
	inQuiet(t, "lets nobody's answer count when its time is up", func(t *testing.T, q *quiet) {
		q.answer = func(a call.Action) call.Replied {
			if a.Verb == call.PlayPrompt && a.Send == 1 {
				time.Sleep(31 * time.Second)
			}
			return done
		}
		if err := q.Open(t.Context(), id, offer()); err != nil {
			t.Fatal(err)
		}
		connected := call.Event{Key: "c", ConnectionID: "conn-1", Body: call.Connected{}}
		if err := q.Apply(t.Context(), id, connected); err != nil {
			t.Fatal(err)
		}
		time.Sleep(29 * time.Second)
		if err := q.Sweep(t.Context()); err != nil { // its time is up, its answer is not there yet
			t.Fatal(err)
		}
		if c := q.load(t); len(c.Pending) > 0 || len(q.asked) != 3 || q.asked[2].Send != 2 {
			t.Errorf("pending %+v, asked %+v", c.Pending, q.asked)
		}
	})
}
