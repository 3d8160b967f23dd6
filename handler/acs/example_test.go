package acs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"switchboard/handler/acs"
)

func ExampleNewClient() {
	cred, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		panic(err)
	}
	client, err := acs.NewClient("https://contoso.unitedstates.communication.azure.com", cred, nil)
	if err != nil {
		panic(err)
	}
	_ = client
}

var client *acs.Client

// A Teams Phone call is placed from a resource account's number.
func ExampleClient_CreateCall() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	call, err := client.CreateCall(ctx,
		[]acs.Identifier{acs.PhoneNumber("+14255550123")},
		"https://app.contoso.example/callbacks",
		&acs.CreateCallOptions{
			TeamsAppSource:   acs.TeamsApp("28ab0f1c-6a5e-4b0e-9d53-07cd4de7f7b2"),
			OperationContext: "order-8812",
		})
	if e, ok := errors.AsType[*acs.Error](err); ok {
		switch {
		case errors.Is(err, acs.ErrThrottled):
			fmt.Println("not now, try again in", e.RetryAfter)
		case e.Refused():
			fmt.Println("no:", err)
		default:
			fmt.Println("it may be ringing, wait for the events:", err)
		}
		return
	}
	fmt.Println("ringing", call.CallConnectionID)
}

// An offer is answered with a pair of the caller's, so that another process can repeat it.
func ExampleClient_AnswerCall() {
	pair := acs.Repeatability{RequestID: "7cbd1a45-4d1e-4e1a-9d4c-0f6c0c3f4a11", FirstSent: time.Now()}
	call, err := client.AnswerCall(context.Background(), "eyJhbGciOi…", "https://app.contoso.example/callbacks",
		&acs.AnswerCallOptions{Repeatability: pair})
	if err != nil {
		panic(err)
	}
	fmt.Println("answered", call.CallConnectionID)
}

// A menu: a prompt, then one key.
func ExampleClient_Recognize() {
	_, err := client.Recognize(context.Background(), "421f0b00-d97f-49ad-a6ff-3f8c05dc64d7",
		acs.PhoneNumber("+14255550123"), acs.InputDTMF, &acs.RecognizeOptions{
			PlayPrompts:       []acs.PlaySource{acs.PlayText("Press 1 for sales.", "en-US")},
			InterruptPrompt:   new(true),
			MaxTonesToCollect: new(int32(1)),
		})
	if errors.Is(err, acs.ErrIncompatibleMedia) {
		fmt.Println("something else is being played")
	}
}

func ExampleClient_NewGetParticipantsPager() {
	pager := client.NewGetParticipantsPager("421f0b00-d97f-49ad-a6ff-3f8c05dc64d7", nil)
	for pager.More() {
		page, err := pager.NextPage(context.Background())
		if err != nil {
			panic(err)
		}
		for _, p := range page.Value {
			fmt.Println(p.Identifier, p.IsMuted)
		}
	}
}

func ExampleClient_StartRecording() {
	recording, err := client.StartRecording(context.Background(),
		acs.RecordingTarget{CallConnectionID: "421f0b00-d97f-49ad-a6ff-3f8c05dc64d7"},
		&acs.StartRecordingOptions{
			Content: acs.ContentAudio, Channel: acs.ChannelUnmixed, Format: acs.FormatWAV,
			RecordingStateCallbackURI: "https://app.contoso.example/recordings",
		})
	if err != nil && !errors.Is(err, acs.ErrConflict) {
		panic(err)
	}
	fmt.Println(recording.RecordingID)
}

// A specialist is added while the caller hears music; their client shows the topic.
func ExampleClient_AddParticipant() {
	added, err := client.AddParticipant(context.Background(), "421f0b00-d97f-49ad-a6ff-3f8c05dc64d7",
		acs.TeamsExtensionUser("45ab2481-…", "92e44f95-…", "b8b0cd37-…"),
		&acs.AddParticipantOptions{
			TeamsPhone:                 true,
			InvitationTimeoutInSeconds: new(int32(30)),
			CustomCallingContext: &acs.CustomCallingContext{
				VoIPHeaders: map[string]string{"customer": "4471"},
				TeamsPhoneCallDetails: &acs.TeamsPhoneCallDetails{
					CallTopic: "Order 8812",
					Caller:    &acs.TeamsPhoneCallerDetails{Caller: acs.PhoneNumber("+14255550123"), Name: "Robin", PhoneNumber: "+14255550123"},
				},
			},
		})
	if errors.Is(err, acs.ErrInvalidRequest) {
		fmt.Println("never sent:", err)
		return
	}
	fmt.Println("ringing, to be withdrawn by", added.InvitationID)
}

// A call of two is transferred to a telephone; the application leaves it then.
func ExampleClient_TransferToParticipant() {
	_, err := client.TransferToParticipant(context.Background(), "421f0b00-d97f-49ad-a6ff-3f8c05dc64d7",
		acs.PhoneNumber("+14255550187"), &acs.TransferToParticipantOptions{OperationContext: "order-8812"})
	if e, ok := errors.AsType[*acs.Error](err); ok && !e.Refused() {
		fmt.Println("it may be ringing, wait for CallTransferAccepted or CallTransferFailed")
	}
}

// The audio of a call is sent to a WebSocket and received from it.
func ExampleMediaStreamingOptions() {
	_, err := client.AnswerCall(context.Background(), "eyJhbGciOi…", "https://app.contoso.example/callbacks",
		&acs.AnswerCallOptions{MediaStreamingOptions: &acs.MediaStreamingOptions{
			AudioChannelType: acs.AudioMixed, TransportURL: "wss://media.contoso.example/audio",
			StartMediaStreaming: new(true), EnableBidirectional: new(true), AudioFormat: acs.AudioFormatPCM24KMono,
		}})
	if err != nil {
		panic(err)
	}
}

// A message of the WebSocket is read.
func ExampleParseFrame() {
	frame, err := acs.ParseFrame([]byte(`{"kind":"AudioData","audioData":{"data":"AAECAw==","participantRawID":"4:+14255550123","silent":false}}`))
	if err != nil {
		panic(err)
	}
	switch frame.Kind {
	case acs.FrameAudioData:
		fmt.Println(len(frame.AudioData.Data), "bytes from", frame.AudioData.Participant)
	case acs.FrameTranscriptionData:
		fmt.Println(frame.TranscriptionData.Text)
	}
	// Output: 4 bytes from 4:•••
}

// The file of a recording is downloaded from the address in an Event Grid event.
func ExampleClient_DownloadRecording() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	const location = "https://us-storage.asm.skype.com/v1/objects/0-wus-d4/content/audio"
	recording, err := client.DownloadRecording(ctx, location, nil)
	if errors.Is(err, acs.ErrGone) {
		fmt.Println("deleted, after 24 h")
		return
	}
	if err != nil {
		panic(err)
	}
	defer recording.Body.Close()
	file, err := os.Create("recording.wav")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if _, err := io.Copy(file, recording.Body); err != nil {
		panic(err)
	}
}

func ExamplePhoneNumber() {
	fmt.Println(acs.PhoneNumber("+12065550100").RawID())
	// Output: 4:+12065550100
}

func ExampleParseRawID() {
	line := acs.ParseRawID("28:orgid:28ab0f1c-6a5e-4b0e-9d53-07cd4de7f7b2")
	fmt.Println(line.Kind, line.ID, line.Cloud)
	fmt.Println(acs.ParseRawID("4:+14255550123"))
	// Output:
	// microsoftTeamsApp 28ab0f1c-6a5e-4b0e-9d53-07cd4de7f7b2 public
	// 4:•••
}
