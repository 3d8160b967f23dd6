package contract

import (
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/acs/events"
	"switchboard/test/acssim"
)

var operations = []string{
	"CreateCall", "AnswerCall", "RedirectCall", "RejectCall", "Connect", "GetCall", "HangupCall", "TerminateCall",
	"TransferToParticipant", "GetParticipants", "AddParticipant", "RemoveParticipant", "Mute", "CancelAddParticipant",
	"MoveParticipants", "GetParticipant", "Play", "StartTranscription", "StopTranscription", "UpdateTranscription",
	"CancelAllMediaOperations", "Recognize", "StartContinuousDtmfRecognition", "StopContinuousDtmfRecognition",
	"SendDtmfTones", "Hold", "Unhold", "StartMediaStreaming", "StopMediaStreaming", "StartRecording",
	"GetRecordingProperties", "StopRecording", "PauseRecording", "ResumeRecording",
}

var hello = acs.PlayText("Hello.", "en-US")

// The simulator accepts the client's 34 operations, and the parser parses all events
// that follow.
func TestClientOperations(t *testing.T) {
	run(t, &acssim.Server{}, func(t *testing.T, x *fixture) {
		x.refuseOffers()
		id := x.answered("wait prompt; press 1; wait 10s; press 2")
		x.useMedia(id)
		x.record(id)
		x.addAndRemove(id)
		x.move(id)
		x.transfer()
		x.connect()
		x.stream()
		if x.frames < 100 {
			t.Errorf("%d frames, want 100 at least", x.frames)
		}
		for _, op := range operations {
			if !x.saw(op) {
				t.Errorf("the simulator did not carry out %s, want all operations", op)
			}
		}
	})
}

// hangUp ends a call.
func (x *fixture) hangUp(id string) {
	_, err := x.client.TerminateCall(x.t.Context(), id, nil)
	x.must(err)
	x.wait(time.Second)
}

// refuseOffers refuses an offer, and redirects another.
func (x *fixture) refuseOffers() {
	ctx, c := x.t.Context(), x.client
	_, err := c.RejectCall(ctx, x.offered(""), nil)
	x.must(err)
	_, err = c.RedirectCall(ctx, x.offered("wait answer; hang up after 5s"), agent, nil)
	x.must(err)
}

// useMedia uses all media operations in the call, in which keys are pressed after a prompt and 10 s later.
func (x *fixture) useMedia(id string) {
	ctx, c := x.t.Context(), x.client
	properties, err := c.GetCall(ctx, id, nil)
	x.must(err)
	if properties.State != acs.StateConnected {
		x.t.Errorf("state = %s", properties.State)
	}
	_, err = c.Play(ctx, id, []acs.PlaySource{hello}, &acs.PlayOptions{OperationContext: "p"})
	x.must(err)
	x.wait(5 * time.Second)
	_, err = c.Recognize(ctx, id, caller, acs.InputDTMF, &acs.RecognizeOptions{PlayPrompt: &hello, MaxTonesToCollect: new(int32(1))})
	x.must(err)
	x.wait(5 * time.Second)
	_, err = c.StartContinuousDTMFRecognition(ctx, id, caller, nil)
	x.must(err)
	x.wait(15 * time.Second)
	_, err = c.StopContinuousDTMFRecognition(ctx, id, caller, nil)
	x.must(err)
	_, err = c.SendDTMFTones(ctx, id, caller, []acs.Tone{acs.Tone0}, nil)
	x.must(err)
	x.wait(time.Second)
	_, err = c.Recognize(ctx, id, caller, acs.InputDTMF, nil)
	x.must(err)
	_, err = c.CancelAllMediaOperations(ctx, id, nil)
	x.must(err)
	_, err = c.Play(ctx, id, []acs.PlaySource{hello}, &acs.PlayOptions{Loop: true})
	x.must(err)
	_, err = c.CancelAllMediaOperations(ctx, id, nil)
	x.must(err)
}

// record records the call, and fetches the recording.
func (x *fixture) record(id string) {
	ctx, c := x.t.Context(), x.client
	started, err := c.StartRecording(ctx, acs.RecordingTarget{CallConnectionID: id}, &acs.StartRecordingOptions{
		TeamsPhone: true, Content: acs.ContentAudio, Format: acs.FormatWAV, Channel: acs.ChannelMixed, RecordingStateCallbackURI: app + "/callbacks",
	})
	x.must(err)
	x.wait(2 * time.Second)
	recording := started.RecordingID
	_, err = c.PauseRecording(ctx, recording, nil)
	x.must(err)
	state, err := c.GetRecordingProperties(ctx, recording, nil)
	x.must(err)
	if state.State != acs.RecordingInactive {
		x.t.Errorf("recording = %s", state.State)
	}
	_, err = c.ResumeRecording(ctx, recording, nil)
	x.must(err)
	x.wait(time.Second)
	_, err = c.StopRecording(ctx, recording, nil)
	x.must(err)
	x.wait(5 * time.Second)
	x.fetch(x.files[0].RecordingStorageInfo.RecordingChunks[0])
}

