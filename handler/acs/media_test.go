package acs

import (
	"context"
	"testing"
)

func TestOperationsOnMedia(t *testing.T) {
	const path = "/calling/callConnections/" + conn
	const op = "https://app.contoso.example/op"
	const common = `"operationContext":"c/1.1","operationCallbackUri":"` + op + `"`
	music := PlayFile("https://media.contoso.example/hold.wav")
	checkSent(t, []requestCase{
		{
			"keys pressed",
			func(ctx context.Context, c *Client) error {
				_, err := c.SendDTMFTones(ctx, conn, phone, []Tone{Tone1, TonePound, ToneAsterisk, ToneD}, &SendDTMFTonesOptions{
					Repeatability: pair, OperationContext: "c/1.1", OperationCallbackURI: op,
				})
				return err
			},
			202, "POST", path + ":sendDtmfTones", true,
			`{"targetParticipant":` + mediaPhone + `,"tones":["one","pound","asterisk","d"],` + common + `}`,
		},
		{
			"keys reported",
			func(ctx context.Context, c *Client) error {
				_, err := c.StartContinuousDTMFRecognition(ctx, conn, phone, &StartContinuousDTMFRecognitionOptions{"c/1.1", op})
				return err
			},
			200, "POST", path + ":startContinuousDtmfRecognition", false, `{"targetParticipant":` + mediaPhone + `,` + common + `}`,
		},
		{
			"keys no longer reported",
			func(ctx context.Context, c *Client) error {
				_, err := c.StopContinuousDTMFRecognition(ctx, conn, phone, nil)
				return err
			},
			200, "POST", path + ":stopContinuousDtmfRecognition", false, `{"targetParticipant":` + mediaPhone + `}`,
		},
		{
			"a participant put on hold with music",
			func(ctx context.Context, c *Client) error {
				_, err := c.Hold(ctx, conn, phone, &HoldOptions{&music, "c/1.1", op})
				return err
			},
			200, "POST", path + ":hold", false, `{"targetParticipant":` + mediaPhone + `,"playSourceInfo":{"kind":"file",
			"file":{"uri":"https://media.contoso.example/hold.wav"}},` + common + `}`,
		},
		{
			"a participant taken off hold",
			func(ctx context.Context, c *Client) error {
				_, err := c.Unhold(ctx, conn, phone, &UnholdOptions{"c/1.1", op})
				return err
			},
			200, "POST", path + ":unhold", false, `{"targetParticipant":` + mediaPhone + `,` + common + `}`,
		},
		{
			"a transcription started",
			func(ctx context.Context, c *Client) error {
				_, err := c.StartTranscription(ctx, conn, &StartTranscriptionOptions{"en-US", "a259c255", "c/1.1", op})
				return err
			},
			202, "POST", path + ":startTranscription", false, `{"locale":"en-US","speechModelEndpointId":"a259c255",` + common + `}`,
		},
		{
			"a transcription started as the call was opened",
			func(ctx context.Context, c *Client) error {
				_, err := c.StartTranscription(ctx, conn, nil)
				return err
			},
			202, "POST", path + ":startTranscription", false, `{}`,
		},
		{
			"a transcription in another language",
			func(ctx context.Context, c *Client) error {
				_, err := c.UpdateTranscription(ctx, conn, "fr-FR", &UpdateTranscriptionOptions{"a259c255", "c/1.1", op})
				return err
			},
			202, "POST", path + ":updateTranscription", false, `{"locale":"fr-FR","speechModelEndpointId":"a259c255",` + common + `}`,
		},
		{
			"a transcription stopped",
			func(ctx context.Context, c *Client) error {
				_, err := c.StopTranscription(ctx, conn, &StopTranscriptionOptions{"c/1.1", op})
				return err
			},
			202, "POST", path + ":stopTranscription", false, `{` + common + `}`,
		},
		{
			"a stream started",
			func(ctx context.Context, c *Client) error {
				_, err := c.StartMediaStreaming(ctx, conn, &StartMediaStreamingOptions{"c/1.1", op})
				return err
			},
			202, "POST", path + ":startMediaStreaming", false, `{` + common + `}`,
		},
		{
			"a stream stopped",
			func(ctx context.Context, c *Client) error {
				_, err := c.StopMediaStreaming(ctx, conn, nil)
				return err
			},
			202, "POST", path + ":stopMediaStreaming", false, `{}`,
		},
	})
}

func TestOperationsOnRecordings(t *testing.T) {
	const path = "/calling/recordings/eyJQbGF0Zm9ybSI6IjEifQ%3D%3D"
	checkSent(t, []requestCase{
		{
			"the properties of a recording",
			func(ctx context.Context, c *Client) error {
				_, err := c.GetRecordingProperties(ctx, recordingID, nil)
				return err
			},
			200, "GET", path, false, ``,
		},
		{
			"a pause",
			func(ctx context.Context, c *Client) error {
				_, err := c.PauseRecording(ctx, recordingID, nil)
				return err
			},
			202, "POST", path + ":pause", false, ``,
		},
		{
			"a resumption",
			func(ctx context.Context, c *Client) error {
				_, err := c.ResumeRecording(ctx, recordingID, nil)
				return err
			},
			202, "POST", path + ":resume", false, ``,
		},
		{
			"a recording of a Teams Phone call",
			func(ctx context.Context, c *Client) error {
				_, err := c.StartRecording(ctx, RecordingTarget{CallConnectionID: conn}, &StartRecordingOptions{
					TeamsPhone: true, Content: ContentAudio, Format: FormatWAV, Channel: ChannelUnmixed, StorageKind: StorageService,
				})
				return err
			},
			204, "POST", "/calling/recordings", true,
			`{"callConnectionId":"` + conn + `","recordingContentType":"audio","recordingFormatType":"wav","recordingChannelType":"unmixed",
			"externalStorage":{"recordingStorageKind":"azureCommunicationServices"}}`,
		},
	})
}
