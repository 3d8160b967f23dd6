package engine_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/test/cluster"
)

// network is the Line of one process.
type simSender struct {
	w    *inboundSim
	inst *cluster.Instance
}

// Do makes a request; it is where every promise about sending is checked.
func (n *simSender) Send(_ context.Context, c call.Call, a outbox.Action) call.Event {
	reply := call.Event{Key: fmt.Sprintf("reply %s %d", a.Ref, a.Leases), Ref: a.Ref, Body: call.Replied{Verdict: call.VerdictNoResponse}}
	var answer call.Replied
	if n.w.Perform(n.inst, true, func() { answer = n.w.accept(a) }) != nil {
		return reply
	}
	reply.Body = answer
	if a.Verb == outbox.VerbAnswer && answer.Verdict == call.VerdictOK {
		reply.ConnectionID = "conn-1"
	}
	return reply
}

// take is what ACS does with a request.
func (w *inboundSim) accept(a outbox.Action) call.Replied {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.check(a)
	done := call.Replied{Verdict: call.VerdictOK}
	if a.Verb.RetryClass() == outbox.Repeatable {
		if w.pairs[a.Ref] {
			return done // the first answer again
		}
		w.pairs[a.Ref] = true
	}
	if (a.Verb == outbox.VerbAnswer) == w.connected || w.gone {
		return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}
	}
	switch a.Verb {
	case outbox.VerbAnswer:
		w.connected = true
		w.join(cluster.Caller)
		w.report(200*time.Millisecond, outbox.Ref{}, call.Connected{})
	case outbox.VerbPlay:
		w.report(0, a.Ref, call.PlayStarted{})
		if !a.Loop {
			w.report(2*time.Second, a.Ref, call.PlayCompleted{})
		}
	case outbox.VerbRecognize:
		w.report(3*time.Second, a.Ref, call.Recognized{Tones: []string{"one"}})
	case outbox.VerbAdd:
		w.rings[a.Target]++
		w.Background.Go(func() {
			time.Sleep(4 * time.Second)
			w.Mu.Lock()
			defer w.Mu.Unlock()
			if w.gone {
				return
			}
			w.join(a.Target)
			w.report(0, a.Ref, call.Added{Participant: a.Target})
			w.Background.Go(func() {
				time.Sleep(time.Minute)
				w.Mu.Lock()
				defer w.Mu.Unlock()
				w.leave(a.Target)
			})
		})
	case outbox.VerbStartRecording:
		w.recording = a.Op
		w.report(time.Second, outbox.Ref{}, call.RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: a.Op})
	case outbox.VerbHangUp:
		w.gone, w.participants = true, nil
		w.report(500*time.Millisecond, outbox.Ref{}, call.Disconnected{})
		if w.recording > 0 {
			w.report(time.Minute, outbox.Ref{}, call.FilesFiled{RecordingID: "rec-1", Op: w.recording})
		}
	case outbox.VerbCheckParticipants:
		for _, p := range w.participants {
			done.Participants = append(done.Participants, call.Participant{ID: p})
		}
	}
	return done
}

// check is called with the lock held.
func (w *inboundSim) check(a outbox.Action) {
	claim := fmt.Sprintf("%s %v claim %d", a.Verb, a.Ref, a.Leases)
	if w.sends[claim]++; w.sends[claim] > 1 {
		w.T.Errorf("%s was sent twice", claim)
	}
	w.refs[a.Ref] = append(w.refs[a.Ref], a)
	if first := w.refs[a.Ref][0]; len(w.refs[a.Ref]) > 1 {
		if a.Verb.RetryClass() != outbox.Repeatable {
			w.T.Errorf("%s %v was sent by two runs", a.Verb, a.Ref)
		}
		if !a.FirstSent.Equal(first.FirstSent) {
			w.T.Errorf("%s %v was sent as of %v and of %v", a.Verb, a.Ref, first.FirstSent, a.FirstSent)
		}
	}
	if time.Now().After(a.LeaseUntil) {
		w.T.Errorf("%s was sent after its owner's time", claim)
	}
}

func (w *inboundSim) join(person string) {
	if !slices.Contains(w.participants, person) {
		w.participants = append(slices.Clone(w.participants), person)
	}
	w.reportParticipants()
}

func (w *inboundSim) leave(person string) {
	if i := slices.Index(w.participants, person); i >= 0 {
		w.participants = slices.Delete(slices.Clone(w.participants), i, i+1)
		w.reportParticipants()
	}
}

func (w *inboundSim) reportParticipants() {
	w.sequence++
	update := call.ParticipantsUpdated{Sequence: w.sequence, Count: len(w.participants)}
	for _, p := range w.participants {
		update.Participants = append(update.Participants, call.Participant{ID: p})
	}
	w.report(100*time.Millisecond, outbox.Ref{}, update)
}
