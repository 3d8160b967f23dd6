package acs

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// AudioChannelType says whether a stream mixes all voices, or separates the
// loudest four.
type AudioChannelType string

// The audio channel types.
const (
	AudioMixed   AudioChannelType = "mixed"
	AudioUnmixed AudioChannelType = "unmixed"
)

// AudioFormat is how streamed audio is encoded: 16 bit PCM, one channel.
type AudioFormat string

// The audio formats, by their sampling rate.
const (
	AudioFormatPCM16KMono AudioFormat = "pcm16KMono" // the service's default
	AudioFormatPCM24KMono AudioFormat = "pcm24KMono"
)

// transport is the only way in which the service streams.
const transport = "websocket"

// MediaStreamingOptions make the service send a call's audio to a WebSocket, and
// receive audio from it. [ParseFrame] reads the messages.
type MediaStreamingOptions struct {
	AudioChannelType AudioChannelType // required

	// TransportURL is the WebSocket that the service connects to, wss.
	TransportURL string

	// ContentType is the content that is streamed: "audio", which is also the default.
	ContentType string

	// StartMediaStreaming starts at once when the call is connected, instead of
	// with StartMediaStreaming; nil is the service's default, no.
	StartMediaStreaming *bool

	// EnableBidirectional allows the WebSocket to send audio into the call; nil is
	// the service's default, no.
	EnableBidirectional *bool

	AudioFormat AudioFormat // empty: the service's default

	// EnableDTMFTones streams pressed keys as well; nil is the
	// service's default, no.
	EnableDTMFTones *bool
}

// MarshalJSON adds the transport type, which the service requires.
func (o MediaStreamingOptions) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		TransportType       string           `json:"transportType"`
		AudioChannelType    AudioChannelType `json:"audioChannelType"`
		TransportURL        string           `json:"transportUrl,omitempty"`
		ContentType         string           `json:"contentType,omitempty"`
		StartMediaStreaming *bool            `json:"startMediaStreaming,omitempty"`
		EnableBidirectional *bool            `json:"enableBidirectional,omitempty"`
		AudioFormat         AudioFormat      `json:"audioFormat,omitempty"`
		EnableDTMFTones     *bool            `json:"enableDtmfTones,omitempty"`
	}{
		transport, o.AudioChannelType, o.TransportURL, o.ContentType, o.StartMediaStreaming, o.EnableBidirectional,
		o.AudioFormat, o.EnableDTMFTones,
	})
}

func (o *MediaStreamingOptions) check() error {
	if o == nil {
		return nil
	}
	return cmp.Or(
		refuse(o.AudioChannelType == "", "MediaStreamingOptions lack an AudioChannelType"),
		checkTransport("MediaStreamingOptions", o.TransportURL),
	)
}

// checkTransport refuses an address that is not a WebSocket URL; it accepts an empty one.
func checkTransport(name, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	return refuse(err != nil || u.Host == "" || u.Scheme != "wss" && u.Scheme != "ws",
		name+" have a TransportURL that is not an absolute wss URL")
}

// StartMediaStreamingOptions are the optional parts of a start; nil means none.
type StartMediaStreamingOptions struct {
	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// StartMediaStreamingResponse is empty.
type StartMediaStreamingResponse struct{}

// StartMediaStreaming starts the stream that the call was opened with
// (MediaStreamingOptions). MediaStreamingStarted or MediaStreamingFailed follows.
// The client does not repeat the request.
//
// Source: CallMedia_StartMediaStreaming,
// POST /calling/callConnections/{callConnectionId}:startMediaStreaming.
func (c *Client) StartMediaStreaming(
	ctx context.Context, callConnectionID string, options *StartMediaStreamingOptions,
) (StartMediaStreamingResponse, error) {
	return StartMediaStreamingResponse{}, c.post(ctx, "StartMediaStreaming", connections+"/{}:startMediaStreaming",
		callConnectionID, http.StatusAccepted, operationModel(orDefault(options)))
}

// StopMediaStreamingOptions are the optional parts of a stop; nil means none.
type StopMediaStreamingOptions struct {
	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// StopMediaStreamingResponse is empty.
type StopMediaStreamingResponse struct{}

// StopMediaStreaming stops the stream. MediaStreamingStopped or
// MediaStreamingFailed follows. The client does not repeat the request.
//
// Source: CallMedia_StopMediaStreaming,
// POST /calling/callConnections/{callConnectionId}:stopMediaStreaming.
func (c *Client) StopMediaStreaming(
	ctx context.Context, callConnectionID string, options *StopMediaStreamingOptions,
) (StopMediaStreamingResponse, error) {
	return StopMediaStreamingResponse{}, c.post(ctx, "StopMediaStreaming", connections+"/{}:stopMediaStreaming",
		callConnectionID, http.StatusAccepted, operationModel(orDefault(options)))
}
