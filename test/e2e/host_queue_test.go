package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/google/go-cmp/cmp"

	"switchboard/handler/app"
	"switchboard/handler/filing"
	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
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
// the error of each. Some are in base64, as Event Grid sends them.
var unprocessable = []struct{ message, err string }{
	{"neither JSON nor base64 of it", "neither JSON nor base64 of JSON"},
	{asMessage(`{"id":"m1"}`), "queue message: event of another type"},
	{`{"recording":"re-00000000000000000000000000000000"}`, "recording re-00000000000000000000000000000000: table recordings: get: no such row"},
	{asMessage(recordingEvent("e1", "r1", `{"documentId":"d"}`)), "recording: chunk 0 without contentLocation"},
}

// maxTries is how often a host tries a message before it moves it to the poison queue, with the settings fewTries.
const maxTries = 5

// fewTries lets a host try a message a few times within seconds: with the app's own host.json it takes an hour.
var fewTries = map[string]string{
	"AzureFunctionsJobHost__extensions__queues__maxDequeueCount":   "5",
	"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:01",
}

// peek returns the texts of the messages in a queue, sorted; none as long as the queue does not exist.
func peek(t *testing.T, queue *azqueue.QueueClient) (texts []string) {
	t.Helper()
	limit := int32(32)
	resp, err := queue.PeekMessages(t.Context(), &azqueue.PeekMessagesOptions{NumberOfMessages: &limit})
	if err != nil {
		return nil
	}
	for _, m := range resp.Messages {
		texts = append(texts, *m.MessageText)
	}
	slices.Sort(texts)
	return texts
}

// refusedMessages sends the unprocessable messages to the queue of recordings. The host
// tries each maxTries times and then moves it to the poison queue; the worklist stays
// empty.
func (h host) refusedMessages(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, fewTries)
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
		got = peek(t, poison)
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
		t.Errorf("%d items are on the worklist, %v, want none", len(items), err)
	}
}

func TestWhatTheHostDoesWithAQueue(t *testing.T) {
	t.Parallel()
	onFuncsim.useQueue(t)
}

func TestWhatFuncDoesWithAQueue(t *testing.T) {
	t.Parallel()
	onFunc(t).useQueue(t)
}

// useQueue sends messages that the function recording cannot process, and observes the
// host: how many messages it has in flight while the function waits for storage, and its
// requests to the queue. They say for how long a message is hidden, so nothing needs to
// wait for that.
func (h host) useQueue(t *testing.T) {
	const batchSize, newBatchThreshold, inFlight = 2, 4, 6 // reached without the end of a message
	q := &queueObserver{limit: inFlight, held: map[string]int{}, requests: map[string]bool{}, release: make(chan struct{})}
	r, log := h.start(t, &acssim.Server{Strict: true}, &faultproxy.Hook{At: q.observe}, map[string]string{
		"AzureFunctionsJobHost__extensions__queues__batchSize":         fmt.Sprint(batchSize),
		"AzureFunctionsJobHost__extensions__queues__newBatchThreshold": fmt.Sprint(newBatchThreshold),
		"AzureFunctionsJobHost__extensions__queues__maxDequeueCount":   "2",
		"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:01",
	})
	poison := queueOf(t, r, app.RecordingQueue+"-poison")
	const messages = 2 * inFlight
	for i := range messages {
		enqueue(t, r, fmt.Sprintf(`{"recording":"re-%032d"}`, i))
	}
	timeout := time.After(2 * time.Minute)
	for n := int32(0); n < messages; {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-timeout:
			t.Fatalf("the poison queue holds %d messages, want %d\n%s", n, messages, log)
		}
		// There is an error as long as the queue does not exist.
		if p, err := poison.GetProperties(t.Context(), nil); err == nil {
			n = *p.ApproximateMessagesCount
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.most != inFlight {
		t.Errorf("at most %d messages were in flight, want %d", q.most, inFlight)
	}
	want := []string{
		"DELETE recordings/messages/ID",
		"GET recordings/messages numofmessages=2 visibilitytimeout=600",
		"POST recordings-poison/messages",
		"PUT recordings/messages/ID visibilitytimeout=1",
	}
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(q.requests))); d != "" {
		t.Errorf("the host's requests about messages (-want +got):\n%s", d)
	}
}

// queueObserver observes the requests of host and handler to storage.
type queueObserver struct {
	limit   int           // release is closed a while after so many messages were in flight
	release chan struct{} // until then the function waits

	mu       sync.Mutex
	held     map[string]int // number of waiting requests by the recording that they read
	most     int            // messages in flight at a time
	requests map[string]bool
}

var (
	readOfRecording = regexp.MustCompile(`/recordings\(PartitionKey='([^']+)'`)
	messageRequest  = regexp.MustCompile(`^/\w+/(recordings(?:-poison)?/messages)(/.+)?$`)
)

// observe is a faultproxy.Hook.At.
func (q *queueObserver) observe(_ int, when faultproxy.When, r *http.Request) (drop bool) {
	if when == faultproxy.WhenAfter {
		return false
	}
	if m := messageRequest.FindStringSubmatch(r.URL.Path); m != nil {
		text := r.Method + " " + m[1]
		if m[2] != "" {
			text += "/ID"
		}
		for _, name := range []string{"numofmessages", "visibilitytimeout"} {
			if value := r.URL.Query().Get(name); value != "" {
				text += " " + name + "=" + value
			}
		}
		q.mu.Lock()
		q.requests[text] = true
		q.mu.Unlock()
	}
	if m := readOfRecording.FindStringSubmatch(r.URL.Path); m != nil {
		q.hold(r.Context(), m[1])
	}
	return false
}

// hold makes a read of a recording wait. The handler may give one up and repeat it.
func (q *queueObserver) hold(ctx context.Context, recording string) {
	q.mu.Lock()
	q.held[recording]++
	if len(q.held) > q.most {
		q.most = len(q.held)
		if q.most == q.limit {
			time.AfterFunc(2*time.Second, func() { close(q.release) }) // time for one more, were there one
		}
	}
	q.mu.Unlock()
	select {
	case <-q.release:
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held[recording]--; q.held[recording] == 0 {
		delete(q.held, recording)
	}
}

func TestARecordingWithoutACallOnTheBuiltHandler(t *testing.T) {
	t.Parallel()
	onFuncsim.recordingWithoutCall(t)
}

func TestARecordingWithoutACallUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).recordingWithoutCall(t)
}

// recordingWithoutCall sends events of recordings that no call has started, one in base64
// and one as it is: they are filed, and linked to no call.
func (h host) recordingWithoutCall(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	result, err := readScenario(t, "message.txtar").Run(t.Context(), r.Env)
	if err != nil {
		t.Fatalf("%v\n\n%s", err, log)
	}
	row, err := r.Env.Calls.Load(t.Context(), result.Calls[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	known, err := r.Env.Recordings.Load(t.Context(), filing.Key(row.Value.Recordings[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	asItIs := func(event string) string { return event }
	for i, encode := range []func(event string) string{asMessage, asItIs} {
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
			t.Errorf("the recording is linked to call %s, want none", found.Call)
		}
		if c := found.Chunks[0]; c.Size != chunk.Size || c.SHA256 != chunk.SHA256 || c.File == chunk.File {
			t.Errorf("filed as %+v, want the content of %+v in another file", c, chunk)
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
