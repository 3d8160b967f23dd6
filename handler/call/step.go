package call

import (
	"slices"
	"time"

	"switchboard/handler/flow"
)

// StepVersion is the version of Step's rules. The history names it, so that a
// call can be replayed by the rules that it was taken through.
const StepVersion = 1

// Step returns c after e. An event that makes no sense in the state of the call
// (they arrive twice, late and out of order) changes nothing. A zero Call
// becomes one with Offered.
//
// Actions that Step adds belong to nobody yet: claiming them is Move's.
func Step(c Call, e Event, g Given) Call {
	s := &step{Call: c.clone(), e: e, flow: g.Flow, now: later(g.Now.UTC().Round(0), c.Updated)}
	if !s.foreign() {
		s.learn()
		s.prove()
		s.happen()
		s.foundLate()
	}
	s.denied(g.Gate)
	s.expire()
	s.pass()
	s.full()
	return s.Call
}

// step is a call on its way through Step.
type step struct {
	Call
	e    Event
	flow *flow.Flow
	now  time.Time

	found bool // the event is the first to tell of a connection
}

// foreign reports an event of another connection than the call's own.
func (s *step) foreign() bool {
	return s.e.ConnectionID != "" && s.ConnectionID != "" && s.e.ConnectionID != s.ConnectionID
}

// learn takes the ids that ACS tells with every event, and counts it as news.
func (s *step) learn() {
	if s.State == "" {
		return
	}
	s.found = s.ConnectionID == "" && s.e.ConnectionID != ""
	for _, id := range []struct{ mine, told *string }{
		{&s.ConnectionID, &s.e.ConnectionID},
		{&s.ServerCallID, &s.e.ServerCallID},
		{&s.CorrelationID, &s.e.CorrelationID},
	} {
		if *id.mine == "" {
			*id.mine = *id.told
		}
	}
	if _, tick := s.e.Body.(Tick); !tick && s.State == StateConnected && s.Ending == "" {
		s.deadline(byLook, s.Limits.Look)
	}
}

// prove strikes off the action whose current send ACS reports about: whatever
// the report says, ACS took it. A look is known by its answer alone, and what is
// done to rows of ours is none of ACS's business.
func (s *step) prove() {
	if _, reply := s.e.Body.(Replied); reply {
		return
	}
	if i := s.pending(s.e.Ref); i >= 0 {
		a := s.Pending[i]
		if a.Verb == Look || a.Verb.Repeat() == Storage {
			return
		}
		s.strike(a.Ref)
		s.done(a, Replied{Verdict: Done})
	}
}

// happen hands the event to those whom it concerns.
func (s *step) happen() {
	switch b := s.e.Body.(type) {
	case Offered:
		s.offered(b)
	case Dialled:
		s.dialled(b)
	case Buried:
		s.buried(b.Dial)
	case Connected:
		s.connected()
	case Disconnected:
		s.disconnected()
	case AnswerFailed, CreateFailed:
		s.neverConnected()
	case PlayCompleted:
		s.heard()
	case PlayCanceled:
		s.cutShort()
	case PlayFailed:
		s.unplayable()
	case Recognized:
		s.pressed(b.Tones)
	case RecognizeFailed, RecognizeCanceled:
		s.nothingPressed()
	case Added:
		s.added(b.Participant)
	case AddFailed:
		s.notAdded()
	case ParticipantsUpdated:
		s.rosterChanged(b)
	case RecordingChanged:
		s.recordingChanged(b)
	case RecordingFailed:
		s.recordingFailed(b)
	case RecordingKept:
		s.paid(b.Op, b.RecordingID, RecordingFiled, b.Files, "")
	case RecordingGone:
		s.paid(b.Op, b.RecordingID, RecordingLost, b.Files, b.Reason)
	case Replied:
		s.replied(b)
	}
}

