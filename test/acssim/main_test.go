package acssim

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// callbackTypes are all types of the service's callbacks.
//
// Source: definitions of the events, communicationservicescallautomation.json,
// stable/2026-03-12; the parser of @azure/communication-call-automation 1.6.0.
var callbackTypes = []string{
	"AddParticipantFailed", "AddParticipantSucceeded", "AnswerFailed", "CallConnected", "CallDisconnected",
	"CallTransferAccepted", "CallTransferFailed", "CancelAddParticipantFailed", "CancelAddParticipantSucceeded",
	"ConnectFailed", "ContinuousDtmfRecognitionStopped", "ContinuousDtmfRecognitionToneFailed",
	"ContinuousDtmfRecognitionToneReceived", "CreateCallFailed", "HoldFailed", "MediaStreamingFailed",
	"MediaStreamingStarted", "MediaStreamingStopped", "MoveParticipantFailed", "MoveParticipantSucceeded",
	"ParticipantsUpdated", "PlayCanceled", "PlayCompleted", "PlayFailed", "PlayStarted", "RecognizeCanceled",
	"RecognizeCompleted", "RecognizeFailed", "RecordingStateChanged", "RemoveParticipantFailed",
	"RemoveParticipantSucceeded", "SendDtmfTonesCompleted", "SendDtmfTonesFailed", "StartRecordingFailed",
	"TranscriptionFailed", "TranscriptionStarted", "TranscriptionStopped", "TranscriptionUpdated",
}

// TestMain fails a run of all tests in which a type of callback was never checked
// against the schema. It also fails if goroutines are left.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	part := false
	flag.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "test.run", "test.skip", "test.list", "test.bench", "test.fuzz":
			part = part || f.Value.String() != ""
		}
	})
	if code == 0 && !part {
		for _, kind := range callbackTypes {
			if _, seen := emitted.Load(kind); !seen {
				fmt.Fprintf(os.Stderr, "no test has seen a %s\n", kind)
				code = 1
			}
		}
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
