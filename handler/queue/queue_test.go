package queue_test

import (
	"errors"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"switchboard/handler/queue"
	"switchboard/test/azurite"
)

// newQueue returns an empty queue of Azurite's.
func newQueue(t *testing.T) queue.Queue {
	t.Helper()
	client, err := azqueue.NewQueueClientFromConnectionString(
		azurite.ForTest(t).ConnectionString(), azurite.Prefix()+"recordings", nil)
	if err != nil {
		t.Fatal(err)
	}
	q := queue.Queue{Client: client}
	for range 2 { // Create may be repeated
		if err := q.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

// receive returns the visible messages.
func receive(t *testing.T, q queue.Queue) (texts []string) {
	t.Helper()
	got, err := q.Client.DequeueMessages(t.Context(), &azqueue.DequeueMessagesOptions{NumberOfMessages: new(int32(32))})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range got.Messages {
		texts = append(texts, *m.MessageText)
	}
	return texts
}

func TestAMessageIsSeenAfterItsDelay(t *testing.T) {
	q := newQueue(t)
	const text = `{"recording":"eyJQbGF0==","name":"<ü&>"}`
	for _, delay := range []time.Duration{0, time.Hour, queue.MaxDelay} {
		if err := q.Send(t.Context(), text, delay); err != nil {
			t.Fatalf("after %v: %v", delay, err)
		}
	}
	if got := receive(t, q); len(got) != 1 || got[0] != text {
		t.Errorf("%q", got)
	}
	all, err := q.Client.GetProperties(t.Context(), nil)
	if err != nil || *all.ApproximateMessagesCount != 3 {
		t.Errorf("%d messages, %v", *all.ApproximateMessagesCount, err)
	}
}

func TestADelayIsRoundedUpToWholeSeconds(t *testing.T) {
	q := newQueue(t)
	if err := q.Send(t.Context(), `{}`, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 100 { // requests, each of which may take a while
		if got = receive(t, q); len(got) == 1 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("messages %q after 10 s, want one", got)
}

func TestADelayOutOfRangeIsRefused(t *testing.T) {
	q := newQueue(t)
	for _, delay := range []time.Duration{-1, queue.MaxDelay + 1} {
		if err := q.Send(t.Context(), `{}`, delay); !errors.Is(err, queue.ErrDelay) {
			t.Errorf("%v: %v", delay, err)
		}
	}
}

func TestCreateAcceptsAQueueWithMetadata(t *testing.T) {
	q := newQueue(t)
	_, err := q.Client.SetMetadata(t.Context(), &azqueue.SetMetadataOptions{
		Metadata: map[string]*string{"owner": new("x")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Create(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSendToAQueueThatDoesNotExist(t *testing.T) {
	client, err := azqueue.NewQueueClientFromConnectionString(
		azurite.ForTest(t).ConnectionString(), azurite.Prefix()+"nowhere", nil)
	if err != nil {
		t.Fatal(err)
	}
	err = queue.Queue{Client: client}.Send(t.Context(), `{}`, 0)
	if want := "send: 404 QueueNotFound"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}
