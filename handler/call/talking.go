package call

import (
	"maps"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// defaultSilence is how long a menu waits for a key that its flow gives no time for.
const defaultSilence = 5 * time.Second

// enter takes the call to a node of its flow, and on from nodes that wait for nothing.
func (s *step) enter(id string) {
	for {
		s.Node, s.MenuTries = id, 0
		s.Wait.Media = outbox.Ref{}
		s.clearDeadline(byPrompt)
		switch n := s.flow.Nodes[id].(type) {
		case *flow.Play:
			s.Wait.Media = s.addAction(outbox.Action{Verb: outbox.VerbPlay, Prompt: &n.Prompt})
			s.setDeadline(byPrompt, s.Limits.Prompt+n.Prompt.Spoken())
			return
		case *flow.Menu:
			s.playMenu(n)
			return
		case *flow.Agent:
			if n.Music != nil {
				s.Wait.Music = s.addAction(outbox.Action{Verb: outbox.VerbPlay, Prompt: n.Music, Loop: true})
			}
			s.invite(n, 0, false)
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
		default: // a node that the flow does not have; Parse lets none through
			s.hangUp(OutcomeFailed)
			return
		}
	}
}

// ask plays a menu's prompt and waits for a key of the call's person.
func (s *step) playMenu(n *flow.Menu) {
	s.MenuTries++
	silence := n.Silence.Or(defaultSilence)
	s.Wait.Media = s.addAction(outbox.Action{Verb: outbox.VerbRecognize, Target: s.RemoteParty(), Prompt: &n.Prompt, Silence: silence})
	s.setDeadline(byPrompt, s.Limits.Prompt+n.Prompt.Spoken()+silence)
}

// mine reports whether the event belongs to the prompt that the node waits for.
// Without a reference in the event it may be any; such are not ours.
func (s *step) isCurrentPrompt() bool {
	return s.State == StateConnected && s.Wait.Media != (outbox.Ref{}) && s.e.Ref == s.Wait.Media
}

// over reports whether the event ends the prompt that the node waits for. What
// people have heard and pressed counts whichever send of the prompt it was; a
// later send, made because nothing was known of the first, is silenced.
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

// heard goes on after a prompt that was heard to its end.
func (s *step) playCompleted() {
	if n, ok := s.node().(*flow.Play); ok && s.endsCurrentPrompt() {
		s.enter(n.Next)
	}
}

// cutShort goes on after a prompt that somebody has stopped. A later send of the
// same prompt stops the one before, which says nothing.
func (s *step) playCanceled() {
	if n, ok := s.node().(*flow.Play); ok && s.isCurrentPrompt() {
		s.enter(n.Next)
	}
}

// unplayable goes where the flow says when a prompt cannot be played.
func (s *step) playFailed() {
	if s.isCurrentPrompt() {
		s.promptFailed()
	}
}

// pressed goes where the key leads. The tones may be of a failed recognition,
// some of which ACS reports as such though a key was pressed.
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

// nothingPressed asks again after a recognition that came to nothing.
func (s *step) recognizeFailed() {
	if b, ok := s.e.Body.(RecognizeFailed); ok && len(b.Tones) > 0 {
		s.recognized(b.Tones)
		return
	}
	if n, ok := s.node().(*flow.Menu); ok && s.isCurrentPrompt() {
		s.repeatMenu(n)
	}
}

func (s *step) repeatMenu(n *flow.Menu) {
	if s.MenuTries > n.Repeats {
		s.enter(n.Nothing)
		return
	}
	s.playMenu(n)
}

// promptOverdue goes on though nothing was heard of a prompt for too long.
func (s *step) promptTimeout() {
	if s.State != StateConnected || s.Wait.Media == (outbox.Ref{}) {
		return
	}
	if i := s.Pending.Index(s.Wait.Media); i >= 0 && s.Pending.Sending(i, s.now) {
		s.Deadlines[byPrompt] = s.Pending[i].LeaseUntil
		return
	}
	s.stopPrompt(s.Wait.Media)
	s.promptFailed()
}

// silence makes sure that a prompt is not heard any more: one that was not sent
// is struck off, one that may have been is cancelled. One that is being sent
// stays, so that the cancelling waits for it.
func (s *step) stopPrompt(prompt outbox.Ref) {
	i := s.Pending.Index(prompt)
	if i < 0 || s.Pending[i].Sent() {
		s.addAction(outbox.Action{Verb: outbox.VerbCancelMedia})
	}
	if i >= 0 && !s.Pending.Sending(i, s.now) {
		s.removeAction(prompt)
	}
}

// unwanted reports whether the action is a prompt that nothing waits for any more.
func (s *step) obsolete(a outbox.Action) bool {
	switch a.Verb {
	case outbox.VerbPlay, outbox.VerbRecognize:
		return a.Ref != s.Wait.Media && a.Ref != s.Wait.Music
	default:
		return false
	}
}

// promptFailed goes on after a prompt that failed or of which nothing is known.
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

// node returns the node where the call is; nil before its flow and after it.
func (s *step) node() flow.Node {
	if s.State != StateConnected {
		return nil
	}
	return s.flow.Nodes[s.Node]
}

// keyOf gives the key of a telephone for ACS's name of its tone.
//
// Source: enum Tone, communicationservicescallautomation.json, stable/2026-03-12.
var keyOf = map[string]string{
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
	"seven": "7", "eight": "8", "nine": "9", "asterisk": "*", "pound": "#",
}
