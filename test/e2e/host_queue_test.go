package e2e

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"switchboard/test/acssim"
	"switchboard/test/rig"
)

func TestAMessageThatTheBuiltProgramRefuses(t *testing.T) {
	t.Parallel()
	onFuncsim.refusedMessage(t)
}

func TestAMessageThatTheProgramRefusesUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).refusedMessage(t)
}

// refusedMessage puts a message into the queue of recordings that is no event of
// Event Grid: it is tried five times and kept in the poison queue. It is base64, as
// Event Grid sends it: the storage extension at hand takes no other, whatever
// host.json says. The queue's name is fixed, so this rig has an Azurite of its own.
func (h host) refusedMessage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no Azurite")
	}
	const tries = 5
	log := &journal{}
	r, err := rig.Start(t.Context(), rig.Options{Func: string(h), ACS: &acssim.Server{Strict: true}, Log: log.add})
	if err != nil {
		t.Fatalf("%v\n\n%s", err, log)
	}
	t.Cleanup(r.Close)
	queue := func(name string) *azqueue.QueueClient {
		q, err := azqueue.NewQueueClientFromConnectionString(r.Azurite.ConnectionString(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	recordings, poison := queue("recordings"), queue("recordings-poison")
	if _, err := recordings.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	message := base64.StdEncoding.EncodeToString([]byte(`{"id":"m1"}`))
	if _, err := recordings.EnqueueMessage(t.Context(), message, nil); err != nil {
		t.Fatal(err)
	}
	late := time.After(2 * time.Minute) // an idle queue is looked at every few seconds
	kept := ""
	for kept == "" {
		if resp, err := poison.PeekMessage(t.Context(), nil); err == nil && len(resp.Messages) == 1 {
			kept = *resp.Messages[0].MessageText
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-late:
			t.Fatalf("the message was not kept\n%s", log)
		}
	}
	if kept != message {
		t.Errorf("kept %q, want %q", kept, message)
	}
	if lines := log.of("recording"); len(lines) != tries {
		t.Errorf("the function has logged %+v, want %d lines", lines, tries)
	}
}
