package call

import (
	"maps"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// defaultSilence is how long a menu waits for a key if the flow sets no time.
const defaultSilence = 5 * time.Second

// connected confirms that the call is connected and enters its flow. A call that was given up before is hung
// up.
func (s *step) connected() {
	s.removeActions(outbox.VerbAnswer)
	s.removeActions(outbox.VerbCreate)
	for _, d := range []Deadline{DeadlineAnswer, DeadlineConnect, DeadlineConfirm, DeadlineRing} {
		s.clearDeadline(d)
	}
	switch {
	case s.State == StateEnded:
		if s.ConnectedAt.IsZero() {
			s.hangUpLate()
		}
	case s.State != StateRinging:
	case s.disconnectedFirst():
		s.clearDeadline(DeadlineDisconnect)
		s.end(s.outcomeNow()) // Connected and Disconnected came in reverse order
	case s.EndingAs != "": // it was answered while we were hanging up
		s.State, s.ConnectedAt = StateConnected, s.now
	default:
		s.State, s.ConnectedAt, s.IncomingCallContext = StateConnected, s.now, ""
		s.setDeadline(DeadlineKeepAlive, s.Limits.KeepAlive)
		s.enter(s.flow.Start)
	}
}

// enter takes the call to a node of its flow, and on to the next as long as a node waits for nothing.
func (s *step) enter(id string) {
	for {
		s.Node, s.MenuTries = id, 0
		s.Wait.Media = outbox.Ref{}
		s.clearDeadline(DeadlinePrompt)
		switch n := s.flow.Nodes[id].(type) {
		case *flow.Play:
			s.Wait.Media = s.addAction(outbox.Action{Verb: outbox.VerbPlay, Prompt: &n.Prompt})
			s.setDeadline(DeadlinePrompt, s.Limits.Prompt+n.Prompt.Spoken())
			return
		case *flow.Menu:
			s.playMenu(n)
			return
		case *flow.Agent:
			if n.Music != nil {
				s.Wait.Music = s.addAction(outbox.Action{Verb: outbox.VerbPlay, Prompt: n.Music, Loop: true})
			}
			s.invite(n, 0)
			return
		case *flow.Record:
			s.record(n)
			id = n.Next
		case *flow.Talk:
			if !s.alone() {
				return
			}
			id = n.Next
		case *flow.Set:
			if s.Values == nil {
				s.Values = map[string]string{}
			}
			maps.Copy(s.Values, n.Values)
			id = n.Next
		case *flow.OptOut:
			s.addAction(outbox.Action{Verb: outbox.VerbOptOut, Target: s.RemoteParty(), At: s.now})
			id = n.Next
		case *flow.Hangup:
			s.hangUp(OutcomeCompleted)
			return
		default: // the flow has no such node; flow.Parse refuses such flows
			s.hangUp(OutcomeFailed)
			return
		}
	}
}

// playMenu plays a menu's prompt and waits for a key from the remote party.
func (s *step) playMenu(n *flow.Menu) {
	s.MenuTries++
	silence := n.Silence.Or(defaultSilence)
	s.Wait.Media = s.addAction(outbox.Action{Verb: outbox.VerbRecognize, Target: s.RemoteParty(), Prompt: &n.Prompt, Silence: silence})
	s.setDeadline(DeadlinePrompt, s.Limits.Prompt+n.Prompt.Spoken()+silence)
}

// isCurrentPrompt reports whether the event belongs to the current send of the prompt that the node waits
// for. An event without a reference belongs to no prompt.
func (s *step) isCurrentPrompt() bool {
	return s.State == StateConnected && s.Wait.Media != (outbox.Ref{}) && s.e.Ref == s.Wait.Media
}

// endsCurrentPrompt reports whether the event ends the prompt that the node waits for. What the remote party
// heard and pressed counts for every send of the prompt. If the event belongs to an earlier send, the
// current one is stopped.
func (s *step) endsCurrentPrompt() bool {
	if s.isCurrentPrompt() {
		return true
	}
	if s.State != StateConnected || s.e.Ref.Op == 0 || s.e.Ref.Op != s.Wait.Media.Op {
		return false
	}
	s.stopPrompt(s.Wait.Media)
	return true
}

// playCompleted goes on after a prompt that was played to its end.
func (s *step) playCompleted() {
	if n, ok := s.node().(*flow.Play); ok && s.endsCurrentPrompt() {
		s.enter(n.Next)
	}
}

// playCanceled goes on after a prompt that was stopped. Events of earlier sends are ignored: the current
// send of the prompt has stopped those.
func (s *step) playCanceled() {
	if n, ok := s.node().(*flow.Play); ok && s.isCurrentPrompt() {
		s.enter(n.Next)
	}
}

// playFailed goes on after a prompt that could not be played.
func (s *step) playFailed() {
	if s.isCurrentPrompt() {
		s.promptFailed()
	}
}

// recognized goes where the pressed key leads, or repeats the menu. The tones may be those of a recognition
// that ACS reports as failed although a key was pressed.
func (s *step) recognized(tones []string) {
	n, ok := s.node().(*flow.Menu)
	if !ok || !s.endsCurrentPrompt() {
		return
	}
	if len(tones) > 0 {
		if to, ok := n.Keys[keyOf[tones[0]]]; ok {
			s.enter(to)
			return
		}
	}
	s.repeatMenu(n)
}

// recognizeFailed repeats the menu after a recognition that failed. Tones that ACS reports with the failure
// count.
func (s *step) recognizeFailed(tones []string) {
	if len(tones) > 0 {
		s.recognized(tones)
		return
	}
	s.recognizeCanceled()
}

// recognizeCanceled repeats the menu after a recognition that was stopped.
func (s *step) recognizeCanceled() {
	if n, ok := s.node().(*flow.Menu); ok && s.isCurrentPrompt() {
		s.repeatMenu(n)
	}
}

// repeatMenu plays the menu again, or goes to its Nothing if it was played often enough.
func (s *step) repeatMenu(n *flow.Menu) {
	if s.MenuTries > n.Repeats {
		s.enter(n.Nothing)
		return
	}
	s.playMenu(n)
}

// promptTimeout stops a prompt whose end ACS did not report in time, and goes on.
func (s *step) promptTimeout() {
	if s.State != StateConnected || s.Wait.Media == (outbox.Ref{}) {
		return
	}
	if i := s.Pending.Index(s.Wait.Media); i >= 0 && s.Pending.Sending(i, s.now) {
		s.setDeadlineAt(DeadlinePrompt, s.Pending[i].LeaseUntil)
		return
	}
	s.stopPrompt(s.Wait.Media)
	s.promptFailed()
}

// stopPrompt makes sure that a prompt is not heard any more. One that was never sent is removed. One that
// may have been sent is cancelled. One that is being sent stays pending, so that the cancellation waits
// behind it in its lane.
func (s *step) stopPrompt(prompt outbox.Ref) {
	i := s.Pending.Index(prompt)
	if i < 0 || s.Pending[i].Sent() {
		s.addAction(outbox.Action{Verb: outbox.VerbCancelMedia})
	}
	if i >= 0 && !s.Pending.Sending(i, s.now) {
		s.removeAction(prompt)
	}
}

// obsolete reports whether the action is a prompt or music that the node does not wait for any more.
func (s *step) obsolete(a outbox.Action) bool {
	switch a.Verb {
	case outbox.VerbPlay, outbox.VerbRecognize:
		return a.Ref != s.Wait.Media && a.Ref != s.Wait.Music
	default:
		return false
	}
}

// promptFailed goes on after a prompt that failed or may have failed.
func (s *step) promptFailed() {
	switch n := s.node().(type) {
	case *flow.Play:
		if n.Failed != "" {
			s.enter(n.Failed)
		} else {
			s.enter(n.Next)
		}
	case *flow.Menu:
		s.repeatMenu(n)
	}
}

// promptNotSent goes on after a prompt or music that ACS refused, or that got no response on its last send.
// A prompt that an earlier request may have started counts as playing until its deadline; so does one in a
// call that is gone, until the keep-alive has found that out.
func (s *step) promptNotSent(a outbox.Action, f failure) {
	playing := f.performedBefore(a)
	if s.Wait.Media == a.Ref && !playing && !f.gone() {
		s.promptFailed()
	}
	if s.Wait.Music == a.Ref && !playing {
		s.Wait.Music = outbox.Ref{}
	}
	s.checkIfGone(f)
}

// keyOf holds the key of a telephone for ACS's name of its tone.
//
// Source: enum Tone, communicationservicescallautomation.json, stable/2026-03-12.
var keyOf = map[string]string{
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
	"seven": "7", "eight": "8", "nine": "9", "asterisk": "*", "pound": "#",
}
