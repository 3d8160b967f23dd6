package acssim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
)

// receiveStream keeps the frames of a WebSocket until it ends.
func (a *application) receiveStream(w http.ResponseWriter, r *http.Request) {
	if err := a.verify(r.Header.Get("Authorization")); err != nil || r.Header.Get("x-ms-call-connection-id") == "" {
		a.fault("a WebSocket without token or call: %v", err)
	}
	connection, err := websocket.Accept(w, r, nil)
	if err != nil {
		a.fault("WebSocket: %v", err)
		return
	}
	defer connection.CloseNow()
	for {
		_, content, err := connection.Read(r.Context())
		if err != nil {
			return
		}
		var frame streamFrame
		if err := json.Unmarshal(content, &frame); err != nil {
			a.fault("frame: %v", err)
		}
		a.mu.Lock()
		first := len(a.frames) == 0
		a.frames = append(a.frames, frame)
		a.mu.Unlock()
		if first && a.onStream != nil {
			a.onStream(connection)
		}
	}
}

func (a *application) streamed(kind string) (frames []streamFrame) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.frames {
		if f.Kind == kind {
			frames = append(frames, f)
		}
	}
	return frames
}

const streamOptions = `,"mediaStreamingOptions":{"transportType":"websocket","transportUrl":"ws://127.0.0.1:7071/stream",
	"audioChannelType":%q,"contentType":"audio","startMediaStreaming":%t,"enableBidirectional":true,"audioFormat":"pcm16KMono","enableDtmfTones":true},
	"transcriptionOptions":{"transportType":"websocket","transportUrl":%q,"locale":"en-US","startTranscription":%t,"enableIntermediateResults":true}`

// createStreamed calls the caller with streams and returns the path of the call.
func (a *application) createStreamed(channel, words string, start bool) string {
	return a.pathOf(a.must(http.StatusCreated, "POST", "/calling/callConnections", fmt.Sprintf(
		`{"targets":[{"rawId":%q}],"callbackUri":%q,"teamsAppSource":{"appId":"cc123456"}`+streamOptions+`}`,
		caller, a.self+"/callbacks", channel, start, words, start)))
}

const streamURL = "ws://127.0.0.1:7071/stream"

func TestStreamOfWords(t *testing.T) {
	t.Run("the words of a call", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			if err := app.sim.SetPhone(caller, `answer; wait 1s; say "my bill is wrong"`); err != nil {
				t.Fatal(err)
			}
			path := app.createStreamed("mixed", streamURL, false)
			app.wait(500 * time.Millisecond)
			app.must(202, "POST", path+":startTranscription", `{"locale":"en-GB","operationContext":"words"}`)
			app.wait(5 * time.Second)
			app.must(202, "POST", path+":updateTranscription", `{"locale":"de-DE","operationContext":"german"}`)
			if state := app.must(200, "GET", path, ""); !strings.Contains(string(state.body), `"state":"active"`) {
				t.Errorf("call = %s, want an active stream", state.body)
			}
			wantCode(t, "started twice", app.send("POST", path+":startTranscription", `{}`), "409/8519")
			app.must(202, "POST", path+":stopTranscription", `{"operationContext":"enough"}`)
			app.wait(10 * time.Second)
			wantCode(t, "stopped twice", app.send("POST", path+":stopTranscription", `{}`), "400/8585")
			want := []string{"TranscriptionStarted words", "TranscriptionUpdated german", "TranscriptionStopped enough"}
			if d := cmp.Diff(want, app.received()[2:]); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
			var heard []string
			for _, f := range app.streamed("TranscriptionData") {
				heard = append(heard, f.TranscriptionData.ResultStatus+" "+f.TranscriptionData.Text)
			}
			if d := cmp.Diff([]string{"Intermediate my bill", "Final my bill is wrong"}, heard); d != "" {
				t.Errorf("words (-want +got):\n%s", d)
			}
			if m := app.streamed("TranscriptionMetadata"); len(m) != 2 || m[0].TranscriptionMetadata.Locale != "en-GB" || m[1].TranscriptionMetadata.Locale != "de-DE" {
				t.Errorf("metadata = %+v, want those of en-GB and de-DE", m)
			}
		})
	})
}

func TestStreamOfSound(t *testing.T) {
	t.Run("the sound of a call", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			if err := app.sim.SetPhone(caller, "answer; wait 1s; talk 1s; press 5"); err != nil {
				t.Fatal(err)
			}
			app.onStream = func(c *websocket.Conn) {
				_ = c.Write(t.Context(), websocket.MessageText, []byte(`{"kind":"audioData","audioData":{"data":"AAAA"}}`))
				_ = c.Write(t.Context(), websocket.MessageText, []byte(`{"kind":"stopAudio","stopAudio":{}}`))
				_ = c.Write(t.Context(), websocket.MessageText, []byte(`{"kind":"dance"}`))
			}
			path := app.createStreamed("unmixed", streamURL, false)
			app.wait(500 * time.Millisecond)
			app.must(202, "POST", path+":startMediaStreaming", `{"operationContext":"sound"}`)
			app.wait(4 * time.Second)
			app.must(202, "POST", path+":stopMediaStreaming", `{}`)
			app.wait(10 * time.Second)
			if d := cmp.Diff([]string{"MediaStreamingStarted sound", "MediaStreamingStopped"}, app.received()[2:]); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
			frames := app.streamed("AudioData")
			loud := slices.DeleteFunc(slices.Clone(frames), func(f streamFrame) bool { return f.AudioData.Silent })
			if n := len(frames); n < 195 || n > 201 {
				t.Errorf("%d frames in 4 s, want 195 to 201", n)
			}
			if n := len(loud); n < 50 || n > 60 || loud[0].AudioData.ParticipantRawID != caller || len(loud[0].AudioData.Data) != 640 {
				t.Errorf("%d frames with sound, want 50 to 60 of %s, of 640 bytes", n, caller)
			}
			if got := app.streamed("DtmfData"); len(got) != 1 || got[0].DTMFData.Data != "five" {
				t.Errorf("keys = %+v, want five", got)
			}
		})
	})
}

func TestStreamsThatFail(t *testing.T) {
	t.Run("an application that closes the stream, and one that cannot be reached", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			app.onStream = func(c *websocket.Conn) { _ = c.CloseNow() }
			app.createStreamed("mixed", "ws://127.0.0.1:7071/nowhere", true)
			app.wait(20 * time.Second)
			got := app.received()
			for _, want := range []string{"MediaStreamingStarted", "MediaStreamingFailed 500/8603", "TranscriptionFailed 400/8581"} {
				if !slices.Contains(got, want) {
					t.Errorf("events = %q, want %s", got, want)
				}
			}
		})
	})
	t.Run("streams that a call was not created with", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.create(agent)
			app.wait(2 * time.Second)
			for _, op := range []string{":startMediaStreaming", ":stopMediaStreaming", ":startTranscription", ":updateTranscription"} {
				wantCode(t, op, app.send("POST", path+op, `{}`), "400/8523")
			}
			body := fmt.Sprintf(`{"targets":[{"rawId":%q}],"callbackUri":"https://x.example"`+streamOptions+`}`, agent, "sideways", false, streamURL, false)
			wantCode(t, "options that make no sense", app.send("POST", "/calling/callConnections", body), "400/8523")
		})
	})
}
