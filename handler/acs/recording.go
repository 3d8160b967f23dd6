package acs

import (
	"cmp"
	"context"
	"errors"
	"net/http"
)

const recordings = "/calling/recordings"

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

	// The formats depend on content and channels: WAV is audio, mixed or unmixed;
	// MP3 is mixed audio; MP4 is mixed audio and video.
	FormatWAV RecordingFormat = "wav"
	FormatMP3 RecordingFormat = "mp3"
	FormatMP4 RecordingFormat = "mp4"

	StorageService RecordingStorageKind = "azureCommunicationServices"
	StorageBlob    RecordingStorageKind = "azureBlobStorage"

	RecordingActive   RecordingState = "active"
	RecordingInactive RecordingState = "inactive"
)

type (
	// RecordingContent says whether audio alone or video as well is recorded.
	RecordingContent string
	// RecordingChannel says whether all share one audio channel, or up to five have one each.
	RecordingChannel string
	// RecordingFormat is the kind of file.
	RecordingFormat string
	// RecordingStorageKind says where the files are stored.
	RecordingStorageKind string
	// RecordingState says whether a recording is running.
	RecordingState string
)

// maxChannel is the last of the five channels of an unmixed recording.
const maxChannel = 4

// ChannelAffinity assigns a participant to an audio channel, 0 to 4, of an unmixed recording.
type ChannelAffinity struct {
	Channel     *int32     `json:"channel,omitempty"`
	Participant Identifier `json:"participant"`
}

// StartRecordingOptions are the optional parts of a recording; nil means none.
type StartRecordingOptions struct {
	Repeatability Repeatability

	// TeamsPhone says that the call is a Teams Phone call: then it must be named
	// by its connection, and Content and Format must be ContentAudio and FormatWAV.
	TeamsPhone bool

	// RecordingStateCallbackURI receives RecordingStateChanged and StartRecordingFailed.
	RecordingStateCallbackURI string

	Content RecordingContent // empty: the service's default
	Channel RecordingChannel // empty: the service's default
	Format  RecordingFormat  // empty: the service's default

	// AudioChannelParticipantOrdering is the order of the participants in the
	// channels of an unmixed recording.
	AudioChannelParticipantOrdering []Identifier
	// ChannelAffinity assigns participants to channels of an unmixed recording.
	ChannelAffinity []ChannelAffinity

	// PauseOnStart starts the recording paused.
	PauseOnStart *bool

	// StorageKind says where the files are stored; empty: in the service, or in
	// the container if ContainerURL is given.
	StorageKind RecordingStorageKind

	// ContainerURL is the Azure Blob Storage container, and perhaps a path in it,
	// to which the service exports the files. It keeps its own copy for 24 h as well.
	ContainerURL string
}

// RecordingProperties is a recording as the service sees it.
type RecordingProperties struct {
	RecordingID string         `json:"recordingId"`
	State       RecordingState `json:"recordingState"`
	Kind        string         `json:"recordingKind"` // azureCommunicationServices, teams, teamsCompliance
}

// StartRecordingResponse is the recording. It is empty if the service answers
// without a body, as it may for a Teams Phone call: then the RecordingStateChanged
// event has the id.
type StartRecordingResponse struct{ RecordingProperties }

