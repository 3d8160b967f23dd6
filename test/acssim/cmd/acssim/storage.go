package main

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"switchboard/test/acssim"
)

// The well-known account of Azurite.
//
// Source: learn.microsoft.com, "Use the Azurite emulator for local Azure Storage development".
const (
	azuriteAccount = "devstoreaccount1"
	azuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// useAzurite makes the simulator export recordings into Azurite. If queue is not
// empty, it is the URL of a queue of Azurite that announces recordings.
func useAzurite(sim *acssim.Server, queue string, plain bool) (err error) {
	if sim.Export, err = acssim.SharedKeyExport(azuriteAccount, azuriteKey); err != nil || queue == "" {
		return err
	}
	credential, err := azqueue.NewSharedKeyCredential(azuriteAccount, azuriteKey)
	if err != nil {
		return err
	}
	client, err := azqueue.NewQueueClientWithSharedKeyCredential(queue, credential, nil)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	sim.Subscriptions = append(sim.Subscriptions, acssim.Subscription{
		Types: []string{"RecordingFileStatusUpdated"}, Queue: acssim.StorageQueue(client), PlainText: plain,
	})
	return nil
}
