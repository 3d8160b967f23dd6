package rig

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"switchboard/handler/exchange"
	"switchboard/test/acssim"
)

// announceRecordings makes the queue of recordings and, if the simulator has no
// subscriptions of its own, subscribes the queue to them as Event Grid does: past
// the proxies.
func (r *Rig) subscribeRecordings(ctx context.Context) error {
	queue, err := azqueue.NewQueueClientFromConnectionString(r.Azurite.ConnectionString(), exchange.RecordingQueue, nil)
	if err != nil {
		return err
	}
	if _, err := queue.Create(ctx, nil); err != nil {
		return err
	}
	if len(r.ACS.Subscriptions) == 0 {
		r.ACS.Subscriptions = []acssim.Subscription{
			{Types: []string{"RecordingFileStatusUpdated"}, Queue: acssim.StorageQueue(queue)},
		}
	}
	return nil
}
