package call

import (
	"slices"
	"time"
)

// replied takes in what ACS answered to an action.
func (s *step) replied(b Replied) {
	i := s.pending(s.e.Ref)
	if i < 0 {
		s.overtaken(b)
		return
	}
	a := s.Pending[i]
	switch b.Verdict {
	case Done:
		s.strike(a.Ref)
		s.done(a, b)
	case Refused:
		s.strike(a.Ref)
		s.refused(a, b)
	case Throttled:
		if s.unwanted(a) {
			s.strike(a.Ref)
			return
		}
		wait := s.now.Add(throttleWait(b.RetryAfter, a.Send))
		s.again(i, true, wait)
		if a.Verb == Create {
			s.do(Action{Verb: SlowLine, At: wait})
		}
	case Unheard:
		s.unheard(i)
	}
}

// overtaken takes in an answer to an action that is no longer pending: an event has
// proved it, its run's time was up, or the call is over. Only what it says of calls
// and recordings that have come to be counts even then.
func (s *step) overtaken(b Replied) {
	if i := s.recording(s.e.Ref.Op, ""); i >= 0 && s.e.Ref.Op != 0 {
		s.recordingReplied(i, b)
	}
	if _, unsettled := s.Deadlines[bySettle]; unsettled && b.Verdict == Done && s.e.Ref.Op == CreateOp {
		s.placed()
	}
}

// done takes in that ACS took the action.
func (s *step) done(a Action, b Replied) {
	switch a.Verb {
	case Answer:
		s.answered()
	case Create:
		s.placed()
	case Add:
		s.inviteTaken(a)
	case StartRecord:
		if i := s.recording(a.Op, ""); i >= 0 {
			s.Recordings[i].Send = a.Send
			s.learnRecording(i, b.RecordingID)
		}
	case Look:
		s.looked(b.Participants, b.Connected)
	case Link:
		if b.Recording == RecordingFiled || b.Recording == RecordingLost { // it was there before
			s.paid(a.Recording, "", b.Recording, b.Files, b.Reason)
		}
	}
}

// Error codes of ACS that Step knows.
//
// Source: "Troubleshooting call end response codes for Call Automation", Microsoft Learn.
const (
	CodeGone             = "8522" // the call or the participant is not there
	codeRecordingDouble  = "8553"
	codeRecordingRunning = "8559"
)

// repeated are the codes with which ACS refuses what was done already, or what
// does not fit the state that doing it has brought about. "409" and "412" stand
// for those statuses whatever their code.
var repeated = []string{"409", "412", "8519", codeRecordingDouble, codeRecordingRunning, "8583", "8585", "8586"}

// refused takes in that ACS will not do the action. To a repeat that is no
// answer but a question: was the first request done? Requests with a pair are
// repeated on their way already, so each of them may be a repeat.
func (s *step) refused(a Action, b Replied) {
	question := (a.Repeated() || a.Verb.Repeat() == Paired) && slices.Contains(repeated, b.Code)
	switch a.Verb {
	case Answer:
		if question {
			s.met(byAnswer)
			s.deadline(byConnect, s.Limits.Connect)
			return
		}
		s.Result = s.e.Result
		s.end(unanswered(b.Code))
	case Create:
		s.notPlaced()
	case PlayPrompt, Recognize:
		if !question && s.Wait.Media == a.Ref && b.Code != CodeGone { // a look says whether the call is there
			s.promptFailed() // otherwise it counts as running until its deadline
		}
		if s.Wait.Music == a.Ref && !question {
			s.Wait.Music = Ref{}
		}
		s.suspect(b)
	case Add:
		if s.Wait.Invite.Ref == a.Ref {
			s.e.Ref = a.Ref
			s.notAdded()
		}
		s.suspect(b)
	case StartRecord:
		if i := s.recording(a.Op, ""); i >= 0 {
			s.recordingRefused(i, b)
		}
		s.suspect(b)
	case HangUp:
		switch {
		case s.State == StateEnded:
		case b.Code == CodeGone:
			s.gone()
		case question:
			s.deadline(byHangup, 0)
		default: // not at once: it would be refused again
			s.deadline(byHangup, s.Limits.Hangup)
		}
	case Look:
		switch {
		case b.Code == CodeGone:
			s.gone()
		case s.State == StateRinging: // there, but not connected after all this time
			s.end(s.unmet())
			s.hangUpLate()
		case s.Wait.Invite.Look == a.Ref:
			s.inviteUndecided()
		}
	}
}

