package acs

import (
	"context"
	"net/http"
)

// GetRecordingPropertiesOptions has no fields yet.
type GetRecordingPropertiesOptions struct{}

// GetRecordingPropertiesResponse holds the state of the recording.
type GetRecordingPropertiesResponse struct{ RecordingProperties }

// GetRecordingProperties returns the state of a recording. If it has ended, the
// error is ErrGone. The client repeats the request.
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

// StopRecording ends a recording. RecordingStateChanged (inactive) follows, and
// some minutes later an Event Grid event with its file. The client repeats the
// request; if the recording has ended, the error is ErrGone.
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

// PauseRecording pauses a recording until ResumeRecording. RecordingStateChanged
// (inactive) follows. The client does not repeat the request, because a late repeat
// could undo a resumption.
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

// ResumeRecording continues a paused recording, in the same file.
// RecordingStateChanged (active) follows. The client does not repeat the request,
// because a late repeat could undo a pause.
//
// Source: CallRecording_ResumeRecording, POST /calling/recordings/{recordingId}:resume.
func (c *Client) ResumeRecording(
	ctx context.Context, recordingID string, _ *ResumeRecordingOptions,
) (ResumeRecordingResponse, error) {
	return ResumeRecordingResponse{}, c.post(ctx, "ResumeRecording", recordings+"/{}:resume", recordingID,
		http.StatusAccepted, nil)
}
