package call

import (
	"slices"
	"switchboard/handler/call/outbox"
	"time"
)

// replied takes in what ACS answered to an action.
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

// overtaken takes in an answer to an action that is no longer pending: an event has
// proved it, its run's time was up, or the call is over. Only what it says of calls
// and recordings that have come to be counts even then.
func (s *step) lateReply(b Replied) {
	if i := s.recording(s.e.Ref.Op, ""); i >= 0 && s.e.Ref.Op != 0 {
		s.recordingReplied(i, b)
	}
	if _, unsettled := s.Deadlines[byConfirm]; unsettled && b.Verdict == VerdictOK && s.e.Ref.Op == CreateOp {
		s.createAccepted()
	}
}

// done takes in that ACS took the action.
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
		if b.Recording == RecordingFiled || b.Recording == RecordingLost { // it was there before
			s.recordingDone(a.Recording, "", b.Recording, b.Files, b.Reason)
		}
	}
}

// Error codes of ACS that Step knows.
//
// Source: "Troubleshooting call end response codes for Call Automation", Microsoft Learn.
const (
	CodeGone               = "8522" // the call or the participant is not there
	codeRecordingDuplicate = "8553"
	codeRecordingRunning   = "8559"
)

// repeated are the codes with which ACS refuses what was done already, or what
// does not fit the state that doing it has brought about. "409" and "412" stand
// for those statuses whatever their code.
var duplicateCodes = []string{"409", "412", "8519", codeRecordingDuplicate, codeRecordingRunning, "8583", "8585", "8586"}

// refused takes in that ACS will not do the action. To a repeat that is no
// answer but a question: was the first request done? Requests with a pair are
// repeated on their way already, so each of them may be a repeat.
func (s *step) refused(a outbox.Action, b Replied) {
	question := (a.Repeated() || a.Verb.RetryClass() == outbox.Repeatable) && slices.Contains(duplicateCodes, b.Code)
	switch a.Verb {
	case outbox.VerbAnswer:
		if question {
			s.clearDeadline(byAnswer)
			s.setDeadline(byConnect, s.Limits.Connect)
			return
		}
		s.Result = s.e.Result
		s.end(outcomeAnswerRefused(b.Code))
	case outbox.VerbCreate:
		s.createRefused()
	case outbox.VerbPlay, outbox.VerbRecognize:
		if !question && s.Wait.Media == a.Ref && b.Code != CodeGone { // a look says whether the call is there
			s.promptFailed() // otherwise it counts as running until its deadline
		}
		if s.Wait.Music == a.Ref && !question {
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
		case question:
			s.setDeadline(byHangup, 0)
		default: // not at once: it would be refused again
			s.setDeadline(byHangup, s.Limits.Hangup)
		}
	case outbox.VerbCheckParticipants:
		switch {
		case b.Code == CodeGone:
			s.callGone()
		case s.State == StateRinging: // there, but not connected after all this time
			s.end(s.outcomeGivenUp())
			s.hangUpLate()
		case s.Wait.Invite.Check == a.Ref:
			s.inviteCheckRefused()
		}
	}
}

// unanswered is the outcome of a call whose answer ACS refused with this code.
func outcomeAnswerRefused(code string) Outcome {
	switch code {
	case "7504", "7507", "8567": // no permission, another resource's key, no speech service
		return OutcomeMisconfigured
	case CodeGone, "8528", "8585", "8587": // the caller is gone, or it was too late
		return OutcomeMissed
	default:
		return OutcomeFailed
	}
}

// suspect looks after a call that ACS says it does not have.
func (s *step) checkIfGone(b Replied) {
	if b.Code == CodeGone && s.State == StateConnected {
		s.setDeadline(byKeepAlive, 0)
	}
}

// gone ends a call that ACS does not have any more.
func (s *step) callGone() {
	switch s.State {
	case StateConnected:
		s.end(s.outcomeNow())
	case StateRinging:
		if s.Direction == DirectionOutbound {
			s.end(s.outcomeGivenUp())
		} else { // it was answered, and its caller did not wait
			s.end(OutcomeAbandoned)
		}
	}
}

// recordingRefused takes in that a recording did not start, or runs already.
func (s *step) recordingRefused(i int, b Replied) {
	switch {
	case s.Recordings[i].State != RecordingWanted:
	case b.Code == codeRecordingDuplicate || b.Code == codeRecordingRunning:
		s.recordingStarted(i)
	case slices.Contains(duplicateCodes, b.Code): // it may be a repeat: wait for the callback
	default:
		s.Recordings[i].State = RecordingFailed
		s.clearRecordingDeadlines()
	}
}

// unheard deals with a request that got no answer, or a 5xx.
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
		// It stays its owner's, who has nothing more to send; once the time is up
		// it is repeated with its pair.
		s.Pending.UnleaseBehind(i)
	case s.obsolete(a):
		s.removeAction(a.Ref)
	case a.Send < outbox.MaxSends || a.Verb == outbox.VerbCancelMedia: // music over a conversation is never put up with
		s.resend(i, false, s.now.Add(outbox.NoResponseBackoff(a.Send)))
	default:
		s.removeAction(a.Ref)
		s.refused(a, Replied{Verdict: VerdictNoResponse})
	}
}

// again makes the action with this index a new send, after a refusal or after silence.
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