// fetch downloads a file of a recording and its metadata, and deletes it.
func (x *fixture) fetch(chunk events.RecordingChunk) {
	ctx, c := x.t.Context(), x.client
	file, err := c.DownloadRecording(ctx, chunk.ContentLocation, nil)
	x.must(err)
	if err == nil {
		content, err := io.ReadAll(file.Body)
		file.Body.Close()
		if err != nil || string(content[:4]) != "RIFF" {
			x.t.Errorf("content of %d bytes, %v", len(content), err)
		}
	}
	metadata, err := c.GetRecordingMetadata(ctx, chunk.MetadataLocation, nil)
	x.must(err)
	if metadata.SampleRate != 16000 || len(metadata.PauseResumeIntervals) != 1 {
		x.t.Errorf("metadata = %+v", metadata)
	}
	_, err = c.DeleteRecording(ctx, chunk.DeleteLocation, nil)
	x.must(err)
}

// addAndRemove lets participants join the call and leave it.
func (x *fixture) addAndRemove(id string) {
	ctx, c := x.t.Context(), x.client
	_, err := c.AddParticipant(ctx, id, agent, nil)
	x.must(err)
	x.wait(5 * time.Second)
	x.must(x.sim.SetPhone(expert.RawID(), "no answer"))
	invitation, err := c.AddParticipant(ctx, id, expert, nil)
	x.must(err)
	_, err = c.RemoveParticipant(ctx, id, expert, nil) // who has not joined yet
	x.must(err)
	for range 2 {
		_, err = c.CancelAddParticipant(ctx, id, invitation.InvitationID, nil)
		x.must(err)
	}
	x.must(x.sim.SetPhone(expert.RawID(), "decline"))
	_, err = c.AddParticipant(ctx, id, expert, nil)
	x.must(err)
	x.wait(5 * time.Second)
	x.holdAndList(id)
	_, err = c.RemoveParticipant(ctx, id, agent, nil)
	x.must(err)
	_, err = c.TransferToParticipant(ctx, id, expert, &acs.TransferToParticipantOptions{Transferee: caller}) // who declines
	x.must(err)
	x.wait(5 * time.Second)
}

// holdAndList mutes the agent and puts them on hold, and lists the participants.
func (x *fixture) holdAndList(id string) {
	ctx, c := x.t.Context(), x.client
	_, err := c.Mute(ctx, id, agent, nil)
	x.must(err)
	_, err = c.Hold(ctx, id, agent, &acs.HoldOptions{PlaySource: &hello})
	x.must(err)
	_, err = c.Unhold(ctx, id, agent, nil)
	x.must(err)
	one, err := c.GetParticipant(ctx, id, agent, nil)
	x.must(err)
	if !one.IsMuted {
		x.t.Errorf("participant = %+v", one)
	}
	listed := 0
	for pager := c.NewGetParticipantsPager(id, nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			x.t.Fatal(err)
		}
		listed += len(page.Value)
	}
	if listed != 2 {
		x.t.Errorf("%d participants listed", listed)
	}
}

// move moves the callee of a second call into the call, and hangs up.
func (x *fixture) move(id string) {
	ctx, c := x.t.Context(), x.client
	second, err := c.CreateCall(ctx, []acs.Identifier{agent}, app+"/callbacks", &acs.CreateCallOptions{TeamsAppSource: lineID})
	x.must(err)
	x.wait(5 * time.Second)
	_, err = c.MoveParticipants(ctx, id, []acs.Identifier{agent, expert}, second.CallConnectionID, nil)
	x.must(err)
	x.wait(time.Second)
	_, err = c.HangupCall(ctx, id, nil)
	x.must(err)
	x.wait(time.Second)
}

// transfer transfers a call. Then a call is not answered, and a caller hangs up while the call is answered.
func (x *fixture) transfer() {
	ctx, c := x.t.Context(), x.client
	x.must(x.sim.SetPhone(expert.RawID(), "answer"))
	id := x.answered("")
	_, err := c.TransferToParticipant(ctx, id, expert, nil)
	x.must(err)
	x.wait(5 * time.Second)
	_, err = c.CreateCall(ctx, []acs.Identifier{acs.PhoneNumber("+12065550183")}, app+"/callbacks", &acs.CreateCallOptions{TeamsAppSource: lineID})
	x.must(err)
	x.wait(5 * time.Second)
	_, err = c.AnswerCall(ctx, x.offered("hang up after 1050ms"), app+"/callbacks", nil)
	x.must(err)
	x.wait(5 * time.Second)
}

