package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
)

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

// replied handles the reply to an action.
func (s *step) replied(b Replied) {
	i := s.Pending.Index(s.e.Ref)
	if i < 0 {
		s.lateReply(b)
		return
	}
	a := s.Pending[i]
	switch b.Verdict {
	case VerdictOK:
		s.removeAction(a.Ref)
		s.accepted(a, b)
	case VerdictRefused:
		s.removeAction(a.Ref)
		s.failed(a, failure{code: b.Code, status: b.Status})
	case VerdictThrottled:
		s.throttled(i, b.RetryAfter)
	case VerdictNoResponse:
		s.noResponse(i)
	}
}

// lateReply handles the reply to an action that is no longer pending: an event has confirmed it, its lease
// has ended, or the call has ended. Such a reply counts only for the start of a recording and for a
// CreateCall that was accepted.
func (s *step) lateReply(b Replied) {
	if i := s.recording(s.e.Ref.Op, ""); i >= 0 && s.e.Ref.Op != 0 {
		s.startRecordingRepliedLate(i, b)
	}
	if s.hasDeadline(DeadlineConfirm) && b.Verdict == VerdictOK && s.e.Ref.Op == CreateOp {
		s.createAccepted()
	}
}

// accepted handles an action that ACS accepted, or that was performed on our own rows.
func (s *step) accepted(a outbox.Action, b Replied) {
	switch a.Verb {
	case outbox.VerbAnswer:
		s.answerAccepted()
	case outbox.VerbCreate:
		s.createAccepted()
	case outbox.VerbAdd:
		s.inviteAccepted(a)
	case outbox.VerbStartRecording:
		s.startRecordingAccepted(a, b.RecordingID)
	case outbox.VerbCheckParticipants:
		s.participantsChecked(b.Participants, b.Connected)
	case outbox.VerbLink:
		s.recordingLinked(a, b)
	}
}

// failed handles an action that failed for good.
func (s *step) failed(a outbox.Action, f failure) {
	switch a.Verb {
	case outbox.VerbAnswer:
		s.answerFailed(a, f)
	case outbox.VerbCreate:
		s.createFailed()
	case outbox.VerbPlay, outbox.VerbRecognize:
		s.promptNotSent(a, f)
	case outbox.VerbAdd:
		s.inviteFailed(a.Ref)
		s.checkIfGone(f)
	case outbox.VerbStartRecording:
		s.startRecordingRefused(a, f)
	case outbox.VerbHangUp:
		s.hangUpFailed(a, f)
	case outbox.VerbCheckParticipants:
		s.checkFailed(a, f)
	}
}

// unconfirmed handles an action of the class AtMostOnce that may or may not have taken effect. A CreateCall
// stays open until DeadlineConfirm, which is set already.
func (s *step) unconfirmed(a outbox.Action) {
	if a.Verb == outbox.VerbAdd {
		s.inviteUnconfirmed(a)
	}
}

// pairTooOld handles an action whose Repeatability pair ACS may have forgotten. A repeat could now be
// performed a second time, so the action's deadline is made due and finds out what became of it.
func (s *step) pairTooOld(a outbox.Action) {
	switch a.Verb {
	case outbox.VerbAnswer:
		s.setDeadline(DeadlineConnect, 0)
	case outbox.VerbHangUp:
		s.setDeadline(DeadlineHangup, 0)
	case outbox.VerbStartRecording:
		s.setDeadline(DeadlineRecording, 0)
	}
}

// throttled handles a request that ACS refused for the time being. It is sent again later,
// unless it is obsolete. A throttled CreateCall slows its line down.
func (s *step) throttled(i int, retryAfter time.Duration) {
	a := s.Pending[i]
	if s.obsolete(a) {
		s.removeAction(a.Ref)
		return
	}
	notBefore := s.now.Add(outbox.ThrottleBackoff(retryAfter, a.Send))
	s.resend(i, a.ResendRefused(notBefore))
	if a.Verb == outbox.VerbCreate {
		s.addAction(outbox.Action{Verb: outbox.VerbBackOff, At: notBefore})
	}
}

// noResponse handles a request that got no response, or a 5xx.
func (s *step) noResponse(i int) {
	a := s.Pending[i]
	switch a.Verb.RetryClass() {
	case outbox.AtMostOnce:
		s.removeAction(a.Ref)
		s.unconfirmed(a)
	case outbox.Local:
		s.Pending.UnleaseBehind(i)
		s.Pending[i].Owner, s.Pending[i].LeaseUntil = "", time.Time{}
		s.Pending[i].NotBefore = s.now.Add(outbox.LocalBackoff(a.Leases))
	case outbox.Repeatable:
		// It stays leased to its owner, who sends nothing more. When the lease has ended, it is repeated
		// with its pair.
		s.Pending.UnleaseBehind(i)
	case outbox.AtLeastOnce:
		s.noResponseAtLeastOnce(i)
	}
}

// noResponseAtLeastOnce sends an action again that got no response, if it is still of use. After MaxSends it
// has failed. A request that stops music is sent for ever: music must not cover a conversation.
func (s *step) noResponseAtLeastOnce(i int) {
	a := s.Pending[i]
	switch {
	case s.obsolete(a):
		s.removeAction(a.Ref)
	case a.Send < outbox.MaxSends || a.Verb == outbox.VerbCancelMedia:
		s.resend(i, a.ResendUnconfirmed(s.now.Add(outbox.NoResponseBackoff(a.Send))))
	default:
		s.removeAction(a.Ref)
		s.failed(a, failure{})
	}
}

// resend replaces the action with this index by its next send, and ends the leases behind it in its lane.
func (s *step) resend(i int, next outbox.Action) {
	s.Pending.UnleaseBehind(i)
	s.Pending[i] = next
	s.Wait.retarget(next.Ref)
	if next.Verb == outbox.VerbStartRecording {
		s.startRecordingResent(next.Ref)
	}
}

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

// failure is why an action failed for good: ACS refused it, or, if it is zero, its last send got no response.
type failure struct {
	code   string // ACS's error code; empty if it gave none
	status int    // HTTP status
}

// Error codes of ACS that decide how a call goes on.
//
// Source: "Troubleshooting call end response codes for Call Automation", Microsoft Learn.
const (
	CodeGone               = "8522" // the call or the participant is not there
	codeRecordingDuplicate = "8553"
	codeRecordingRunning   = "8559"
)

// gone reports whether ACS does not have the call or the participant.
func (f failure) gone() bool { return f.code == CodeGone }

// recordingRuns reports whether ACS refused to start a recording because it runs.
func (f failure) recordingRuns() bool {
	return f.code == codeRecordingDuplicate || f.code == codeRecordingRunning
}

// duplicateCodes are the codes with which ACS refuses a request that it has performed already: as a
// duplicate, or because the call's state does not allow it any more.
var duplicateCodes = []string{"8519", codeRecordingDuplicate, codeRecordingRunning, "8583", "8585", "8586"}

// HTTP statuses that say the same where ACS gives no code.
const (
	statusConflict           = 409
	statusPreconditionFailed = 412
)

// duplicate reports whether ACS may have refused the request because it has performed it already.
func (f failure) duplicate() bool {
	return f.status == statusConflict || f.status == statusPreconditionFailed || slices.Contains(duplicateCodes, f.code)
}

// performedBefore reports whether the refused request may have been a repeat of one that was performed: an
// event or a deadline decides then. A request with a Repeatability pair may always have been a repeat,
// because the client repeats it by itself.
func (f failure) performedBefore(a outbox.Action) bool {
	return (a.Repeated() || a.Verb.RetryClass() == outbox.Repeatable) && f.duplicate()
}
