package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// StepVersion is the version of Step's rules. The history names it, so that a
// call can be replayed by the rules that it was taken through.
const RulesVersion = 1

// Step returns c after e. An event that makes no sense in the state of the call
// (they arrive twice, late and out of order) changes nothing. A zero Call
// becomes one with Offered.
//
// Actions that Step adds belong to nobody yet: claiming them is Move's.
func runPhases(c Call, e Event, g Input) Call {
	s := &step{Call: c.clone(), e: e, flow: g.Flow, now: later(g.Now.UTC().Round(0), c.Updated)}
	if !s.otherConnection() {
		s.recordIDs()
		s.confirmActions()
		s.dispatch()
		s.hangUpLateConnection()
	}
	s.checkGate(g.Gate)
	s.expireLeases()
	s.runDeadlines()
	s.limitHistory()
	return s.Call
}

// step is a call on its way through Step.
type step struct {
	Call
	e    Event
	flow *flow.Flow
	now  time.Time

	firstReport bool // the event is the first to tell of a connection
}

// foreign reports an event of another connection than the call's own.
func (s *step) otherConnection() bool {
	return s.e.ConnectionID != "" && s.ConnectionID != "" && s.e.ConnectionID != s.ConnectionID
}

// learn takes the ids that ACS tells with every event, and counts it as news.
func (s *step) recordIDs() {
	if s.State == "" {
		return
	}
	s.firstReport = s.ConnectionID == "" && s.e.ConnectionID != ""
	for _, id := range []struct{ mine, told *string }{
		{&s.ConnectionID, &s.e.ConnectionID},
		{&s.ServerCallID, &s.e.ServerCallID},
		{&s.CorrelationID, &s.e.CorrelationID},
	} {
		if *id.mine == "" {
			*id.mine = *id.told
		}
	}
	if _, tick := s.e.Body.(Wake); !tick && s.State == StateConnected && s.EndingAs == "" {
		s.setDeadline(byKeepAlive, s.Limits.KeepAlive)
	}
}

// prove strikes off the action whose current send ACS reports about: whatever
// the report says, ACS took it. A look is known by its answer alone, and what is
// done to rows of ours is none of ACS's business.
func (s *step) confirmActions() {
	if _, reply := s.e.Body.(Replied); reply {
		return
	}
	if i := s.Pending.Index(s.e.Ref); i >= 0 {
		a := s.Pending[i]
		if a.Verb == outbox.VerbCheckParticipants || a.Verb.RetryClass() == outbox.Local {
			return
		}
		s.removeAction(a.Ref)
		s.accepted(a, Replied{Verdict: VerdictOK})
	}
}

// happen hands the event to those whom it concerns.
func (s *step) dispatch() {
	switch b := s.e.Body.(type) {
	case Offered:
		s.offered(b)
	case Dialled:
		s.dialled(b)
	case Tombstone:
		s.tombstone(b.Dial)
	case Connected:
		s.connected()
	case Disconnected:
		s.disconnected()
	case AnswerFailed, CreateCallFailed:
		s.setupFailed()
	case PlayCompleted:
		s.playCompleted()
	case PlayCanceled:
		s.playCanceled()
	case PlayFailed:
		s.playFailed()
	case Recognized:
		s.recognized(b.Tones)
	case RecognizeFailed, RecognizeCanceled:
		s.recognizeFailed()
	case Added:
		s.added(b.Participant)
	case AddFailed:
		s.addFailed()
	case ParticipantsUpdated:
		s.rosterChanged(b)
	case RecordingStateChanged:
		s.recordingStateChanged(b)
	case StartRecordingFailed:
		s.startRecordingFailed(b)
	case FilesFiled:
		s.recordingDone(b.Op, b.RecordingID, RecordingFiled, b.Files, "")
	case FilesLost:
		s.recordingDone(b.Op, b.RecordingID, RecordingLost, b.Files, b.Reason)
	case Replied:
		s.replied(b)
	}
}

// do adds an action and returns its reference.
func (s *step) addAction(a outbox.Action) outbox.Ref {
	s.Ops++
	a.Ref = outbox.Ref{Op: s.Ops, Send: 1}
	s.Pending = append(s.Pending, a)
	return a.Ref
}

// strike removes the action with this very reference, if there is one.
func (s *step) removeAction(r outbox.Ref) {
	s.Pending = s.Pending.Without(r)
}

// strikeVerb removes the actions of this verb.
func (s *step) removeActions(v outbox.Verb) {
	s.Pending = s.Pending.WithoutVerb(v)
}

// deadline sets a deadline so long from now.
func (s *step) setDeadline(d Deadline, wait time.Duration) {
	if s.Deadlines == nil {
		s.Deadlines = map[Deadline]time.Time{}
	}
	s.Deadlines[d] = s.now.Add(wait)
}

// met clears a deadline.
func (s *step) clearDeadline(d Deadline) { delete(s.Deadlines, d) }

// expire decides what becomes of actions whose owner's time is up and that may
// not simply be sent again. The others are claimed by this write.
func (s *step) expireLeases() {
	for _, a := range slices.Clone(s.Pending) {
		if a.Owner == "" || s.now.Before(a.LeaseUntil) {
			continue
		}
		switch a.Verb.RetryClass() {
		case outbox.AtMostOnce:
			s.removeAction(a.Ref)
			s.unconfirmed(a)
		case outbox.Repeatable:
			if !s.now.Before(a.FirstSent.Add(outbox.PairLife)) {
				s.removeAction(a.Ref)
				s.pairTooOld(a)
			}
		case outbox.AtLeastOnce:
			if s.obsolete(a) {
				s.removeAction(a.Ref)
			}
		case outbox.Local: // repeated until it is done
		}
	}
}

// unknown deals with an action of the kind Once that may have been done or not. A
// call that may have been placed waits to be heard of until bySettle.
func (s *step) unconfirmed(a outbox.Action) {
	if a.Verb == outbox.VerbAdd && s.Wait.Invite.Ref == a.Ref {
		// It may have been sent a moment ago: give the telephone its time to ring.
		s.setDeadline(byInvite, a.Ring+s.Limits.InviteGrace)
	}
}

// pairTooOld deals with an action that was repeated for as long as ACS keeps its
// pair: from now on a repeat could be a second execution, so look instead.
func (s *step) pairTooOld(a outbox.Action) {
	switch a.Verb {
	case outbox.VerbAnswer:
		s.setDeadline(byConnect, 0)
	case outbox.VerbHangUp:
		s.setDeadline(byHangup, 0)
	case outbox.VerbStartRecording:
		s.setDeadline(byRecording, 0)
	}
}

// pass runs every deadline that is past, in a fixed order. Running one may
// change the others; so each is looked at only when its turn comes.
func (s *step) runDeadlines() {
	for _, d := range []struct {
		name Deadline
		run  func()
	}{
		{byEnd, s.callTimeout},
		{byAnswer, s.answerTimeout},
		{byDisconnect, s.disconnectTimeout},
		{byConnect, s.connectTimeout},
		{byConfirm, s.confirmTimeout},
		{byRing, s.ringTimeout},
		{byPrompt, s.promptTimeout},
		{byInvite, s.inviteTimeout},
		{byRecording, s.recordingStartTimeout},
		{byHangup, s.hangUpTimeout},
		{byKeepAlive, s.keepAliveTimeout},
		{byFile, s.filesTimeout},
	} {
		if at, ok := s.Deadlines[d.name]; ok && !s.now.Before(at) {
			s.clearDeadline(d.name)
			d.run()
		}
	}
}
