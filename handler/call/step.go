package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// RulesVersion is the version of the rules by which a transition changes a call. The history names it, so
// that a call can be replayed by the rules of its time.
const RulesVersion = 1

// runPhases returns c after e, without leasing actions: Apply does that. An event that does not fit the
// call's state changes nothing, because events arrive twice, late and out of order. Offered and Dialled turn
// a zero Call into an open one.
//
// The nine phases, in this order:
//
//  1. otherConnection: an event of another connection skips phases 2 to 5; time passes all the same.
//  2. recordIDs: before the handlers, because they hang up by the connection id and may shorten the
//     keep-alive.
//  3. confirmActions: before the handlers, which must not find an action pending that ACS has accepted.
//  4. dispatch: before the clock, so that an event that arrived counts although its deadline is past.
//  5. hangUpLateConnection: after dispatch, which decides whether the call has ended.
//  6. checkGate: after dispatch, which may have opened the call; before Apply leases its CreateCall.
//  7. expireLeases: after dispatch, so that a late reply still finds its action; before the deadlines,
//     because they depend on what is pending, and an expired lease can set one that is due at once.
//  8. runDeadlines: after every phase that sets or clears a deadline.
//  9. limitHistory: last, because it ends the call whatever the other phases made of it.
func runPhases(c Call, e Event, in Input) Call {
	s := &step{Call: c.clone(), e: e, flow: in.Flow, now: later(in.Now.UTC().Round(0), c.Updated)}
	if !s.otherConnection() {
		s.recordIDs()
		s.confirmActions()
		s.dispatch()
		s.hangUpLateConnection()
	}
	s.checkGate(in.GateVerdict)
	s.expireLeases()
	s.runDeadlines()
	s.limitHistory()
	return s.Call
}

// step is a call during one transition.
type step struct {
	Call
	e    Event
	flow *flow.Flow
	now  time.Time

	firstReport bool // whether the event is the first to name a connection
}

// otherConnection reports whether the event is of another connection than the call's own.
func (s *step) otherConnection() bool {
	return s.e.ConnectionID != "" && s.ConnectionID != "" && s.e.ConnectionID != s.ConnectionID
}

// recordIDs copies the connection, server call and correlation id from the event where the call has none
// yet, and restarts the keep-alive of a connected call.
func (s *step) recordIDs() {
	if s.State == "" {
		return
	}
	s.firstReport = s.ConnectionID == "" && s.e.ConnectionID != ""
	for _, id := range []struct{ own, reported *string }{
		{&s.ConnectionID, &s.e.ConnectionID},
		{&s.ServerCallID, &s.e.ServerCallID},
		{&s.CorrelationID, &s.e.CorrelationID},
	} {
		if *id.own == "" {
			*id.own = *id.reported
		}
	}
	if _, wake := s.e.Body.(Wake); !wake && s.State == StateConnected && s.EndingAs == "" {
		s.setDeadline(byKeepAlive, s.Limits.KeepAlive)
	}
}

// confirmActions removes the pending action whose current send the event names: an event that carries its
// operationContext shows that ACS accepted the request. Only a reply confirms a check of participants, which
// returns the list, or a change of our own rows, of which ACS knows nothing.
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

// dispatch calls the handler for the event's type.
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

// addAction adds an action as a new operation and returns its reference.
func (s *step) addAction(a outbox.Action) outbox.Ref {
	s.Ops++
	a.Ref = outbox.Ref{Op: s.Ops, Send: 1}
	s.Pending = append(s.Pending, a)
	return a.Ref
}

// removeAction removes the action with this operation and send, if it is pending.
func (s *step) removeAction(r outbox.Ref) {
	s.Pending = s.Pending.Without(r)
}

// removeActions removes the actions of the verb.
func (s *step) removeActions(v outbox.Verb) {
	s.Pending = s.Pending.WithoutVerb(v)
}

// setDeadline sets the deadline d to the given time from now.
func (s *step) setDeadline(d Deadline, wait time.Duration) {
	if s.Deadlines == nil {
		s.Deadlines = map[Deadline]time.Time{}
	}
	s.Deadlines[d] = s.now.Add(wait)
}

// clearDeadline clears the deadline d.
func (s *step) clearDeadline(d Deadline) { delete(s.Deadlines, d) }

// expireLeases removes the actions whose lease has ended and which must not be sent again. The other actions
// with an ended lease stay, and Apply leases them anew.
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
		case outbox.Local: // it is repeated until it succeeds
		}
	}
}

// unconfirmed handles an action of the class AtMostOnce that may or may not have taken effect. An
// unconfirmed invitation is checked at byInvite. An unconfirmed CreateCall stays open until byConfirm, which
// is set already.
func (s *step) unconfirmed(a outbox.Action) {
	if a.Verb == outbox.VerbAdd && s.Wait.Invite.Ref == a.Ref {
		// It may have been sent a moment ago: give the telephone time to ring.
		s.setDeadline(byInvite, a.Ring+s.Limits.InviteGrace)
	}
}

// pairTooOld handles an action whose Repeatability pair ACS may have forgotten. A repeat could now be
// performed a second time, so the action's deadline is made due and finds out what became of it.
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

// runDeadlines runs every deadline that is past, in a fixed order. Running one may set or clear others, so
// each is read only when its turn comes.
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
