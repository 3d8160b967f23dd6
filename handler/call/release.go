package call

// release hangs up for everybody; the call ends when ACS says that it is over.
// Whatever else was still owed is dropped.
func (s *step) release(as Outcome) {
	if s.Ending == "" {
		s.Ending = as
	}
	s.Wait = Wait{}
	s.Pending = nil
	for _, d := range []Deadline{byPrompt, byInvite, byRecording, byLook} {
		s.met(d)
	}
	s.do(Action{Verb: HangUp})
	s.deadline(byHangup, s.Limits.Hangup)
}

// callerLeft ends a call whose caller has left it while others are still in it.
func (s *step) callerLeft() {
	s.release(s.outcomeNow())
}

// tooLong ends a call that has reached its longest time.
func (s *step) tooLong() {
	switch s.State {
	case StateConnected:
		s.release(s.outcomeNow())
	case StateRinging:
		s.end(Missed)
	}
}

// maxHistory is how many rows of history a call may have: more than any
// conversation makes, and few enough to be read and replayed.
const maxHistory = 9900

// full ends a call at its last row of history. Nothing is waited for any more,
// because waiting takes rows too.
func (s *step) full() {
	if s.Seq+1 < maxHistory || s.State == StateEnded {
		return
	}
	as := Missed
	if s.State == StateConnected {
		as = s.outcomeNow()
	}
	s.end(as)
	s.hangUpLate()
}

// buried takes the place of a call that was listed and never written, so that
// whoever was about to write it finds that it is over.
func (s *step) buried() {
	if s.State == "" {
		s.Schema = Schema
		s.end(Cancelled)
	}
}

// hangupOverdue looks whether a call that was hung up is over.
func (s *step) hangupOverdue() {
	if s.State != StateConnected {
		return
	}
	for _, a := range s.Pending {
		if a.Verb == HangUp { // not heard of yet: its owner is at it, or the next one will be
			s.Deadlines[byHangup] = later(a.Until, s.now.Add(s.Limits.Hangup))
			return
		}
	}
	if !s.owes(Look) {
		s.do(Action{Verb: Look})
	}
	s.deadline(byHangup, s.Limits.Hangup+s.Limits.own(Look))
}

// hangUpLate hangs up a connection that came to be after we gave the call up.
func (s *step) hangUpLate() {
	if s.ConnectionID != "" && !s.owes(HangUp) {
		s.do(Action{Verb: HangUp})
	}
}

// disconnected ends the call. One that was not seen connected waits a little for
// the event that says more.
func (s *step) disconnected() {
	switch s.State {
	case StateConnected:
		s.Result = s.e.Result
		s.end(s.outcomeNow())
	case StateRinging:
		if s.goneEarly() {
			return
		}
		s.Result = s.e.Result
		s.met(byAnswer)
		s.met(byConnect)
		s.strikeVerb(Answer)
		s.deadline(byGone, goneWait)
	case StateEnded:
		s.Pending = nil // a late hang-up has nothing left to do
	}
}

// goneEarly reports that the call's end was heard before its connection.
func (s *step) goneEarly() bool {
	_, ok := s.Deadlines[byGone]
	return ok
}

// stayedGone ends a call of whose end nothing more was heard.
func (s *step) stayedGone() {
	if s.State == StateRinging {
		s.end(s.lost())
	}
}

// outcomeNow is the outcome of a connected call that ends at this moment.
func (s *step) outcomeNow() Outcome {
	switch {
	case s.Ending != "":
		return s.Ending
	case len(s.Agents) > 0:
		return Completed
	default:
		return Abandoned
	}
}

// end is the one way to StateEnded.
func (s *step) end(as Outcome) {
	s.State, s.Outcome, s.EndedAt = StateEnded, as, s.now
	s.Wait, s.Pending, s.Deadlines, s.Context = Wait{}, nil, nil, ""
	for i, r := range s.Recordings {
		switch r.State {
		case RecordingStarted:
			s.Recordings[i].State = RecordingFinished
		case RecordingWanted:
			s.Recordings[i].State = RecordingNone
		}
	}
}
