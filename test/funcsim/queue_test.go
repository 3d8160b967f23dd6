package funcsim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/google/go-cmp/cmp"

	"switchboard/test/azurite"
)

// sendQueue is a Queue with what puts messages into it.
type sendQueue struct {
	Queue
	send func(text string, delay time.Duration) error
}

// newQueues returns an empty queue of each kind.
func newQueues(t *testing.T) map[string]sendQueue {
	t.Helper()
	memory := &MemoryQueue{}
	storage, name := azurite.ForTest(t).ConnectionString(), azurite.Prefix()+"files"
	client, err := azqueue.NewQueueClientFromConnectionString(storage, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	stored, err := NewStorageQueue(storage, name)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]sendQueue{
		"memory": {memory, memory.SendLater},
		"Azurite": {stored, func(text string, delay time.Duration) error {
			_, err := client.EnqueueMessage(t.Context(), text, &azqueue.EnqueueMessageOptions{
				TimeToLive: new(int32(-1)), VisibilityTimeout: new(seconds(delay)),
			})
			return err
		}},
	}
}

func TestQueuesRefuseWhatIsOutsideTheLimitsOfTheService(t *testing.T) {
	const week = 7 * 24 * time.Hour
	for kind, q := range newQueues(t) {
		if err := q.send("m", 0); err != nil {
			t.Fatal(err)
		}
		received, err := q.Receive(t.Context(), 32, week)
		if err != nil || len(received) != 1 {
			t.Fatalf("%s: received %v, %v", kind, received, err)
		}
		receive := func(n int, hide time.Duration) error {
			_, err := q.Receive(t.Context(), n, hide)
			return err
		}
		_, hideErr := q.Hide(t.Context(), received[0], week+time.Second)
		for what, err := range map[string]error{
			"a receive of 33 messages":              receive(33, time.Minute),
			"a receive of none":                     receive(0, time.Minute),
			"a receive that does not hide":          receive(1, 0),
			"a receive that hides for over a week":  receive(1, week+time.Second),
			"hiding for over a week":                hideErr,
			"a message with a delay of over a week": q.send("m", week+time.Second),
			"a message with a negative delay":       q.send("m", -time.Second),
			"a message of more than 64 KiB":         q.send(strings.Repeat("x", 64<<10+1), 0),
		} {
			if err == nil {
				t.Errorf("%s: %s is accepted", kind, what)
			}
		}
		for what, err := range map[string]error{
			"a message with a delay of a week": q.send("m", week),
			"a message of 64 KiB":              q.send(strings.Repeat("x", 64<<10), 0),
		} {
			if err != nil {
				t.Errorf("%s: %s: %v", kind, what, err)
			}
		}
	}
}

func TestMessagesAreReceivedInTheOrderInWhichTheyBecameVisible(t *testing.T) {
	for kind, q := range newQueues(t) {
		for _, text := range []string{"a", "b", "c"} {
			if err := q.send(text, 0); err != nil {
				t.Fatal(err)
			}
		}
		// Of three at the same time the first is hidden and becomes visible after the others.
		var got []string
		receive := func() Message {
			messages, err := q.Receive(t.Context(), 1, time.Minute)
			if err != nil || len(messages) != 1 {
				t.Fatalf("%s: after %v received %v, %v", kind, got, messages, err)
			}
			got = append(got, messages[0].Text)
			return messages[0]
		}
		if _, err := q.Hide(t.Context(), receive(), 0); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			receive()
		}
		if d := cmp.Diff([]string{"a", "b", "c", "a"}, got); d != "" {
			t.Errorf("%s: received (-want +got):\n%s", kind, d)
		}
	}
}

func TestOnlyTheLatestReceiptOfAMessageIsAccepted(t *testing.T) {
	for kind, q := range newQueues(t) {
		if err := q.send("m", 0); err != nil {
			t.Fatal(err)
		}
		first := receiveOne(t, q)
		hidden, err := q.Hide(t.Context(), first, 0)
		if err != nil {
			t.Fatal(err)
		}
		second := receiveOne(t, q)
		if first.DequeueCount != 1 || second.DequeueCount != 2 {
			t.Errorf("%s: dequeue counts %d, %d, want 1, 2", kind, first.DequeueCount, second.DequeueCount)
		}
		_, err = q.Hide(t.Context(), first, time.Minute)
		for _, step := range []struct {
			what      string
			err, want error
		}{
			{"hide with the first receipt", err, ErrMessageGone},
			{"delete with the receipt of its hiding", q.Delete(t.Context(), hidden), ErrMessageGone},
			{"delete with the latest receipt", q.Delete(t.Context(), second), nil},
			{"delete again", q.Delete(t.Context(), second), ErrMessageGone},
		} {
			if !errors.Is(step.err, step.want) {
				t.Errorf("%s: %s: err = %v, want %v", kind, step.what, step.err, step.want)
			}
		}
	}
}

// receiveOne receives the only visible message.
func receiveOne(t *testing.T, q Queue) Message {
	t.Helper()
	messages, err := q.Receive(t.Context(), 32, time.Minute)
	if err != nil || len(messages) != 1 {
		t.Fatalf("received %v, %v, want one message", messages, err)
	}
	return messages[0]
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
		t.Errorf("body = %s, want the text, its member and DequeueCount 1", got)
	}
	log.wait(t, "Moving message to queue")
	poison, err := azqueue.NewQueueClientFromConnectionString(storage, name+"-poison", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := waitForMessage(ctx, t, poison); got != "bad" {
		t.Errorf("poisoned: %q, want bad", got)
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
