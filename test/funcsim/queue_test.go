package funcsim

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"switchboard/test/azurite"
)

func queueApp(t *testing.T, queue string) string {
	t.Helper()
	return writeApp(t, map[string]string{
		"host.json":               strings.Replace(plainHost, `"version"`, `"extensions":{"queues":{"messageEncoding":"none"}},"version"`, 1),
		"recording/function.json": `{"bindings":[{"name":"msg","direction":"in","type":"queueTrigger","queueName":"` + queue + `"}]}`,
	})
}

func TestAMessageStaysHiddenHoweverLongItsFunctionRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		q := &MemoryQueue{}
		h := &Host{
			Root: queueApp(t, "files"), Env: map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"},
			Queues: map[string]Queue{"files": q},
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/recording" {
					runs.Add(1)
					time.Sleep(25 * time.Minute)
				}
				succeed(w)
			}),
		}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer h.Stop()
		q.Send("plain text, as messageEncoding none wants it")
		time.Sleep(26 * time.Minute)
		if runs.Load() != 1 || q.Len() != 0 {
			t.Errorf("%d runs, %d messages left", runs.Load(), q.Len())
		}
	})
}

func TestAMessageIsReceivedAgainAfterAStopOfTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		q := &MemoryQueue{}
		h := &Host{
			Root: queueApp(t, "files"), Env: map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"},
			Queues: map[string]Queue{"files": q},
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/recording" && runs.Add(1) == 1 {
					<-r.Context().Done()
					return
				}
				succeed(w)
			}),
		}
		q.Send("m")
		for _, duration := range []time.Duration{time.Second, hiddenWhileRunning} {
			if err := h.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(duration)
			h.Stop()
		}
		if runs.Load() != 2 || q.Len() != 0 {
			t.Errorf("%d runs, %d messages left", runs.Load(), q.Len())
		}
	})
}

func TestNoMoreMessagesAreInFlightThanTheHostAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		q := &MemoryQueue{}
		h := &Host{
			Root: queueApp(t, "files"),
			Env: map[string]string{
				"FUNCTIONS_WORKER_RUNTIME":                                     "custom",
				"AzureFunctionsJobHost__extensions__queues__batchSize":         "4",
				"AzureFunctionsJobHost__extensions__queues__newBatchThreshold": "2",
			},
			Queues: map[string]Queue{"files": q},
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/recording" {
					most.Store(max(most.Load(), running.Add(1)))
					time.Sleep(time.Second)
					running.Add(-1)
				}
				succeed(w)
			}),
		}
		for range 30 {
			q.Send("m")
		}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer h.Stop()
		time.Sleep(time.Minute)
		if q.Len() != 0 || most.Load() > 6 || most.Load() < 4 {
			t.Errorf("%d messages left, at most %d in flight", q.Len(), most.Load())
		}
	})
}

func TestMessagesOfAStorageQueueAreProcessedOrPoisoned(t *testing.T) {
	storage := azurite.ForTest(t).ConnectionString()
	name := azurite.Prefix() + "files"
	queue, err := azqueue.NewQueueClientFromConnectionString(storage, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	texts := make(chan string, 10)
	log := &lines{}
	h := &Host{
		Root: queueApp(t, name),
		Env: map[string]string{
			"FUNCTIONS_WORKER_RUNTIME": "custom", "AzureWebJobsStorage": storage,
			"AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.1",
		},
		Log: log.add,
		// A handler in process is enough here.
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if strings.Contains(string(body), "bad") {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			if r.URL.Path == "/recording" {
				texts <- string(body)
			}
			succeed(w)
		}),
	}
	storageQueue, err := NewStorageQueue(storage, name)
	if err != nil {
		t.Fatal(err)
	}
	h.Queues = map[string]Queue{name: storageQueue}
	if err := h.Start(t.Context()); err != nil { // the queue does not exist yet
		t.Fatal(err)
	}
	defer h.Stop()
	ctx := t.Context()
	if _, err := queue.Create(ctx, nil); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`bad`, `{"recordingId":"r1"}`} {
		if _, err := queue.EnqueueMessage(ctx, text, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-texts; !strings.Contains(got, `"msg":"\"{\\\"recordingId\\\":\\\"r1\\\"}\""`) ||
		!strings.Contains(got, `"recordingId":"\"r1\""`) || !strings.Contains(got, `"DequeueCount":"1"`) {
		t.Errorf("body = %s", got)
	}
	log.wait(t, "Moving message to queue")
	poison, err := azqueue.NewQueueClientFromConnectionString(storage, name+"-poison", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := waitForMessage(ctx, t, poison); got != "bad" {
		t.Errorf("poisoned: %q", got)
	}
}

func waitForMessage(ctx context.Context, t *testing.T, q *azqueue.QueueClient) string {
	t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		resp, err := q.PeekMessage(ctx, nil)
		if err == nil && len(resp.Messages) == 1 {
			return *resp.Messages[0].MessageText
		}
		if time.Since(began) > maxWait {
			t.Fatalf("messages %+v, %v, want one", resp.Messages, err)
		}
	}
}
