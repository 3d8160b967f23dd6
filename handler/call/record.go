package call

import (
	"slices"

	"switchboard/handler/flow"
)

// record asks for a recording of the call.
func (s *step) record(n *flow.Record) {
	channels := n.Channels
	if channels == "" {
		channels = "mixed"
	}
	ref := s.do(Action{Verb: StartRecord, Channels: channels})
	s.Recordings = append(s.Recordings, Recording{
		Op: ref.Op, Send: ref.Send, Channels: channels, State: RecordingWanted,
	})
	s.deadline(byRecording, s.Limits.RecordingStart)
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
func (s *step) recordingChanged(b RecordingChanged) {
	i := s.recording(b.Op, b.RecordingID)
	if i < 0 {
		return
	}
	if b.RecordingID != "" {
		s.Recordings[i].ID = b.RecordingID
	}
	switch {
	case b.Active && s.Recordings[i].State != RecordingFinished:
		s.recordingRuns(i)
	case !b.Active && s.Recordings[i].State == RecordingStarted:
		s.Recordings[i].State = RecordingFinished
	}
}

// recordingRuns proves the request for the recording.
func (s *step) recordingRuns(i int) {
	s.Recordings[i].State = RecordingStarted
	if s.State == StateEnded {
		s.Recordings[i].State = RecordingFinished
	}
	s.Pending = slices.DeleteFunc(s.Pending, func(a Action) bool {
		return a.Verb == StartRecord && a.Op == s.Recordings[i].Op
	})
	if !s.wanted() {
		s.met(byRecording)
	}
}

// recordingFailed takes in that a recording did not start.
func (s *step) recordingFailed(b RecordingFailed) {
	if i := s.recording(b.Op, b.RecordingID); i >= 0 && s.Recordings[i].State == RecordingWanted {
		s.Recordings[i].State = RecordingNone
		if !s.wanted() {
			s.met(byRecording)
		}
	}
}

// wanted reports whether a recording was asked for of which nothing was heard.
func (s *step) wanted() bool {
	return slices.ContainsFunc(s.Recordings, func(r Recording) bool { return r.State == RecordingWanted })
}

// recordingOverdue asks once more for recordings of which nothing was heard: a
// refusal as a duplicate will prove that they run.
func (s *step) recordingOverdue() {
	if s.State != StateConnected {
		return
	}
	for i, r := range s.Recordings {
		if r.State != RecordingWanted {
			continue
		}
		if j := slices.IndexFunc(s.Pending, func(a Action) bool { return a.Op == r.Op }); j >= 0 {
			s.deadline(byRecording, s.Limits.RecordingStart) // it was not sent yet, or is being sent
			continue
		}
		if r.Again {
			s.Recordings[i].State = RecordingNone
			continue
		}
		s.Recordings[i].Again, s.Recordings[i].Send = true, r.Send+1
		s.Pending = append(s.Pending, Action{
			Ref: Ref{Op: r.Op, Send: r.Send + 1}, Verb: StartRecord, Channels: r.Channels, Unsure: true,
		})
		s.deadline(byRecording, s.Limits.RecordingStart)
	}
}
