package call

import (
	"slices"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// record asks for a recording of the call.
func (s *step) record(n *flow.Record) {
	channels := n.Channels
	if channels == "" {
		channels = "mixed"
	}
	ref := s.addAction(outbox.Action{Verb: outbox.VerbStartRecording, Channels: channels})
	s.Recordings = append(s.Recordings, Recording{
		Op: ref.Op, Send: ref.Send, Channels: channels, State: RecordingWanted,
	})
	s.setDeadline(byRecording, s.Limits.RecordingStart)
}

// recording returns the index of the recording that the event is about: by our
// operation, else by ACS's id, else the one of which nothing was heard yet.
func (s *step) recording(op int, id string) int {
	for _, match := range []func(Recording) bool{
		func(r Recording) bool { return op != 0 && r.Op == op },
		func(r Recording) bool { return id != "" && r.ID == id },
		func(r Recording) bool { return op == 0 && r.State == RecordingWanted },
	} {
		if i := slices.IndexFunc(s.Recordings, match); i >= 0 {
			return i
		}
	}
	return -1
}

// recordingChanged takes in that a recording runs, or has stopped.
func (s *step) recordingStateChanged(b RecordingStateChanged) {
	i := s.recording(b.Op, b.RecordingID)
	if i < 0 {
		return
	}
	s.setRecordingID(i, b.RecordingID)
	switch {
	case b.Active && (s.Recordings[i].State == RecordingWanted || s.Recordings[i].State == RecordingFailed):
		s.recordingStarted(i)
	case !b.Active && s.Recordings[i].State == RecordingStarted:
		s.Recordings[i].State = RecordingFinished
	}
}

// learnRecording takes in by which id ACS knows a recording, and owes to tell the
// recording's row whose it is.
func (s *step) setRecordingID(i int, id string) {
	if id == "" || s.Recordings[i].ID == id {
		return
	}
	s.Recordings[i].ID = id
	s.addAction(outbox.Action{Verb: outbox.VerbLink, Recording: s.Recordings[i].Op})
}

// paid takes in what came of a recording: its files, or the word that there are none.
// ACS may tell of another file later; what is known of more files counts.
func (s *step) recordingDone(op int, id string, state RecordingState, files int, reason string) {
	i := s.recording(op, id)
	if i < 0 || files < s.Recordings[i].Files || files == s.Recordings[i].Files && s.Recordings[i].State == RecordingFiled {
		return
	}
	s.Recordings[i].State, s.Recordings[i].Files, s.Recordings[i].Reason = state, files, reason
	if s.Recordings[i].ID == "" {
		s.Recordings[i].ID = id
	}
	s.Pending = slices.DeleteFunc(s.Pending, func(a outbox.Action) bool {
		return a.Op == s.Recordings[i].Op || a.Verb == outbox.VerbLink && a.Recording == s.Recordings[i].Op
	})
	s.clearRecordingDeadlines()
}

// owedNoMore clears the waits for recordings that nothing is waited for any more.
func (s *step) clearRecordingDeadlines() {
	if !s.awaitsRecordingStart() {
		s.clearDeadline(byRecording)
	}
	if !slices.ContainsFunc(s.Recordings, Recording.outstanding) {
		s.clearDeadline(byFile)
	}
}

// fileOverdue gives up the recordings whose files have not come: ACS has deleted
// them by now.
func (s *step) filesTimeout() {
	for i, r := range s.Recordings {
		if r.outstanding() {
			s.Recordings[i].State = RecordingLost
			s.Recordings[i].Reason = "no file came in time"
			if r.ID == "" {
				s.Recordings[i].Reason = "no file came in time, and ACS never told its id"
			}
		}
	}
}

// recordingRuns proves the request for the recording.
func (s *step) recordingStarted(i int) {
	s.Recordings[i].State = RecordingStarted
	if s.State == StateEnded {
		s.Recordings[i].State = RecordingFinished
		s.setDeadline(byFile, s.Limits.Recording)
	}
	s.Pending = slices.DeleteFunc(s.Pending, func(a outbox.Action) bool {
		return a.Verb == outbox.VerbStartRecording && a.Op == s.Recordings[i].Op
	})
	if !s.awaitsRecordingStart() {
		s.clearDeadline(byRecording)
	}
}

// recordingReplied takes in what ACS answered, after the call's end or a callback,
// to a request for a recording. A refusal of an earlier send says nothing of the latest.
func (s *step) recordingReplied(i int, b Replied) {
	switch {
	case b.Verdict == VerdictOK:
		s.setRecordingID(i, b.RecordingID)
	case b.Verdict == VerdictRefused && s.e.Ref.Send == s.Recordings[i].Send:
		s.recordingRefused(i, b)
	}
}

// recordingFailed takes in that a recording did not start.
func (s *step) startRecordingFailed(b StartRecordingFailed) {
	if i := s.recording(b.Op, b.RecordingID); i >= 0 && s.Recordings[i].State == RecordingWanted {
		s.Recordings[i].State = RecordingFailed
		s.clearRecordingDeadlines()
	}
}

// wanted reports whether a recording was asked for of which nothing was heard.
func (s *step) awaitsRecordingStart() bool {
	return slices.ContainsFunc(s.Recordings, func(r Recording) bool { return r.State == RecordingWanted })
}

// recordingOverdue asks once more for recordings of which nothing was heard: a
// refusal as a duplicate will prove that they run.
func (s *step) recordingStartTimeout() {
	if s.State != StateConnected {
		return
	}
	for i, r := range s.Recordings {
		if r.State != RecordingWanted {
			continue
		}
		if j := slices.IndexFunc(s.Pending, func(a outbox.Action) bool { return a.Op == r.Op }); j >= 0 {
			s.setDeadline(byRecording, s.Limits.RecordingStart) // it was not sent yet, or is being sent
			continue
		}
		if r.Restarted {
			continue // it may run all the same: its file is owed
		}
		s.Recordings[i].Restarted, s.Recordings[i].Send = true, r.Send+1
		s.Pending = append(s.Pending, outbox.Action{
			Ref: outbox.Ref{Op: r.Op, Send: r.Send + 1}, Verb: outbox.VerbStartRecording, Channels: r.Channels, MaybeSent: true,
		})
		s.setDeadline(byRecording, s.Limits.RecordingStart)
	}
}
