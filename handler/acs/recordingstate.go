package acs

import (
	"context"
	"net/http"
)

// GetRecordingPropertiesOptions has no fields yet.
type GetRecordingPropertiesOptions struct{}

// GetRecordingPropertiesResponse is the recording as it stands.
type GetRecordingPropertiesResponse struct{ RecordingProperties }

// GetRecordingProperties looks at a recording. One that has ended is ErrGone.
// The client repeats it.
//
// Source: CallRecording_GetRecordingProperties, GET /calling/recordings/{recordingId}.
func (c *Client) GetRecordingProperties(
	ctx context.Context, recordingID string, _ *GetRecordingPropertiesOptions,
) (GetRecordingPropertiesResponse, error) {
	var resp GetRecordingPropertiesResponse
	err := c.send(ctx, operation{
		name:   "GetRecordingProperties",
		method: http.MethodGet,
		path:   recordings + "/{}",
		ids:    []string{recordingID},
		ok:     []int{http.StatusOK},
	}, &resp)
	return resp, err
}

// StopRecordingOptions has no fields yet.
type StopRecordingOptions struct{}

// StopRecordingResponse is empty.
type StopRecordingResponse struct{}

// StopRecording ends a recording; its file is announced through Event Grid some
// minutes later. RecordingStateChanged (inactive) follows. The client repeats it;
// a recording that has ended is ErrGone.
//
// Source: CallRecording_StopRecording, DELETE /calling/recordings/{recordingId}.
func (c *Client) StopRecording(
	ctx context.Context, recordingID string, _ *StopRecordingOptions,
) (StopRecordingResponse, error) {
	return StopRecordingResponse{}, c.send(ctx, operation{
		name:   "StopRecording",
		method: http.MethodDelete,
		path:   recordings + "/{}",
		ids:    []string{recordingID},
		ok:     []int{http.StatusNoContent},
	}, nil)
}

// PauseRecordingOptions has no fields yet.
type PauseRecordingOptions struct{}

// PauseRecordingResponse is empty.
type PauseRecordingResponse struct{}

// PauseRecording leaves out what follows, until ResumeRecording.
// RecordingStateChanged (inactive) follows. The client does not repeat it,
// because a repeat that is late could undo a resumption.
//
// Source: CallRecording_PauseRecording, POST /calling/recordings/{recordingId}:pause.
func (c *Client) PauseRecording(
	ctx context.Context, recordingID string, _ *PauseRecordingOptions,
) (PauseRecordingResponse, error) {
	return PauseRecordingResponse{}, c.post(ctx, "PauseRecording", recordings+"/{}:pause", recordingID,
		http.StatusAccepted, nil)
}

// ResumeRecordingOptions has no fields yet.
type ResumeRecordingOptions struct{}

// ResumeRecordingResponse is empty.
type ResumeRecordingResponse struct{}

// ResumeRecording goes on with a paused recording, in the same file.
// RecordingStateChanged (active) follows. The client does not repeat it, because
// a repeat that is late could undo a pause.
//
// Source: CallRecording_ResumeRecording, POST /calling/recordings/{recordingId}:resume.
func (c *Client) ResumeRecording(
	ctx context.Context, recordingID string, _ *ResumeRecordingOptions,
) (ResumeRecordingResponse, error) {
	return ResumeRecordingResponse{}, c.post(ctx, "ResumeRecording", recordings+"/{}:resume", recordingID,
		http.StatusAccepted, nil)
}
