package acssim

import (
	"cmp"
	"net/http"
	"slices"
)

func (r *recording) properties() map[string]string {
	return map[string]string{"recordingId": r.id, "recordingState": r.shown(), "recordingKind": recordingKind}
}

// recordingRequest is the body of StartRecording.
type recordingRequest struct {
	CallLocator                     *callLocator      `json:"callLocator"`
	CallConnectionID                string            `json:"callConnectionId"`
	RecordingStateCallbackURI       string            `json:"recordingStateCallbackUri"`
	RecordingContentType            string            `json:"recordingContentType"`
	RecordingChannelType            string            `json:"recordingChannelType"`
	RecordingFormatType             string            `json:"recordingFormatType"`
	AudioChannelParticipantOrdering []identifier      `json:"audioChannelParticipantOrdering"`
	ChannelAffinity                 []channelAffinity `json:"channelAffinity"`
	PauseOnStart                    bool              `json:"pauseOnStart"`
	ExternalStorage                 *externalStorage  `json:"externalStorage"`
}

// check refuses a request that does not name a call and a callback properly.
func (b recordingRequest) check() error {
	if (b.CallLocator == nil) == (b.CallConnectionID == "") {
		return refuse(http.StatusBadRequest, codeInvalidArgument, "want one of callLocator and callConnectionId")
	}
	if b.RecordingStateCallbackURI != "" {
		if err := checkCallback("RecordingStateCallbackUri", b.RecordingStateCallbackURI); err != nil {
			return err
		}
	}
	if b.CallLocator == nil {
		return nil
	}
	if err := b.CallLocator.check(); err != nil {
		return err
	}
	if b.CallLocator.RoomID != "" {
		return refuse(http.StatusBadRequest, codeInvalidArgument, "a recording cannot be started by a roomId")
	}
	return nil
}

// format returns the format that is asked for, with the service's defaults.
func (b recordingRequest) format() (recordingFormat, error) {
	f := recordingFormat{
		content: cmp.Or(b.RecordingContentType, "audioVideo"), channel: cmp.Or(b.RecordingChannelType, "mixed"),
		format: cmp.Or(b.RecordingFormatType, "mp4"), storage: b.ExternalStorage,
	}
	return f, f.assign(b.AudioChannelParticipantOrdering, b.ChannelAffinity)
}

// checkFormat refuses a format that the service does not write, or not of this call.
func (b recordingRequest) checkFormat(f recordingFormat, c *call) error {
	switch {
	case !f.known():
		return refuse(http.StatusBadRequest, codeInvalidArgument, "the recording's content, channel or format is none of those there are")
	case !b.ExternalStorage.valid():
		return refuse(http.StatusBadRequest, codeInvalidArgument, "the field externalStorage is invalid")
	case b.RecordingChannelType == "unmixed" && b.RecordingFormatType != "" && b.RecordingFormatType != "wav":
		return refuse(http.StatusBadRequest, codeInvalidArgument, "unmixed audio is recorded as wav")
	case c.teams && (b.RecordingContentType != "audio" || b.RecordingFormatType != "wav"):
		return refuse(http.StatusBadRequest, codeInvalidArgument, "a Teams Phone call is recorded as audio in wav")
	}
	return nil
}

// callToRecord returns the established call that a recording is asked for.
func (s *Server) callToRecord(b recordingRequest) (*call, error) {
	connectionID := b.CallConnectionID
	if b.CallLocator != nil {
		if c := s.locate(b.CallLocator); c != nil {
			connectionID = c.connectionID
		}
	}
	return s.established(connectionID)
}

func (s *Server) startRecording(q *request) (reply, error) {
	var body recordingRequest
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if err := body.check(); err != nil {
		return reply{}, err
	}
	format, err := body.format()
	if err != nil {
		return reply{}, err
	}
	c, err := s.callToRecord(body)
	if err != nil {
		return reply{}, err
	}
	q.id = c.connectionID
	if err := body.checkFormat(format, c); err != nil {
		return reply{}, err
	}
	if slices.ContainsFunc(c.recordings, (*recording).ongoing) {
		return reply{}, refuse(http.StatusBadRequest, codeRecordingRuns, "a recording of the call runs already")
	}
	r := c.newRecording(body.RecordingStateCallbackURI, format)
	r.paused = body.PauseOnStart
	if body.CallLocator != nil {
		r.begin()
		return reply{http.StatusOK, r.properties()}, nil
	}
	r.beginLater()
	if s.RecordingNoContent {
		return reply{status: http.StatusNoContent}, nil
	}
	return reply{http.StatusAccepted, r.properties()}, nil
}

// recordingOf returns the recording that a request names, if it has not ended.
func (s *Server) recordingOf(q *request) (*recording, error) {
	if r := s.recordings[q.id]; r != nil {
		return r, nil
	}
	return nil, refuse(http.StatusNotFound, codeNotFound, "there is no such recording")
}

func (s *Server) getRecording(q *request) (reply, error) {
	r, err := s.recordingOf(q)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusOK, r.properties()}, nil
}

func (s *Server) stopRecording(q *request) (reply, error) {
	r, err := s.recordingOf(q)
	if err != nil {
		return reply{}, err
	}
	r.end()
	return reply{status: http.StatusNoContent}, nil
}

func (s *Server) pauseRecording(q *request) (reply, error) {
	return s.moveRecording(q, recordingActive, recordingInactive)
}

func (s *Server) resumeRecording(q *request) (reply, error) {
	return s.moveRecording(q, recordingInactive, recordingActive)
}

// moveRecording changes the state of a recording. A request for its current state
// changes nothing.
func (s *Server) moveRecording(q *request, from, to recordingState) (reply, error) {
	r, err := s.recordingOf(q)
	if err != nil {
		return reply{}, err
	}
	switch r.state {
	case from:
		r.change(to)
	case recordingStarting:
		return reply{}, refuse(http.StatusBadRequest, codeWrongState, "the recording has not begun")
	}
	return reply{status: http.StatusAccepted}, nil
}