// unanswered is the outcome of a call whose answer ACS refused with this code.
func unanswered(code string) Outcome {
	switch code {
	case "7504", "7507", "8567": // no permission, another resource's key, no speech service
		return Misconfigured
	case CodeGone, "8528", "8585", "8587": // the caller is gone, or it was too late
		return Missed
	default:
		return Failed
	}
}

// suspect looks after a call that ACS says it does not have.
func (s *step) suspect(b Replied) {
	if b.Code == CodeGone && s.State == StateConnected {
		s.deadline(byLook, 0)
	}
}

// gone ends a call that ACS does not have any more.
func (s *step) gone() {
	switch s.State {
	case StateConnected:
		s.end(s.outcomeNow())
	case StateRinging:
		if s.Direction == Outbound {
			s.end(s.unmet())
		} else { // it was answered, and its caller did not wait
			s.end(Abandoned)
		}
	}
}

// recordingRefused takes in that a recording did not start, or runs already.
func (s *step) recordingRefused(i int, b Replied) {
	switch {
	case s.Recordings[i].State != RecordingWanted:
	case b.Code == codeRecordingDouble || b.Code == codeRecordingRunning:
		s.recordingRuns(i)
	case slices.Contains(repeated, b.Code): // it may be a repeat: wait for the callback
	default:
		s.Recordings[i].State = RecordingNone
		s.owedNoMore()
	}
}

// plainSends is how often an action of the kind Plain is sent before it counts
// as refused.
const plainSends = 3

// unheardWait is how long an action waits after a request that went unheard: what
// is wrong takes a moment to pass, and people are waiting.
func unheardWait(send int) time.Duration { return min(time.Second<<min(send-1, 10), 15*time.Second) }

// unheard deals with a request that got no answer, or a 5xx.
func (s *step) unheard(i int) {
	a := s.Pending[i]
	switch {
	case a.Verb.Repeat() == Once:
		s.strike(a.Ref)
		s.unknown(a)
	case a.Verb.Repeat() == Storage:
		s.yield(i)
		s.Pending[i].By, s.Pending[i].Until = "", time.Time{}
		s.Pending[i].NotBefore = s.now.Add(storageWait(a.Claims))
	case a.Verb.Repeat() == Paired:
		// It stays its owner's, who has nothing more to send; once the time is up
		// it is repeated with its pair.
		s.yield(i)
	case s.unwanted(a):
		s.strike(a.Ref)
	case a.Send < plainSends || a.Verb == CancelMedia: // music over a conversation is never put up with
		s.again(i, false, s.now.Add(unheardWait(a.Send)))
	default:
		s.strike(a.Ref)
		s.refused(a, Replied{Verdict: Unheard})
	}
}

// storageWait is how long a change of our own rows waits after it has come to nothing.
// It is tried without limit, so more and more rarely: each try takes rows of history.
func storageWait(claims int) time.Duration {
	return min(time.Second<<min(claims-1, 10), 15*time.Minute)
}

// throttleWait is how long a throttled request waits: as long as ACS asks, longer
// each time, and at most a minute. Its lane waits with it, and in a call a day
// would be for ever.
func throttleWait(asked time.Duration, send int) time.Duration {
	return min(max(asked, time.Second<<min(send-1, 10)), time.Minute)
}

// yield takes the actions behind the one with this index, in its lane, from
// their owner. It has not sent them, because it sends one after another; and
// with this one still to be done it must not.
func (s *step) yield(i int) {
	for j := i + 1; j < len(s.Pending); j++ {
		if s.Pending[j].Verb.Lane() == s.Pending[i].Verb.Lane() {
			s.Pending[j] = s.Pending[j].unclaim()
		}
	}
}

// again makes the action with this index a new send, after a refusal or after silence.
func (s *step) again(i int, refused bool, notBefore time.Time) {
	s.yield(i)
	s.Pending[i] = s.Pending[i].resend(refused, notBefore)
	s.Wait.follow(s.Pending[i].Ref)
	if s.Pending[i].Verb == StartRecord {
		if j := s.recording(s.Pending[i].Op, ""); j >= 0 {
			s.Recordings[j].Send = s.Pending[i].Send
		}
	}
}
