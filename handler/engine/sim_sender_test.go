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

// simSender sends the requests of one instance to the simulated ACS.
type simSender struct {
	sim  *inboundSim
	inst *cluster.Instance
}

// Send sends one request.
func (n *simSender) Send(_ context.Context, c call.Call, a outbox.Action) call.Event {
	reply := call.Event{
		Key: fmt.Sprintf("reply %s %d", a.Ref, a.Leases), Ref: a.Ref, Body: call.Replied{Verdict: call.VerdictNoResponse},
	}
	var answer call.Replied
	if n.sim.Perform(n.inst, true, func() { answer = n.sim.accept(a) }) != nil {
		return reply
	}
	reply.Body = answer
	if a.Verb == outbox.VerbAnswer && answer.Verdict == call.VerdictOK {
		reply.ConnectionID = "conn-1"
	}
	return reply
}

// accept handles a request as ACS does, and returns ACS's answer.
func (s *inboundSim) accept(a outbox.Action) call.Replied {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.check(a)
	done := call.Replied{Verdict: call.VerdictOK}
	if a.Verb.RetryClass() == outbox.Repeatable {
		if s.pairs[a.Ref] {
			return done // the first answer again
		}
		s.pairs[a.Ref] = true
	}
	if (a.Verb == outbox.VerbAnswer) == s.connected || s.gone {
		return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}
	}
	switch a.Verb {
	case outbox.VerbAnswer:
		s.connected = true
		s.join(cluster.Caller)
		s.report(200*time.Millisecond, outbox.Ref{}, call.Connected{})
	case outbox.VerbPlay:
		s.report(0, a.Ref, call.PlayStarted{})
		if !a.Loop {
			s.report(2*time.Second, a.Ref, call.PlayCompleted{})
		}
	case outbox.VerbRecognize:
		s.report(3*time.Second, a.Ref, call.Recognized{Tones: []string{"one"}})
	case outbox.VerbAdd:
		s.rings[a.Target]++
		s.Background.Go(func() { s.answerInvitation(a) })
	case outbox.VerbStartRecording:
		s.recording = a.Op
		s.report(time.Second, outbox.Ref{}, call.RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: a.Op})
	case outbox.VerbHangUp:
		s.gone, s.participants = true, nil
		s.report(500*time.Millisecond, outbox.Ref{}, call.Disconnected{})
		if s.recording > 0 {
			s.report(time.Minute, outbox.Ref{}, call.FilesFiled{RecordingID: "rec-1", Op: s.recording})
		}
	case outbox.VerbCheckParticipants:
		for _, p := range s.participants {
			done.Participants = append(done.Participants, call.Participant{ID: p})
		}
	}
	return done
}

// answerInvitation lets the agent of an invitation join after 4 s, and leave after a minute.
func (s *inboundSim) answerInvitation(a outbox.Action) {
	time.Sleep(4 * time.Second)
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if s.gone {
		return
	}
	s.join(a.Target)
	s.report(0, a.Ref, call.Added{Participant: a.Target})
	s.Background.Go(func() {
		time.Sleep(time.Minute)
		s.Mu.Lock()
		defer s.Mu.Unlock()
		s.leave(a.Target)
	})
}

// check checks what the engine promises about sending. It is called with the lock held.
func (s *inboundSim) check(a outbox.Action) {
	request := fmt.Sprintf("%s %v lease %d", a.Verb, a.Ref, a.Leases)
	if s.sends[request]++; s.sends[request] > 1 {
		s.T.Errorf("%s was sent %d times, want once", request, s.sends[request])
	}
	s.refs[a.Ref] = append(s.refs[a.Ref], a)
	if first := s.refs[a.Ref][0]; len(s.refs[a.Ref]) > 1 {
		if a.Verb.RetryClass() != outbox.Repeatable {
			s.T.Errorf("%s %v was sent by %s and %s, want one owner", a.Verb, a.Ref, first.Owner, a.Owner)
		}
		if !a.FirstSent.Equal(first.FirstSent) {
			s.T.Errorf("%s %v was sent with FirstSent %v, want %v", a.Verb, a.Ref, a.FirstSent, first.FirstSent)
		}
	}
	if time.Now().After(a.LeaseUntil) {
		s.T.Errorf("%s was sent at %v, want it before the end of its lease, %v", request, time.Now(), a.LeaseUntil)
	}
}

// join adds a participant to the call, and reports it.
func (s *inboundSim) join(person string) {
	if !slices.Contains(s.participants, person) {
		s.participants = append(slices.Clone(s.participants), person)
	}
	s.reportParticipants()
}

// leave removes a participant from the call, and reports it.
func (s *inboundSim) leave(person string) {
	if i := slices.Index(s.participants, person); i >= 0 {
		s.participants = slices.Delete(slices.Clone(s.participants), i, i+1)
		s.reportParticipants()
	}
}

// reportParticipants delivers the list of participants.
func (s *inboundSim) reportParticipants() {
	s.sequence++
	update := call.ParticipantsUpdated{Sequence: s.sequence, Count: len(s.participants)}
	for _, p := range s.participants {
		update.Participants = append(update.Participants, call.Participant{ID: p})
	}
	s.report(100*time.Millisecond, outbox.Ref{}, update)
}
