package acs

import (
	"context"
	"net/http"
)

const recordings = "/calling/recordings"

// CallLocatorKind is by which of its ids a call is found.
type CallLocatorKind string

// The kinds of call locators.
const (
	ServerCallLocator CallLocatorKind = "serverCallLocator"
	GroupCallLocator  CallLocatorKind = "groupCallLocator"
	RoomCallLocator   CallLocatorKind = "roomCallLocator" // not for recordings
)

// CallLocator finds a call that the application may not be in.
type CallLocator struct {
	Kind CallLocatorKind
	ID   string
}

// RecordingTarget is the call to record: exactly one of its fields. A Teams
// Phone call is named by its connection.
type RecordingTarget struct {
	CallConnectionID string
	CallLocator      *CallLocator
}

// The values of StartRecordingOptions, RecordingState and the like.
const (
	ContentAudio      RecordingContent = "audio"
	ContentAudioVideo RecordingContent = "audioVideo"

	ChannelMixed   RecordingChannel = "mixed"
	ChannelUnmixed RecordingChannel = "unmixed"

	FormatWAV RecordingFormat = "wav"
	FormatMP3 RecordingFormat = "mp3"
	FormatMP4 RecordingFormat = "mp4"

	RecordingActive   RecordingState = "active"
	RecordingInactive RecordingState = "inactive"
)

type (
	// RecordingContent is what is recorded.
	RecordingContent string
	// RecordingChannel is whether all are in one audio channel or up to five in one each.
	RecordingChannel string
	// RecordingFormat is the kind of file.
	RecordingFormat string
	// RecordingState is whether a recording is running.
	RecordingState string
)

// ChannelAffinity gives a participant an audio channel, 0 to 4, of an unmixed recording.
type ChannelAffinity struct {
	Channel     *int32     `json:"channel,omitempty"`
	Participant Identifier `json:"participant"`
}

// StartRecordingOptions are the optional parts of a recording; nil means none.
// A Teams Phone call is recorded as audio, in WAV.
type StartRecordingOptions struct {
	Repeatability Repeatability

	// RecordingStateCallbackURI is where RecordingStateChanged and StartRecordingFailed go.
	RecordingStateCallbackURI string

	Content RecordingContent // empty: the service's default
	Channel RecordingChannel // empty: the service's default
	Format  RecordingFormat  // empty: the service's default

	// Of an unmixed recording: who comes first, or who is in which channel.
	AudioChannelParticipantOrdering []Identifier
	ChannelAffinity                 []ChannelAffinity

	// PauseOnStart starts the recording paused.
	PauseOnStart *bool

	// ContainerURL is the Azure Blob Storage container, and perhaps a path in it,
	// to which the service exports the files; empty: they stay in the service for 24 h.
	ContainerURL string
}

// RecordingProperties is a recording as the service sees it.
type RecordingProperties struct {
	RecordingID string         `json:"recordingId"`
	State       RecordingState `json:"recordingState"`
	Kind        string         `json:"recordingKind"` // azureCommunicationServices, teams, teamsCompliance
}

// StartRecordingResponse is the recording. All of it is empty where the service
// answers without a body, as it may for a Teams Phone call: then the id comes
// with the RecordingStateChanged event.
type StartRecordingResponse struct{ RecordingProperties }

// StartRecording starts recording an established call. A call that is named by
// its connection is recorded later than the return; RecordingStateChanged
// (active) or StartRecordingFailed says when.
//
// It takes a Repeatability pair, with which the client repeats it. ErrConflict
// (8553, 8559) means that a recording runs.
//
// Source: CallRecording_StartRecording, POST /calling/recordings.
func (c *Client) StartRecording(
	ctx context.Context, target RecordingTarget, options *StartRecordingOptions,
) (StartRecordingResponse, error) {
	const name = "StartRecording"
	var resp StartRecordingResponse
	o := orDefault(options)
	if (target.CallConnectionID == "") == (target.CallLocator == nil) {
		return resp, invalid(name, "needs a connection id or a call locator, and not both")
	}
	if l := target.CallLocator; l != nil && l.ID == "" {
		return resp, invalid(name, "the call locator has no id")
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   recordings,
		pair:   &o.Repeatability,
		ok:     []int{http.StatusOK, http.StatusAccepted, http.StatusNoContent},
		body: struct {
			CallConnectionID                string                `json:"callConnectionId,omitempty"`
			CallLocator                     *locatorModel         `json:"callLocator,omitempty"`
			RecordingStateCallbackURI       string                `json:"recordingStateCallbackUri,omitempty"`
			RecordingContentType            RecordingContent      `json:"recordingContentType,omitempty"`
			RecordingChannelType            RecordingChannel      `json:"recordingChannelType,omitempty"`
			RecordingFormatType             RecordingFormat       `json:"recordingFormatType,omitempty"`
			AudioChannelParticipantOrdering []Identifier          `json:"audioChannelParticipantOrdering,omitempty"`
			ChannelAffinity                 []ChannelAffinity     `json:"channelAffinity,omitempty"`
			PauseOnStart                    *bool                 `json:"pauseOnStart,omitempty"`
			ExternalStorage                 *externalStorageModel `json:"externalStorage,omitempty"`
		}{
			target.CallConnectionID, target.CallLocator.model(), o.RecordingStateCallbackURI, o.Content, o.Channel,
			o.Format, o.AudioChannelParticipantOrdering, o.ChannelAffinity, o.PauseOnStart, o.storage(),
		},
	}, &resp)
	return resp, err
}

// StopRecordingOptions has no fields yet.
type StopRecordingOptions struct{}

// StopRecordingResponse is empty.
type StopRecordingResponse struct{}

// StopRecording ends a recording; its file is announced through Event Grid some
// minutes later. The client repeats it; a recording that has ended is ErrGone.
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

// locatorModel is a CallLocator on the wire.
type locatorModel struct {
	Kind         CallLocatorKind `json:"kind"`
	ServerCallID string          `json:"serverCallId,omitempty"`
	GroupCallID  string          `json:"groupCallId,omitempty"`
	RoomID       string          `json:"roomId,omitempty"`
}

func (l *CallLocator) model() *locatorModel {
	if l == nil {
		return nil
	}
	m := &locatorModel{Kind: l.Kind}
	switch l.Kind {
	case GroupCallLocator:
		m.GroupCallID = l.ID
	case RoomCallLocator:
		m.RoomID = l.ID
	default:
		m.ServerCallID = l.ID
	}
	return m
}

// externalStorageModel is the wire's RecordingStorage.
type externalStorageModel struct {
	RecordingStorageKind             string `json:"recordingStorageKind"`
	RecordingDestinationContainerURL string `json:"recordingDestinationContainerUrl"`
}

func (o StartRecordingOptions) storage() *externalStorageModel {
	if o.ContainerURL == "" {
		return nil
	}
	return &externalStorageModel{"azureBlobStorage", o.ContainerURL}
}
