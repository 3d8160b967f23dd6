package call

import (
	"slices"
	"time"

	"switchboard/handler/call/outbox"
)

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
		s.refused(a, b)
	case VerdictThrottled:
		if s.obsolete(a) {
			s.removeAction(a.Ref)
			return
		}
		wait := s.now.Add(outbox.ThrottleBackoff(b.RetryAfter, a.Send))
		s.resend(i, true, wait)
		if a.Verb == outbox.VerbCreate {
			s.addAction(outbox.Action{Verb: outbox.VerbBackOff, At: wait})
		}
	case VerdictNoResponse:
		s.noResponse(i)
	}
}

// lateReply handles the reply to an action that is no longer pending: an event has confirmed it, its lease
// has ended, or the call has ended. Such a reply counts only for the start of a recording and for a
// CreateCall that was accepted.
func (s *step) lateReply(b Replied) {
	if i := s.recording(s.e.Ref.Op, ""); i >= 0 && s.e.Ref.Op != 0 {
		s.recordingReplied(i, b)
	}
	if _, unconfirmed := s.Deadlines[byConfirm]; unconfirmed && b.Verdict == VerdictOK && s.e.Ref.Op == CreateOp {
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
		if i := s.recording(a.Op, ""); i >= 0 {
			s.Recordings[i].Send = a.Send
			s.setRecordingID(i, b.RecordingID)
		}
	case outbox.VerbCheckParticipants:
		s.participantsChecked(b.Participants, b.Connected)
	case outbox.VerbLink:
		if b.Recording == RecordingFiled || b.Recording == RecordingLost { // its files came before the link
			s.recordingDone(a.Recording, "", b.Recording, b.Files, b.Reason)
		}
	}
}

// Error codes of ACS that decide how a call goes on.
//
// Source: "Troubleshooting call end response codes for Call Automation", Microsoft Learn.
const (
	CodeGone               = "8522" // the call or the participant is not there
	codeRecordingDuplicate = "8553"
	codeRecordingRunning   = "8559"
)

// duplicateCodes are the codes with which ACS refuses a request that it has performed already: as a
// duplicate, or because the call's state does not allow it any more. "409" and "412" stand for every code
// with that HTTP status.
var duplicateCodes = []string{"409", "412", "8519", codeRecordingDuplicate, codeRecordingRunning, "8583", "8585", "8586"}

// refused handles an action that ACS refused. If the request may have been a repeat, a duplicate code can
// mean that an earlier request was performed; an event or a deadline decides then. A request with a
// Repeatability pair may always have been a repeat, because the client repeats it by itself.
func (s *step) refused(a outbox.Action, b Replied) {
	maybeDone := (a.Repeated() || a.Verb.RetryClass() == outbox.Repeatable) && slices.Contains(duplicateCodes, b.Code)
	switch a.Verb {
	case outbox.VerbAnswer:
		if maybeDone {
			s.clearDeadline(byAnswer)
			s.setDeadline(byConnect, s.Limits.Connect)
			return
		}
		s.Result = s.e.Result
		s.end(outcomeAnswerRefused(b.Code))
	case outbox.VerbCreate:
		s.createRefused()
	case outbox.VerbPlay, outbox.VerbRecognize:
		if !maybeDone && s.Wait.Media == a.Ref && b.Code != CodeGone { // CodeGone: see checkIfGone
			s.promptFailed() // otherwise the prompt counts as playing until its deadline
		}
		if s.Wait.Music == a.Ref && !maybeDone {
			s.Wait.Music = outbox.Ref{}
		}
		s.checkIfGone(b)
	case outbox.VerbAdd:
		if s.Wait.Invite.Ref == a.Ref {
			s.e.Ref = a.Ref
			s.addFailed()
		}
		s.checkIfGone(b)
	case outbox.VerbStartRecording:
		if i := s.recording(a.Op, ""); i >= 0 {
			s.recordingRefused(i, b)
		}
		s.checkIfGone(b)
	case outbox.VerbHangUp:
		switch {
		case s.State == StateEnded:
		case b.Code == CodeGone:
			s.callGone()
		case maybeDone:
			s.setDeadline(byHangup, 0)
		default: // not at once, because ACS would refuse it again
			s.setDeadline(byHangup, s.Limits.Hangup)
		}
	case outbox.VerbCheckParticipants:
		switch {
		case b.Code == CodeGone:
			s.callGone()
		case s.State == StateRinging: // ACS has the call, but it is not connected in time
			s.end(s.outcomeGivenUp())
			s.hangUpLate()
		case s.Wait.Invite.Check == a.Ref:
			s.inviteCheckRefused()
		}
	}
}

// outcomeAnswerRefused returns the outcome of a call whose answer ACS refused with this code.
func outcomeAnswerRefused(code string) Outcome {
	switch code {
	case "7504", "7507", "8567": // no permission, another resource's key, no speech service
		return OutcomeMisconfigured
	case CodeGone, "8528", "8585", "8587": // the caller has left, or it was too late
		return OutcomeMissed
	default:
		return OutcomeFailed
	}
}

// checkIfGone makes the keep-alive due if ACS refused a request because it does not have the call or the
// participant.
func (s *step) checkIfGone(b Replied) {
	if b.Code == CodeGone && s.State == StateConnected {
		s.setDeadline(byKeepAlive, 0)
	}
}

// noResponse handles a request that got no response, or a 5xx.
func (s *step) noResponse(i int) {
	a := s.Pending[i]
	switch {
	case a.Verb.RetryClass() == outbox.AtMostOnce:
		s.removeAction(a.Ref)
		s.unconfirmed(a)
	case a.Verb.RetryClass() == outbox.Local:
		s.Pending.UnleaseBehind(i)
		s.Pending[i].Owner, s.Pending[i].LeaseUntil = "", time.Time{}
		s.Pending[i].NotBefore = s.now.Add(outbox.LocalBackoff(a.Leases))
	case a.Verb.RetryClass() == outbox.Repeatable:
		// It stays leased to its owner, who sends nothing more. When the lease has ended, it is repeated
		// with its pair.
		s.Pending.UnleaseBehind(i)
	case s.obsolete(a):
		s.removeAction(a.Ref)
	case a.Send < outbox.MaxSends || a.Verb == outbox.VerbCancelMedia: // music must not cover a conversation
		s.resend(i, false, s.now.Add(outbox.NoResponseBackoff(a.Send)))
	default:
		s.removeAction(a.Ref)
		s.refused(a, Replied{Verdict: VerdictNoResponse})
	}
}

// resend makes the action with this index a new send. refused reports whether ACS refused the latest one.
func (s *step) resend(i int, refused bool, notBefore time.Time) {
	s.Pending.UnleaseBehind(i)
	s.Pending[i] = s.Pending[i].Resend(refused, notBefore)
	s.Wait.retarget(s.Pending[i].Ref)
	if s.Pending[i].Verb == outbox.VerbStartRecording {
		if j := s.recording(s.Pending[i].Op, ""); j >= 0 {
			s.Recordings[j].Send = s.Pending[i].Send
		}
	}
}