// do adds an action and returns its reference.
func (s *step) do(a Action) Ref {
	s.Ops++
	a.Ref = Ref{Op: s.Ops, Send: 1}
	s.Pending = append(s.Pending, a)
	return a.Ref
}

// sending reports whether the action with this index may be on its way to ACS:
// its owner has time left, and nothing before it in its lane holds it back.
func (s *step) sending(i int) bool {
	a := s.Pending[i]
	return a.By != "" && s.now.Before(a.Until) &&
		!slices.ContainsFunc(s.Pending[:i], func(b Action) bool { return b.Verb.Lane() == a.Verb.Lane() })
}

// pending returns the index of the action with this very reference, or -1.
func (s *step) pending(r Ref) int {
	return slices.IndexFunc(s.Pending, func(a Action) bool { return a.Ref == r })
}

// strike removes the action with this very reference, if there is one.
func (s *step) strike(r Ref) {
	s.Pending = slices.DeleteFunc(s.Pending, func(a Action) bool { return a.Ref == r })
}

// strikeVerb removes the actions of this verb.
func (s *step) strikeVerb(v Verb) {
	s.Pending = slices.DeleteFunc(s.Pending, func(a Action) bool { return a.Verb == v })
}

// deadline sets a deadline so long from now.
func (s *step) deadline(d Deadline, wait time.Duration) {
	if s.Deadlines == nil {
		s.Deadlines = map[Deadline]time.Time{}
	}
	s.Deadlines[d] = s.now.Add(wait)
}

// met clears a deadline.
func (s *step) met(d Deadline) { delete(s.Deadlines, d) }

// expire decides what becomes of actions whose owner's time is up and that may
// not simply be sent again. The others are claimed by this write.
func (s *step) expire() {
	for _, a := range slices.Clone(s.Pending) {
		if a.By == "" || s.now.Before(a.Until) {
			continue
		}
		switch a.Verb.Repeat() {
		case Once:
			s.strike(a.Ref)
			s.unknown(a)
		case Paired:
			if !s.now.Before(a.FirstSent.Add(pairLife)) {
				s.strike(a.Ref)
				s.pairTooOld(a)
			}
		case Plain:
			if s.unwanted(a) {
				s.strike(a.Ref)
			}
		case Storage: // repeated until it is done
		}
	}
}

// unknown deals with an action of the kind Once that may have been done or not. A
// call that may have been placed waits to be heard of until bySettle.
func (s *step) unknown(a Action) {
	if a.Verb == Add && s.Wait.Invite.Ref == a.Ref {
		// It may have been sent a moment ago: give the telephone its time to ring.
		s.deadline(byInvite, a.Ring+s.Limits.InviteGrace)
	}
}

// pairTooOld deals with an action that was repeated for as long as ACS keeps its
// pair: from now on a repeat could be a second execution, so look instead.
func (s *step) pairTooOld(a Action) {
	switch a.Verb {
	case Answer:
		s.deadline(byConnect, 0)
	case HangUp:
		s.deadline(byHangup, 0)
	case StartRecord:
		s.deadline(byRecording, 0)
	}
}

// pass runs every deadline that is past, in a fixed order. Running one may
// change the others; so each is looked at only when its turn comes.
func (s *step) pass() {
	for _, d := range []struct {
		name Deadline
		run  func()
	}{
		{byEnd, s.tooLong},
		{byAnswer, s.tooLateToAnswer},
		{byGone, s.stayedGone},
		{byConnect, s.notConnected},
		{bySettle, s.unsettled},
		{byRing, s.rungOut},
		{byPrompt, s.promptOverdue},
		{byInvite, s.inviteOverdue},
		{byRecording, s.recordingOverdue},
		{byHangup, s.hangupOverdue},
		{byLook, s.look},
		{byFile, s.fileOverdue},
	} {
		if at, ok := s.Deadlines[d.name]; ok && !s.now.Before(at) {
			s.met(d.name)
			d.run()
		}
	}
}