// connect connects to an ongoing call, and to one that does not exist.
func (x *fixture) connect() {
	ctx, c := x.t.Context(), x.client
	_, err := x.sim.StartConversation(acssim.Conversation{GroupID: "g", People: []acssim.Person{{RawID: agent.RawID()}, {RawID: expert.RawID()}}})
	x.must(err)
	for _, locator := range []acs.CallLocator{{Kind: acs.GroupCallLocator, ID: "g"}, {Kind: acs.RoomCallLocator, ID: "nowhere"}} {
		connected, err := c.Connect(ctx, locator, app+"/callbacks", nil)
		x.must(err)
		x.wait(time.Second)
		if locator.ID == "g" {
			x.hangUp(connected.CallConnectionID)
		}
	}
}

// stream starts streams that succeed, and streams that fail.
func (x *fixture) stream() {
	ctx, c := x.t.Context(), x.client
	for _, at := range []string{"/stream", "/nowhere"} {
		created, err := c.CreateCall(ctx, []acs.Identifier{caller}, app+"/callbacks", &acs.CreateCallOptions{
			TeamsAppSource:          lineID,
			CallIntelligenceOptions: &acs.CallIntelligenceOptions{CognitiveServicesEndpoint: "https://speech.example"},
			MediaStreamingOptions:   &acs.MediaStreamingOptions{AudioChannelType: acs.AudioMixed, TransportURL: "wss://app.example" + at},
			TranscriptionOptions:    &acs.TranscriptionOptions{Locale: "en-US", TransportURL: "wss://app.example" + at},
		})
		x.must(err)
		x.wait(5 * time.Second)
		id := created.CallConnectionID
		_, err = c.StartMediaStreaming(ctx, id, nil)
		x.must(err)
		_, err = c.StartTranscription(ctx, id, nil)
		x.must(err)
		x.wait(2 * time.Second)
		if at == "/stream" {
			_, err = c.UpdateTranscription(ctx, id, "de-DE", nil)
			x.must(err)
			_, err = c.StopTranscription(ctx, id, nil)
			x.must(err)
			_, err = c.StopMediaStreaming(ctx, id, nil)
			x.must(err)
		}
		x.hangUp(id)
	}
}

// The parser parses the events that only a failing media service reports.
func TestMediaServiceFailures(t *testing.T) {
	run(t, &acssim.Server{Faults: &acssim.Faults{Media: 1}}, func(t *testing.T, x *fixture) {
		ctx, c := t.Context(), x.client
		id := x.answered("wait answer; wait 5s; press 1")
		_, err := c.Play(ctx, id, []acs.PlaySource{hello}, nil)
		x.must(err)
		_, err = c.SendDTMFTones(ctx, id, caller, []acs.Tone{acs.Tone0}, nil)
		x.must(err)
		_, err = c.Recognize(ctx, id, caller, acs.InputDTMF, nil)
		x.must(err)
		_, err = c.Hold(ctx, id, caller, nil)
		x.must(err)
		_, err = c.StartContinuousDTMFRecognition(ctx, id, caller, nil)
		x.must(err)
		x.wait(10 * time.Second)
		_, err = c.StartRecording(ctx, acs.RecordingTarget{CallConnectionID: id}, &acs.StartRecordingOptions{
			TeamsPhone: true, Content: acs.ContentAudio, Format: acs.FormatWAV, RecordingStateCallbackURI: app + "/callbacks",
		})
		x.must(err)
		_, err = c.TerminateCall(ctx, id, nil) // before the recording has begun
		x.must(err)
		x.wait(time.Second)
	})
}

// TestMain fails a run of all tests in which a type of callback was never parsed.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if f := flag.Lookup("test.run"); code == 0 && f.Value.String() == "" {
		n := 0
		kinds.Range(func(any, any) bool { n++; return true })
		if n != callbackTypes {
			fmt.Fprintf(os.Stderr, "%d types of callbacks were seen, want %d\n", n, callbackTypes)
			kinds.Range(func(kind, _ any) bool { fmt.Fprintln(os.Stderr, kind); return true })
			code = 1
		}
	}
	os.Exit(code)
}

// callbackTypes is the number of the service's types of callbacks.
const callbackTypes = 38
