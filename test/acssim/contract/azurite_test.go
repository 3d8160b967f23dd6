package contract

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"switchboard/handler/acs"
	"switchboard/handler/acs/events"
	"switchboard/test/acssim"
	"switchboard/test/azurite"
)

// The well-known account of Azurite.
const (
	account = "devstoreaccount1"
	key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// A recording is exported into a container and announced in a queue, both of Azurite.
func TestRecordingIsExportedToAzurite(t *testing.T) {
	ctx := t.Context()
	queue, blobs := storage(t)
	export, err := acssim.SharedKeyExport(account, key)
	if err != nil {
		t.Fatal(err)
	}
	sim := &acssim.Server{Strict: true, Speed: 20, Export: export, Subscriptions: []acssim.Subscription{
		{Types: []string{"RecordingFileStatusUpdated"}, Queue: acssim.StorageQueue(queue)},
	}}
	client := serve(t, sim, nil)
	record(t, sim, client, "http://127.0.0.1:1/", &acs.StartRecordingOptions{
		TeamsPhone: true, Content: acs.ContentAudio, Format: acs.FormatWAV, ContainerURL: blobs.URL(),
	})

	all, err := events.Parse(receive(t, queue))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d events, %v, want one", len(all), err)
	}
	file, ok := all[0].Data.(*events.RecordingFileStatusUpdated)
	if !ok {
		t.Fatalf("event = %T, want that of a file", all[0].Data)
	}
	at := file.RecordingStorageInfo.RecordingChunks[0].ContentLocation
	blob, err := blobs.NewBlobClient(strings.TrimPrefix(at, blobs.URL()+"/")).DownloadStream(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Body.Close()
	wav, err := io.ReadAll(blob.Body)
	if err != nil || !bytes.HasPrefix(wav, []byte("RIFF")) || len(wav) < 32_000 {
		t.Errorf("blob of %d bytes, %v, want RIFF of 32,000 at least", len(wav), err)
	}
}

// receive waits for the message in the queue.
func receive(t *testing.T, queue *azqueue.QueueClient) []byte {
	t.Helper()
	var message string
	until(t, "a message", func() bool {
		got, err := queue.DequeueMessage(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Messages) == 1 {
			message = *got.Messages[0].MessageText
		}
		return message != ""
	})
	content, err := base64.StdEncoding.DecodeString(message)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// storage returns a new queue and a new container.
func storage(t *testing.T) (*azqueue.QueueClient, *container.Client) {
	t.Helper()
	server, name := azurite.ForTest(t), azurite.Prefix()+"acssim"
	queueKey, err := azqueue.NewSharedKeyCredential(account, key)
	if err != nil {
		t.Fatal(err)
	}
	queue, err := azqueue.NewQueueClientWithSharedKeyCredential(server.QueueURL+"/"+name, queueKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	blobKey, err := container.NewSharedKeyCredential(account, key)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := container.NewClientWithSharedKeyCredential(server.BlobURL+"/"+name, blobKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := queue.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := blobs.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return queue, blobs
}

// until waits until there returns true, or the test has no time left.
func until(t *testing.T, what string, there func() bool) {
	t.Helper()
	for !there() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatalf("the test has no time left, want %s", what)
		}
	}
}
