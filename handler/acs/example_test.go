package acs_test

import (
	"context"
	"errors"
	"fmt"
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

func ExampleParseRawID() {
	line := acs.ParseRawID("28:orgid:28ab0f1c-6a5e-4b0e-9d53-07cd4de7f7b2")
	fmt.Println(line.Kind, line.ID, line.Cloud)
	fmt.Println(acs.ParseRawID("4:+14255550123"))
	// Output:
	// microsoftTeamsApp 28ab0f1c-6a5e-4b0e-9d53-07cd4de7f7b2 public
	// 4:+1425•••0123
}
