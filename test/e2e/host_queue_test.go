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

	"switchboard/handler/exchange"
	"switchboard/handler/filing"
	"switchboard/test/acssim"
	"switchboard/test/rig"
)

func TestMessagesThatTheBuiltProgramRefuses(t *testing.T) {
	t.Parallel()
	onFuncsim.refusedMessages(t)
}

func TestMessagesThatTheProgramRefusesUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).refusedMessages(t)
}

// refused are messages that the function recording cannot do anything with, and part
// of what it says about each. They are base64, as Event Grid sends them: the storage
// extension at hand takes no other, whatever host.json says.
var unprocessable = []struct{ message, err string }{
	{asMessage("neither JSON nor base64 of it"), "neither JSON nor base64 of JSON"},
	{asMessage(`{"id":"m1"}`), "queue message: event of another type"},
	{asMessage(`{"recording":"re-00000000000000000000000000000000"}`), "recording re-00000000000000000000000000000000: table rigrecordings: get: no such row"},
	{asMessage(recordingEvent("e1", "r1", `{"documentId":"d"}`)), "recording: chunk 0 without contentLocation"},
}

// tries is how often a host tries a message, and keeps it then.
const maxTries = 5

// refusedMessages puts them into the queue of recordings: each is tried and then kept
// in the poison queue, and nothing comes of it.
func (h host) refusedMessages(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	poison := queueOf(t, r, exchange.RecordingQueue+"-poison")
	var want []string
	for _, m := range unprocessable {
		enqueue(t, r, m.message)
		want = append(want, m.message)
	}
	slices.Sort(want)
	late := time.After(2 * time.Minute) // an idle queue is looked at every few seconds
	for kept := []string(nil); !slices.Equal(kept, want); {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-late:
			t.Fatalf("kept are %q, want %q\n%s", kept, want, log)
		}
		kept = nil
		most := int32(32)
		// An error is a queue that is not there yet.
		if resp, err := poison.PeekMessages(t.Context(), &azqueue.PeekMessagesOptions{NumberOfMessages: &most}); err == nil {
			for _, m := range resp.Messages {
				kept = append(kept, *m.MessageText)
			}
			slices.Sort(kept)
		}
	}
	lines := log.ofFunction("recording")
	for _, m := range unprocessable {
		said := 0
		for _, l := range lines {
			if l.Level == "error" && l.Message == "event failed" && strings.Contains(l.Err, m.err) {
				said++
			}
		}
		if said != maxTries {
			t.Errorf("%d lines say %q, want %d: %+v", said, m.err, maxTries, lines)
		}
	}
	if len(lines) != maxTries*len(unprocessable) {
		t.Errorf("the function has logged %+v, want %d lines", lines, maxTries*len(unprocessable))
	}
	if live, err := r.Env.Calls.Worklist(t.Context()); err != nil || len(live) != 0 {
		t.Errorf("%d rows are live, %v", len(live), err)
	}
}

func TestARecordingThatNobodyAskedForOnTheBuiltProgram(t *testing.T) {
	t.Parallel()
	onFuncsim.unrequestedRecording(t, asMessage, func(event string) string { return event })
}

// Under func there is no plain text: the storage extension at hand refuses it before
// it comes to us.
func TestARecordingThatNobodyAskedForUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).unrequestedRecording(t, asMessage)
}

// foundling sends events of recordings that no call has asked for, each written as a
// message in its own way: they are filed, and linked to no call.
func (h host) unrequestedRecording(t *testing.T, ways ...func(event string) string) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	played, err := readScenario(t, "message.txt").Run(t.Context(), r.Env)
	if err != nil {
		t.Fatalf("%v\n\n%s", err, log)
	}
	row, err := r.Env.Calls.Load(t.Context(), played.Calls[0])
	if err != nil {
		t.Fatal(err)
	}
	known, err := r.Env.Recordings.Load(t.Context(), filing.Key(row.Value.Recordings[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	for i, way := range ways {
		id := fmt.Sprintf("foundling %d", i)
		chunk := known.Value.Chunks[0]
		doc, err := json.Marshal(map[string]any{
			"documentId": chunk.DocumentID, "contentLocation": chunk.ContentLocation, "metadataLocation": chunk.MetadataLocation,
		})
		if err != nil {
			t.Fatal(err)
		}
		enqueue(t, r, way(recordingEvent(id, id, string(doc))))
		found := mustBeFiled(t, r, log, filing.Key(id))
		if found.Call != "" {
			t.Errorf("the recording is linked to call %s", found.Call)
		}
		if c := found.Chunks[0]; c.Size != chunk.Size || c.SHA256 != chunk.SHA256 || c.File == chunk.File {
			t.Errorf("filed as %+v, the same content is %+v", c, chunk)
		}
	}
	if err := r.Env.Verify(t.Context(), played); err != nil {
		t.Errorf("%v\n\n%s", err, log)
	}
	log.mustHaveNoWarnings(t)
}

// mustBeFiled waits until a recording is filed, with its files.
func mustBeFiled(t *testing.T, r *rig.Rig, log *logBuffer, key string) filing.Recording {
	t.Helper()
	late := time.After(time.Minute)
	for {
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
		select {
		case <-time.After(100 * time.Millisecond):
		case <-late:
			t.Fatalf("the recording is %+v, %v\n%s", row.Value, err, log)
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

// enqueue puts a message into the queue of recordings.
func enqueue(t *testing.T, r *rig.Rig, message string) {
	t.Helper()
	if _, err := queueOf(t, r, exchange.RecordingQueue).EnqueueMessage(t.Context(), message, nil); err != nil {
		t.Fatal(err)
	}
}

// asMessage is a document as Event Grid puts it into a queue.
func asMessage(doc string) string { return base64.StdEncoding.EncodeToString([]byte(doc)) }

// recordingEvent is an event of Event Grid: the file of a recording is there.
func recordingEvent(event, recording, chunk string) string {
	return fmt.Sprintf(`{"id":%q,"topic":"t","subject":"/recording/call/c/recordingId/%s",`+
		`"eventType":"Microsoft.Communication.RecordingFileStatusUpdated","eventTime":"2026-01-02T03:04:05Z",`+
		`"dataVersion":"1.0","metadataVersion":"1","data":{"recordingStorageInfo":{"recordingChunks":[%s]},`+
		`"recordingStartTime":"2026-01-02T03:04:00Z","recordingDurationMs":15000,"recordingContentType":"Audio",`+
		`"recordingChannelType":"Mixed","recordingFormatType":"Wav","sessionEndReason":"CallEnded"}}`, event, recording, chunk)
}
