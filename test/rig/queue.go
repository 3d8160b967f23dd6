package rig

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"switchboard/handler/app"
	"switchboard/test/acssim"
)

// subscribeRecordings creates the queue of recordings. If the simulator has no
// subscriptions of its own, it subscribes the queue to recordings, without a proxy, as
// Event Grid does.
func (r *Rig) subscribeRecordings(ctx context.Context) error {
	queue, err := azqueue.NewQueueClientFromConnectionString(r.Azurite.ConnectionString(), app.RecordingQueue, nil)
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
