package acssim

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// content gets or deletes content of a recording, signed as by the official SDK.
func (a *application) content(method, at string, header http.Header) simAnswer {
	a.t.Helper()
	answer, err := a.tryContent(method, at, header)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer
}

func (a *application) tryContent(method, at string, header http.Header) (simAnswer, error) {
	r, err := http.NewRequest(method, at, nil)
	if err != nil {
		return simAnswer{}, err
	}
	key, _ := base64.StdEncoding.DecodeString(DevelopmentKey)
	const empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	date := time.Now().UTC().Format(http.TimeFormat)
	_, host, _ := strings.Cut(a.sim.endpoint(), "://")
	for name, value := range map[string]string{
		"x-ms-date": date, "x-ms-content-sha256": empty, "x-ms-host": host,
		"Authorization": signedHeaders + sign(key, method, r.URL.EscapedPath(), date, host, empty),
	} {
		r.Header.Set(name, value)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := a.http.Do(r)
	if err != nil {
		return simAnswer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return simAnswer{response.StatusCode, body, response.Header}, err
}

// power returns the power of a pitch in a second of sound from start on, by Goertzel's
// algorithm: about 1 for a tone of the simulator's loudness, 0 for none.
func power(wav []byte, channel, channels int, start float64, hertz float64) float64 {
	var a, b float64
	c := 2 * math.Cos(2*math.Pi*hertz/sampleRate)
	const n = sampleRate / 10
	for i := range n {
		at := waveHeader + ((int(start*sampleRate)+i)*channels+channel)*sampleBytes
		if at+2 > len(wav) {
			return 0
		}
		v := float64(int16(binary.LittleEndian.Uint16(wav[at:]))) / loudness
		a, b = v+c*a-b, a
	}
	return math.Sqrt(a*a+b*b-c*a*b) / (n / 2)
}

func (a *application) record(path, options string) simAnswer {
	return a.must(202, "POST", "/calling/recordings", fmt.Sprintf(
		`{"callConnectionId":%q,"recordingContentType":"audio","recordingFormatType":"wav","recordingStateCallbackUri":%q%s}`,
		path[len("/calling/callConnections/"):], a.self+"/callbacks", options))
}

// subscribed lets the simulator report files of recordings to the application.
func subscribed(s *Server) *Server {
	s.Subscriptions = []Subscription{{Types: []string{"RecordingFileStatusUpdated"}, URL: "http://127.0.0.1:7071/eventgrid"}}
	return s
}

// recordTalk records a call: the caller talks and presses a key, then the recording pauses, then the agent talks.
func recordTalk(app *application, options string) {
	if err := app.sim.SetPhone(agent, "answer; wait 8s; talk 2s"); err != nil {
		app.t.Fatal(err)
	}
	path := app.connectCaller("wait answer; wait 5s; talk 2s; press 5; wait 10s; hang up")
	app.add(path, agent, "a", 30)
	app.wait(time.Second)
	answer := app.record(path, options)
	var r struct{ RecordingID string }
	_ = json.Unmarshal(answer.body, &r)
	app.wait(5800 * time.Millisecond)
	id := strings.ReplaceAll(r.RecordingID, "=", "%3D")
	app.must(202, "POST", "/calling/recordings/"+id+":pause", "")
	app.wait(time.Second)
	app.must(202, "POST", "/calling/recordings/"+id+":resume", "")
	app.wait(4 * time.Second)
	app.must(204, "DELETE", "/calling/recordings/"+id, "")
	app.wait(time.Minute)
}

// soundAt is a pitch in a channel of a recording, at a time in seconds.
type soundAt struct {
	what    string
	channel int
	at      float64
	hertz   float64
	want    float64 // its power
}

// checkSounds checks what is heard in a file.
func checkSounds(t *testing.T, wav []byte, channels int, sounds []soundAt) {
	t.Helper()
	for _, s := range sounds {
		if got := power(wav, s.channel, channels, s.at, s.hertz); math.Abs(got-s.want) > 0.2 {
			t.Errorf("%s: %.2f, want %.2f", s.what, got, s.want)
		}
	}
}

func TestRecordingInOneChunk(t *testing.T) {
	inBubble(t, subscribed(&Server{ContentURL: "https://us-storage.asm.skype.com"}), func(t *testing.T, app *application) {
		recordTalk(app, "")
		if len(app.files) != 1 || len(app.files[0].StorageInfo.Chunks) != 1 {
			t.Fatalf("files = %+v, want one of one chunk", app.files)
		}
		file, chunk := app.files[0], app.files[0].StorageInfo.Chunks[0]
		if file.ContentType != "Audio" || file.FormatType != "Wav" || file.SessionReason != "InitiatorLeft" ||
			!strings.HasPrefix(chunk.ContentLocation, "https://us-storage.asm.skype.com/v1/objects/") {
			t.Errorf("file = %+v, want audio as WAV at the service, ended by the initiator", file)
		}
		got := app.content("GET", chunk.ContentLocation, nil)
		if got.status != 200 {
			t.Fatalf("content = %d %s, want 200", got.status, got.body)
		}
		wav := got.body
		seconds := float64(len(wav)-waveHeader) / (sampleRate * sampleBytes)
		if string(wav[:4]) != "RIFF" || math.Abs(seconds-9.6) > 0.01 || math.Abs(seconds*1000-float64(file.DurationMs)) > 1 {
			t.Errorf("%s of %v s, event says %d ms, want RIFF of 9.6 s", wav[:4], seconds, file.DurationMs)
		}
		// It begins 2.2 s after the call; the pause is not in it.
		checkSounds(t, wav, 1, []soundAt{
			{"silence before", 0, 2, firstHertz, 0},
			{"the caller", 0, 4, firstHertz, 1},
			{"the key, low", 0, 4.97, 770, 0.5},
			{"the key, high", 0, 4.97, 1336, 0.5},
			{"the agent", 0, 7.5, firstHertz + stepHertz, 1},
			{"silence after", 0, 9, firstHertz + stepHertz, 0},
		})
		part := app.content("GET", chunk.ContentLocation, http.Header{"Range": {"bytes=44-143"}})
		if part.status != 206 || !bytes.Equal(part.body, wav[44:144]) {
			t.Errorf("a range = %d, %d bytes, want 206, 100 bytes of the file", part.status, len(part.body))
		}
		checkMetadata(t, app, file.DurationMs, chunk.MetadataLocation)
		if got := app.content("DELETE", chunk.DeleteLocation, nil).status; got != 200 {
			t.Errorf("delete = %d", got)
		}
		if got := app.content("GET", chunk.ContentLocation, nil).status; got != 404 {
			t.Errorf("after the deletion = %d", got)
		}
	})
}

// checkMetadata checks the metadata of a recording by recordTalk.
func checkMetadata(t *testing.T, app *application, durationMs int64, at string) {
	t.Helper()
	var m recordingMetadata
	if err := json.Unmarshal(app.content("GET", at, nil).body, &m); err != nil {
		t.Fatal(err)
	}
	if m.ChunkDuration != durationMs || len(m.Pauses) != 1 || m.Pauses[0].Duration != 1000 || len(m.Participants) != 2 || m.Info.Audio.SampleRate != 16000 {
		t.Errorf("metadata = %+v", m)
	}
}

func TestUnmixedRecordingInChunks(t *testing.T) {
	inBubble(t, subscribed(&Server{ChunkLength: 5 * time.Second}), func(t *testing.T, app *application) {
		recordTalk(app, fmt.Sprintf(`,"recordingChannelType":"unmixed","channelAffinity":[{"channel":2,"participant":{"rawId":%q}}]`, agent))
		chunks := app.files[0].StorageInfo.Chunks
		if len(chunks) != 2 || chunks[0].EndReason != "ChunkMaximumSizeExceeded" || chunks[1].EndReason != "SessionEnded" {
			t.Fatalf("chunks = %+v, want two: of the maximum size, and of the end", chunks)
		}
		var wav []byte
		for i, c := range chunks {
			part := app.content("GET", c.ContentLocation, nil).body
			if channels := binary.LittleEndian.Uint16(part[22:]); channels != 3 {
				t.Errorf("%d channels, want 3", channels)
			}
			if i == 0 {
				wav = append(wav, part[:waveHeader]...)
			}
			wav = append(wav, part[waveHeader:]...)
		}
		checkSounds(t, wav, 3, []soundAt{
			{"silence before", 0, 2, firstHertz, 0},
			{"the caller", 0, 4, firstHertz, 1},
			{"the low tone of the key", 0, 4.97, 770, 0.5},
			{"the high tone of the key", 0, 4.97, 1336, 0.5},
			{"the caller in the agent's channel", 2, 4, firstHertz, 0},
			{"the agent", 2, 7.5, firstHertz + stepHertz, 1},
			{"the agent in the caller's channel", 0, 7.5, firstHertz + stepHertz, 0},
			{"the agent afterwards", 2, 9, firstHertz + stepHertz, 0},
		})
		var m recordingMetadata
		_ = json.Unmarshal(app.content("GET", chunks[1].MetadataLocation, nil).body, &m)
		zero, two := 0, 2
		if d := cmp.Diff([]recordingSpeaker{{caller, &zero}, {agent, &two}}, m.Participants); d != "" {
			t.Errorf("speakers (-want +got):\n%s", d)
		}
	})
}

func TestDownloadOfARecording(t *testing.T) {
	t.Run("is kept for a day", func(t *testing.T) {
		inBubble(t, subscribed(&Server{}), func(t *testing.T, app *application) {
			recordTalk(app, "")
			at := app.files[0].StorageInfo.Chunks[0].ContentLocation
			app.wait(retention - 2*time.Minute)
			if got := app.content("GET", at, nil).status; got != 200 {
				t.Errorf("on the same day = %d, want 200", got)
			}
			app.wait(2 * time.Minute)
			if got := app.content("GET", at, nil).status; got != 404 {
				t.Errorf("a day later = %d, want 404", got)
			}
		})
	})
	t.Run("is refused without the resource's signature", func(t *testing.T) {
		inBubble(t, subscribed(&Server{AcceptBearer: func(token string) bool { return token == "good" }}), func(t *testing.T, app *application) {
			recordTalk(app, "")
			at := app.files[0].StorageInfo.Chunks[0].ContentLocation
			for name, header := range map[string]http.Header{
				"another host":  {"X-Ms-Host": {"other.example"}},
				"no signature":  {"Authorization": {""}},
				"another token": {"Authorization": {"Bearer bad"}},
			} {
				answer := app.content("GET", at, header)
				var flat struct{ Status int }
				if _ = json.Unmarshal(answer.body, &flat); answer.status != 401 || flat.Status != 401 {
					t.Errorf("%s = %d %s, want 401 in both", name, answer.status, answer.body)
				}
			}
			if got := app.content("GET", at, http.Header{"Authorization": {"Bearer good"}}).status; got != 200 {
				t.Errorf("a token = %d, want 200", got)
			}
			if got := app.content("PUT", at, nil).status; got != 404 {
				t.Errorf("another method = %d, want 404", got)
			}
		})
	})
	t.Run("is cut off during the download", func(t *testing.T) {
		inBubble(t, subscribed(&Server{}), func(t *testing.T, app *application) {
			recordTalk(app, "")
			if err := app.sim.SetFaults(Faults{LoseAnswer: 1}); err != nil {
				t.Fatal(err)
			}
			cut := 0
			for range 20 {
				if _, err := app.tryContent("GET", app.files[0].StorageInfo.Chunks[0].ContentLocation, nil); errors.Is(err, io.ErrUnexpectedEOF) {
					cut++
				}
			}
			if cut == 0 || cut == 20 { // the others are answered
				t.Errorf("%d of 20 were cut, want some", cut)
			}
		})
	})
}

func TestExportOfARecording(t *testing.T) {
	t.Run("goes to storage of the application's own", func(t *testing.T) {
		var mu sync.Mutex
		blobs := map[string]int{}
		sim := subscribed(&Server{Export: func(_ context.Context, url string, content io.ReadSeeker) error {
			n, err := io.Copy(io.Discard, content)
			mu.Lock()
			defer mu.Unlock()
			blobs[url] = int(n)
			return err
		}})
		inBubble(t, sim, func(t *testing.T, app *application) {
			recordTalk(app, `,"externalStorage":{"recordingStorageKind":"azureBlobStorage","recordingDestinationContainerUrl":"https://a.example/c/sub"}`)
			file := app.files[0]
			chunk := file.StorageInfo.Chunks[0]
			if file.StorageType != "AzureBlob" || file.RecordingID == "" || len(blobs) != 2 ||
				blobs[chunk.ContentLocation] < 300_000 || blobs[chunk.MetadataLocation] == 0 ||
				!strings.HasPrefix(chunk.ContentLocation, "https://a.example/c/sub/20000101/") {
				t.Errorf("file = %+v, blobs %v, want both blobs of it, by its day", file, blobs)
			}
		})
	})
	t.Run("is sometimes exported twice", func(t *testing.T) {
		var mu sync.Mutex
		blobs := 0
		sim := subscribed(&Server{DuplicateAll: true, Export: func(context.Context, string, io.ReadSeeker) error {
			mu.Lock()
			defer mu.Unlock()
			blobs++
			return nil
		}})
		inBubble(t, sim, func(t *testing.T, app *application) {
			recordTalk(app, `,"externalStorage":{"recordingStorageKind":"azureBlobStorage","recordingDestinationContainerUrl":"https://a.example/c"}`)
			if blobs != 4 {
				t.Errorf("%d blobs, want 4", blobs)
			}
		})
	})
	t.Run("stays with the service where there is no role on the storage", func(t *testing.T) {
		inBubble(t, subscribed(&Server{}), func(t *testing.T, app *application) {
			recordTalk(app, `,"externalStorage":{"recordingStorageKind":"azureBlobStorage","recordingDestinationContainerUrl":"https://a.example/c"}`)
			if got := app.content("GET", app.files[0].StorageInfo.Chunks[0].ContentLocation, nil).status; got != 200 {
				t.Errorf("content = %d, want 200", got)
			}
		})
	})
}
