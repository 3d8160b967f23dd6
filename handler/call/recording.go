package call

import (
	"slices"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// Recording is a recording that the flow has asked for.
type Recording struct {
	Op        int            `json:"op"`           // operation that starts it
	Send      int            `json:"send"`         // latest send of that operation
	ID        string         `json:"id,omitempty"` // ACS's id; ACS may never report it
	Channels  string         `json:"channels"`     // "mixed" or "unmixed"
	State     RecordingState `json:"state"`
	Restarted bool           `json:"restarted,omitempty"` // whether it was asked for a second time
	Files     int            `json:"files,omitempty"`     // number of files when it was filed or lost
	Reason    string         `json:"reason,omitempty"`    // why it was lost
}

// outstanding reports whether the recording may still get a file: it is not filed, lost or failed.
func (r Recording) outstanding() bool {
	switch r.State {
	case RecordingWanted, RecordingStarted, RecordingFinished:
		return true
	default:
		return false
	}
}

// RecordingState is the stage of a recording's life, as far as its call is concerned. A recording is
// outstanding until it is filed, lost or failed.
type RecordingState string

// The states of a recording within its call.
const (
	RecordingWanted   RecordingState = "wanted"
	RecordingStarted  RecordingState = "started"
	RecordingFinished RecordingState = "finished"
	RecordingFiled    RecordingState = "filed"  // its files are in the archive
	RecordingLost     RecordingState = "lost"   // not all of its files will come; Reason says why
	RecordingFailed   RecordingState = "failed" // it did not start
)

// record starts a recording of the call.
func (s *step) record(n *flow.Record) {
	channels := n.Channels
	if channels == "" {
		channels = "mixed"
	}
	ref := s.addAction(outbox.Action{Verb: outbox.VerbStartRecording, Channels: channels})
	s.Recordings = append(s.Recordings, Recording{
		Op: ref.Op, Send: ref.Send, Channels: channels, State: RecordingWanted,
	})
	s.setDeadline(DeadlineRecording, s.Limits.RecordingStart)
}

// recording returns the index of the recording with this operation, else of that with this id of ACS, else,
// if the operation is not known, of the first that has not started. -1: there is none.
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

// recordingStateChanged records that a recording runs, or has stopped.
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

// setRecordingID records ACS's id of a recording, and adds the action that links the recording's row to the
// call.
func (s *step) setRecordingID(i int, id string) {
	if id == "" || s.Recordings[i].ID == id {
		return
	}
	s.Recordings[i].ID = id
	s.addAction(outbox.Action{Verb: outbox.VerbLink, Recording: s.Recordings[i].Op})
}

// recordingDone records that a recording is filed or lost. ACS may report another file later: the event with
// the larger number of files counts, and of two with the same number a filed recording stays filed.
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

// clearRecordingDeadlines clears the deadlines that no recording needs any more.
func (s *step) clearRecordingDeadlines() {
	if !s.awaitsRecordingStart() {
		s.clearDeadline(DeadlineRecording)
	}
	if !slices.ContainsFunc(s.Recordings, Recording.outstanding) {
		s.clearDeadline(DeadlineFile)
	}
}

// filesTimeout marks the recordings lost whose files have not come: ACS has deleted them by now.
func (s *step) filesTimeout() {
	for i, r := range s.Recordings {
		if r.outstanding() {
			s.Recordings[i].State = RecordingLost
			s.Recordings[i].Reason = "no file came in time"
			if r.ID == "" {
				s.Recordings[i].Reason = "no file came in time, and ACS never reported its id"
			}
		}
	}
}

// recordingStarted records that a recording runs, and removes the action that starts it.
func (s *step) recordingStarted(i int) {
	s.Recordings[i].State = RecordingStarted
	if s.State == StateEnded {
		s.Recordings[i].State = RecordingFinished
		s.setDeadline(DeadlineFile, s.Limits.Recording)
	}
	s.Pending = slices.DeleteFunc(s.Pending, func(a outbox.Action) bool {
		return a.Verb == outbox.VerbStartRecording && a.Op == s.Recordings[i].Op
	})
	if !s.awaitsRecordingStart() {
		s.clearDeadline(DeadlineRecording)
	}
}

// startRecordingAccepted records that ACS accepted the request to start a recording.
func (s *step) startRecordingAccepted(a outbox.Action, id string) {
	if i := s.recording(a.Op, ""); i >= 0 {
		s.Recordings[i].Send = a.Send
		s.setRecordingID(i, id)
	}
}

// startRecordingResent records that the start of a recording is sent again.
func (s *step) startRecordingResent(r outbox.Ref) {
	if i := s.recording(r.Op, ""); i >= 0 {
		s.Recordings[i].Send = r.Send
	}
}

// startRecordingRefused handles a start that ACS refused, or that got no response on its last send.
func (s *step) startRecordingRefused(a outbox.Action, f failure) {
	if i := s.recording(a.Op, ""); i >= 0 {
		s.recordingRefused(i, f)
	}
	s.checkIfGone(f)
}

// recordingRefused records that ACS refused to start a recording: it runs already, or it has failed.
func (s *step) recordingRefused(i int, f failure) {
	switch {
	case s.Recordings[i].State != RecordingWanted:
	case f.recordingRuns():
		s.recordingStarted(i)
	case f.duplicate(): // it may have started: wait for the callback
	default:
		s.Recordings[i].State = RecordingFailed
		s.clearRecordingDeadlines()
	}
}

// startRecordingRepliedLate handles a late reply to the start of a recording: one that came after the
// callback or after the call's end. A refusal counts only if it is the reply to the latest send.
func (s *step) startRecordingRepliedLate(i int, b Replied) {
	switch {
	case b.Verdict == VerdictOK:
		s.setRecordingID(i, b.RecordingID)
	case b.Verdict == VerdictRefused && s.e.Ref.Send == s.Recordings[i].Send:
		s.recordingRefused(i, failure{code: b.Code, status: b.Status})
	}
}

// recordingLinked records what was known of a recording's files when its row was linked to the call.
func (s *step) recordingLinked(a outbox.Action, b Replied) {
	if b.Recording == RecordingFiled || b.Recording == RecordingLost { // its files came before the link
		s.recordingDone(a.Recording, "", b.Recording, b.Files, b.Reason)
	}
}

// startRecordingFailed records that a recording did not start.
func (s *step) startRecordingFailed(b StartRecordingFailed) {
	if i := s.recording(b.Op, b.RecordingID); i >= 0 && s.Recordings[i].State == RecordingWanted {
		s.Recordings[i].State = RecordingFailed
		s.clearRecordingDeadlines()
	}
}

// awaitsRecordingStart reports whether a recording was asked for and has not started yet.
func (s *step) awaitsRecordingStart() bool {
	return slices.ContainsFunc(s.Recordings, func(r Recording) bool { return r.State == RecordingWanted })
}

// recordingStartTimeout asks a second time for recordings that have not started. If ACS refuses that as a
// duplicate, they run.
func (s *step) recordingStartTimeout() {
	if s.State != StateConnected {
		return
	}
	for i, r := range s.Recordings {
		if r.State != RecordingWanted {
			continue
		}
		if j := slices.IndexFunc(s.Pending, func(a outbox.Action) bool { return a.Op == r.Op }); j >= 0 {
			s.setDeadline(DeadlineRecording, s.Limits.RecordingStart) // it is not sent yet, or is being sent
			continue
		}
		if r.Restarted {
			continue // it may run all the same, so it stays outstanding
		}
		s.Recordings[i].Restarted, s.Recordings[i].Send = true, r.Send+1
		s.Pending = append(s.Pending, outbox.Action{
			Ref: outbox.Ref{Op: r.Op, Send: r.Send + 1}, Verb: outbox.VerbStartRecording, Channels: r.Channels, MaybeSent: true,
		})
		s.setDeadline(DeadlineRecording, s.Limits.RecordingStart)
	}
}
