package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"switchboard/handler/call"
)

// network is the Line of one process.
type network struct {
	w    *world
	inst *instance
}

// Do makes a request; it is where every promise about sending is checked.
func (n *network) Do(_ context.Context, c call.Call, a call.Action) call.Event {
	reply := call.Event{Key: fmt.Sprintf("reply %s %d", a.Ref, a.Claims), Ref: a.Ref, Body: call.Replied{Verdict: call.Unheard}}
	var answer call.Replied
	if n.w.happen(n.inst, true, func() { answer = n.w.take(a) }) != nil {
		return reply
	}
	reply.Body = answer
	if a.Verb == call.Answer && answer.Verdict == call.Done {
		reply.ConnectionID = "conn-1"
	}
	return reply
}

// take is what ACS does with a request.
func (w *world) take(a call.Action) call.Replied {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.check(a)
	done := call.Replied{Verdict: call.Done}
	if a.Verb.Repeat() == call.Paired {
		if w.pairs[a.Ref] {
			return done // the first answer again
		}
		w.pairs[a.Ref] = true
	}
	if (a.Verb == call.Answer) == w.connected || w.gone {
		return call.Replied{Verdict: call.Refused, Code: call.CodeGone}
	}
	switch a.Verb {
	case call.Answer:
		w.connected = true
		w.join(caller)
		w.tell(200*time.Millisecond, call.Ref{}, call.Connected{})
	case call.PlayPrompt:
		w.tell(0, a.Ref, call.PlayStarted{})
		if !a.Loop {
			w.tell(2*time.Second, a.Ref, call.PlayCompleted{})
		}
	case call.Recognize:
		w.tell(3*time.Second, a.Ref, call.Recognized{Tones: []string{"one"}})
	case call.Add:
		w.rings[a.Target]++
		w.background.Go(func() {
			time.Sleep(4 * time.Second)
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.gone {
				return
			}
			w.join(a.Target)
			w.tell(0, a.Ref, call.Added{Participant: a.Target})
			w.background.Go(func() {
				time.Sleep(time.Minute)
				w.mu.Lock()
				defer w.mu.Unlock()
				w.leave(a.Target)
			})
		})
	case call.StartRecord:
		w.recording = a.Op
		w.tell(time.Second, call.Ref{}, call.RecordingChanged{RecordingID: "rec-1", Active: true, Op: a.Op})
	case call.HangUp:
		w.gone, w.people = true, nil
		w.tell(500*time.Millisecond, call.Ref{}, call.Disconnected{})
		if w.recording > 0 {
			w.tell(time.Minute, call.Ref{}, call.RecordingKept{RecordingID: "rec-1", Op: w.recording})
		}
	case call.Look:
		for _, p := range w.people {
			done.Participants = append(done.Participants, call.Participant{ID: p})
		}
	}
	return done
}

// check is called with the lock held.
func (w *world) check(a call.Action) {
	claim := fmt.Sprintf("%s %v claim %d", a.Verb, a.Ref, a.Claims)
	if w.sends[claim]++; w.sends[claim] > 1 {
		w.t.Errorf("%s was sent twice", claim)
	}
	w.refs[a.Ref] = append(w.refs[a.Ref], a)
	if first := w.refs[a.Ref][0]; len(w.refs[a.Ref]) > 1 {
		if a.Verb.Repeat() != call.Paired {
			w.t.Errorf("%s %v was sent by two runs", a.Verb, a.Ref)
		}
		if !a.FirstSent.Equal(first.FirstSent) {
			w.t.Errorf("%s %v was sent as of %v and of %v", a.Verb, a.Ref, first.FirstSent, a.FirstSent)
		}
	}
	if time.Now().After(a.Until) {
		w.t.Errorf("%s was sent after its owner's time", claim)
	}
}

func (w *world) join(person string) {
	if !slices.Contains(w.people, person) {
		w.people = append(slices.Clone(w.people), person)
	}
	w.tellPeople()
}

func (w *world) leave(person string) {
	if i := slices.Index(w.people, person); i >= 0 {
		w.people = slices.Delete(slices.Clone(w.people), i, i+1)
		w.tellPeople()
	}
}

func (w *world) tellPeople() {
	w.sequence++
	update := call.ParticipantsUpdated{Sequence: w.sequence, Count: len(w.people)}
	for _, p := range w.people {
		update.Participants = append(update.Participants, call.Participant{ID: p})
	}
	w.tell(100*time.Millisecond, call.Ref{}, update)
}
