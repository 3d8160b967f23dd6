package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"switchboard/handler/app"
	"switchboard/handler/filing"
	"switchboard/test/acssim"
	"switchboard/test/rig"
)

func TestMessagesThatTheBuiltHandlerRefuses(t *testing.T) {
	t.Parallel()
	onFuncsim.refusedMessages(t)
}

func TestMessagesThatTheHandlerRefusesUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).refusedMessages(t)
}

// unprocessable are messages that the function recording cannot process, and part of
// the error of each. They are base64, as Event Grid sends them: the installed storage
// extension accepts no plain text, even if host.json says so.
var unprocessable = []struct{ message, err string }{
	{asMessage("neither JSON nor base64 of it"), "neither JSON nor base64 of JSON"},
	{asMessage(`{"id":"m1"}`), "queue message: event of another type"},
	{asMessage(`{"recording":"re-00000000000000000000000000000000"}`), "recording re-00000000000000000000000000000000: table recordings: get: no such row"},
	{asMessage(recordingEvent("e1", "r1", `{"documentId":"d"}`)), "recording: chunk 0 without contentLocation"},
}

// maxTries is how often a host tries a message before it moves it to the poison queue.
const maxTries = 5

// refusedMessages sends the unprocessable messages to the queue of recordings. The host
// tries each maxTries times and then moves it to the poison queue; the worklist stays
// empty.
func (h host) refusedMessages(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	poison := queueOf(t, r, app.RecordingQueue+"-poison")
	var want []string
	for _, m := range unprocessable {
		enqueue(t, r, m.message)
		want = append(want, m.message)
	}
	slices.Sort(want)
	var got []string
	for began := time.Now(); !slices.Equal(got, want); time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > maxWait {
			t.Fatalf("the poison queue holds %q, want %q\n%s", got, want, log)
		}
		got = nil
		// There is an error as long as the queue does not exist.
		if resp, err := poison.PeekMessages(t.Context(), &azqueue.PeekMessagesOptions{NumberOfMessages: new(int32(32))}); err == nil {
			for _, m := range resp.Messages {
				got = append(got, *m.MessageText)
			}
			slices.Sort(got)
		}
	}
	lines := log.ofFunction("recording")
	for _, m := range unprocessable {
		n := 0
		for _, l := range lines {
			if l.Level == "error" && l.Message == "event failed" && strings.Contains(l.Err, m.err) {
				n++
			}
		}
		if n != maxTries {
			t.Errorf("%d lines contain %q, want %d: %+v", n, m.err, maxTries, lines)
		}
	}
	if len(lines) != maxTries*len(unprocessable) {
		t.Errorf("the function has logged %+v, want %d lines", lines, maxTries*len(unprocessable))
	}
	if items, err := r.Env.Calls.Worklist(t.Context()); err != nil || len(items) != 0 {
		t.Errorf("%d items are on the worklist, %v", len(items), err)
	}
}

func TestARecordingWithoutACallOnTheBuiltHandler(t *testing.T) {
	t.Parallel()
	onFuncsim.recordingWithoutCall(t, asMessage, func(event string) string { return event })
}

// Under func no message is plain text: the installed storage extension refuses it before
// it reaches the handler.
func TestARecordingWithoutACallUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).recordingWithoutCall(t, asMessage)
}

// recordingWithoutCall sends events of recordings that no call has started, one with
// each encoding: they are filed, and linked to no call.
func (h host) recordingWithoutCall(t *testing.T, encodings ...func(event string) string) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	result, err := readScenario(t, "message.txt").Run(t.Context(), r.Env)
	if err != nil {
		t.Fatalf("%v\n\n%s", err, log)
	}
	row, err := r.Env.Calls.Load(t.Context(), result.Calls[0])
	if err != nil {
		t.Fatal(err)
	}
	known, err := r.Env.Recordings.Load(t.Context(), filing.Key(row.Value.Recordings[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	for i, encode := range encodings {
		id := fmt.Sprintf("without call %d", i)
		chunk := known.Value.Chunks[0]
		doc, err := json.Marshal(map[string]any{
			"documentId": chunk.DocumentID, "contentLocation": chunk.ContentLocation, "metadataLocation": chunk.MetadataLocation,
		})
		if err != nil {
			t.Fatal(err)
		}
		enqueue(t, r, encode(recordingEvent(id, id, string(doc))))
		found := mustBeFiled(t, r, log, filing.Key(id))
		if found.Call != "" {
			t.Errorf("the recording is linked to call %s", found.Call)
		}
		if c := found.Chunks[0]; c.Size != chunk.Size || c.SHA256 != chunk.SHA256 || c.File == chunk.File {
			t.Errorf("filed as %+v, the same content is %+v", c, chunk)
		}
	}
	if err := r.Env.Verify(t.Context(), result); err != nil {
		t.Errorf("%v\n\n%s", err, log)
	}
	log.mustHaveNoWarnings(t)
}

// mustBeFiled waits until a recording is filed, and checks that its files exist.
func mustBeFiled(t *testing.T, r *rig.Rig, log *logBuffer, key string) filing.Recording {
	t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		row, err := r.Env.Recordings.Load(t.Context(), key)
		if err == nil && row.Value.State == filing.StateFiled {
			for _, c := range row.Value.Chunks {
				for _, name := range []string{c.File, c.File + ".json"} {
					if _, err := r.Env.Files.Stat(t.Context(), name); err != nil {
						t.Error(err)
					}
				}
			}
			return row.Value
		}
		if time.Since(began) > maxWait {
			t.Fatalf("the recording is %+v, %v, want it %s\n%s", row.Value, err, filing.StateFiled, log)
		}
	}
}

func queueOf(t *testing.T, r *rig.Rig, name string) *azqueue.QueueClient {
	t.Helper()
	q, err := azqueue.NewQueueClientFromConnectionString(r.Azurite.ConnectionString(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// enqueue sends a message to the queue of recordings.
func enqueue(t *testing.T, r *rig.Rig, message string) {
	t.Helper()
	if _, err := queueOf(t, r, app.RecordingQueue).EnqueueMessage(t.Context(), message, nil); err != nil {
		t.Fatal(err)
	}
}

// asMessage encodes a document as Event Grid does for a queue.
func asMessage(doc string) string { return base64.StdEncoding.EncodeToString([]byte(doc)) }

// recordingEvent returns the event of Event Grid for the file of a recording.
func recordingEvent(event, recording, chunk string) string {
	return fmt.Sprintf(`{"id":%q,"topic":"t","subject":"/recording/call/c/recordingId/%s",`+
		`"eventType":"Microsoft.Communication.RecordingFileStatusUpdated","eventTime":"2026-01-02T03:04:05Z",`+
		`"dataVersion":"1.0","metadataVersion":"1","data":{"recordingStorageInfo":{"recordingChunks":[%s]},`+
		`"recordingStartTime":"2026-01-02T03:04:00Z","recordingDurationMs":15000,"recordingContentType":"Audio",`+
		`"recordingChannelType":"Mixed","recordingFormatType":"Wav","sessionEndReason":"CallEnded"}}`, event, recording, chunk)
}
