package acssim

import (
	"cmp"
	"net/http"
)

func (r *recording) properties() map[string]string {
	return map[string]string{"recordingId": r.id, "recordingState": r.shown(), "recordingKind": recordingKind}
}

func (s *Server) startRecording(q *request) (reply, error) {
	var body struct {
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
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if (body.CallLocator == nil) == (body.CallConnectionID == "") {
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "want one of callLocator and callConnectionId")
	}
	if body.RecordingStateCallbackURI != "" {
		if err := checkCallback("RecordingStateCallbackUri", body.RecordingStateCallbackURI); err != nil {
			return reply{}, err
		}
	}
	connectionID := body.CallConnectionID
	if body.CallLocator != nil {
		if err := body.CallLocator.check(); err != nil {
			return reply{}, err
		}
		if body.CallLocator.RoomID != "" {
			return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "a recording cannot be started by a roomId")
		}
		if c := s.locate(body.CallLocator); c != nil {
			connectionID = c.connectionID
		}
	}
	format := recordingFormat{
		content: cmp.Or(body.RecordingContentType, "audioVideo"), channel: cmp.Or(body.RecordingChannelType, "mixed"),
		format: cmp.Or(body.RecordingFormatType, "mp4"), storage: body.ExternalStorage,
	}
	if err := format.assign(body.AudioChannelParticipantOrdering, body.ChannelAffinity); err != nil {
		return reply{}, err
	}
	c, err := s.established(connectionID)
	if err != nil {
		return reply{}, err
	}
	q.id = c.connectionID
	switch {
	case !format.known():
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "the recording's content, channel or format is none of those there are")
	case !body.ExternalStorage.valid():
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "the field externalStorage is invalid")
	case body.RecordingChannelType == "unmixed" && body.RecordingFormatType != "" && body.RecordingFormatType != "wav":
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "unmixed audio is recorded as wav")
	case c.teams && (body.RecordingContentType != "audio" || body.RecordingFormatType != "wav"):
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "a Teams Phone call is recorded as audio in wav")
	}
	for _, r := range c.recordings {
		if r.state != recordingEnded {
			return reply{}, refuse(http.StatusBadRequest, codeRecordingRuns, "a recording of the call runs already")
		}
	}
	later := body.CallConnectionID != ""
	r := c.record(body.RecordingStateCallbackURI, format, body.PauseOnStart, later)
	switch {
	case !later:
		return reply{http.StatusOK, r.properties()}, nil
	case s.RecordingNoContent:
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