// StartRecording starts recording an established call. If the target is a
// connection, the recording starts after the return; RecordingStateChanged
// (active) or StartRecordingFailed follows.
//
// The request has a Repeatability pair; the client repeats it with the same pair. ErrConflict
// (8553, 8559) means that a recording is running.
//
// Source: CallRecording_StartRecording, POST /calling/recordings.
func (c *Client) StartRecording(
	ctx context.Context, target RecordingTarget, options *StartRecordingOptions,
) (StartRecordingResponse, error) {
	const name = "StartRecording"
	var resp StartRecordingResponse
	o := orDefault(options)
	if err := cmp.Or(target.check(), o.check(target)); err != nil {
		return resp, invalid(name, err.Error())
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   recordings,
		pair:   &o.Repeatability,
		ok:     []int{http.StatusOK, http.StatusAccepted, http.StatusNoContent},
		body: struct {
			CallConnectionID                string                `json:"callConnectionId,omitempty"`
			CallLocator                     *CallLocator          `json:"callLocator,omitempty"`
			RecordingStateCallbackURI       string                `json:"recordingStateCallbackUri,omitempty"`
			RecordingContentType            RecordingContent      `json:"recordingContentType,omitempty"`
			RecordingChannelType            RecordingChannel      `json:"recordingChannelType,omitempty"`
			RecordingFormatType             RecordingFormat       `json:"recordingFormatType,omitempty"`
			AudioChannelParticipantOrdering []Identifier          `json:"audioChannelParticipantOrdering,omitzero"`
			ChannelAffinity                 []ChannelAffinity     `json:"channelAffinity,omitzero"`
			PauseOnStart                    *bool                 `json:"pauseOnStart,omitempty"`
			ExternalStorage                 *externalStorageModel `json:"externalStorage,omitempty"`
		}{
			target.CallConnectionID, target.CallLocator, o.RecordingStateCallbackURI, o.Content, o.Channel,
			o.Format, o.AudioChannelParticipantOrdering, o.ChannelAffinity, o.PauseOnStart, o.storage(),
		},
	}, &resp)
	return resp, err
}

func (t RecordingTarget) check() error {
	if (t.CallConnectionID == "") == (t.CallLocator == nil) {
		return errors.New("needs a connection id or a call locator, and not both")
	}
	if t.CallLocator == nil {
		return nil
	}
	return cmp.Or(
		t.CallLocator.check(),
		refuse(t.CallLocator.Kind == RoomCallLocator, "a RoomCallLocator cannot name the call to record: use the server call id"),
	)
}

// check refuses options that the service does not support.
//
// Source: "Call recording", and the capabilities of Teams Phone extensibility,
// Azure Communication Services documentation.
func (o StartRecordingOptions) check(target RecordingTarget) error {
	for _, a := range o.ChannelAffinity {
		if err := cmp.Or(
			refuse(a.Participant.IsZero(), "a channel's participant is empty"),
			checkRange("a channel", a.Channel, 0, maxChannel),
		); err != nil {
			return err
		}
	}
	unmixed, video := o.Channel == ChannelUnmixed, o.Content == ContentAudioVideo
	return cmp.Or(
		refuse(o.TeamsPhone && target.CallConnectionID == "", "a Teams Phone call is recorded by its connection, not by a locator"),
		refuse(o.TeamsPhone && (o.Content != ContentAudio || o.Format != FormatWAV),
			"a Teams Phone call is recorded as audio in WAV: Content and Format have to say so"),
		refuse(unmixed && (video || o.Format != "" && o.Format != FormatWAV), "unmixed audio is recorded as audio in WAV"),
		refuse(o.StorageKind == StorageBlob && o.ContainerURL == "", "StorageBlob needs a ContainerURL"),
		refuse(o.StorageKind == StorageService && o.ContainerURL != "", "a ContainerURL is for StorageBlob"),
		checkNoneEmpty("participant", o.AudioChannelParticipantOrdering),
		checkOptional("recording state callback URI", o.RecordingStateCallbackURI),
	)
}

// externalStorageModel is the wire's RecordingStorage.
type externalStorageModel struct {
	RecordingStorageKind             RecordingStorageKind `json:"recordingStorageKind"`
	RecordingDestinationContainerURL string               `json:"recordingDestinationContainerUrl,omitempty"`
}

func (o StartRecordingOptions) storage() *externalStorageModel {
	switch {
	case o.StorageKind != "":
		return &externalStorageModel{o.StorageKind, o.ContainerURL}
	case o.ContainerURL != "":
		return &externalStorageModel{StorageBlob, o.ContainerURL}
	}
	return nil
}
