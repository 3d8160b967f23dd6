// Package queue sends messages to queues of Azure Storage. The Functions host receives them.
package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"switchboard/handler/storageerror"
)

// ErrDelay means that no message can be delayed so long, or by a negative time. Nothing was sent.
var ErrDelay = errors.New("not a delay of a message")

// MaxDelay is the longest delay of a message.
// Source: https://learn.microsoft.com/rest/api/storageservices/put-message
const MaxDelay = 7 * 24 * time.Hour

// Queue sends messages to one queue. It may be used concurrently.
type Queue struct{ Client *azqueue.QueueClient }

// Create creates the queue if it does not exist. It may be repeated.
func (q Queue) Create(ctx context.Context) error {
	_, err := q.Client.Create(ctx, nil)
	if queueerror.HasCode(err, queueerror.QueueAlreadyExists) { // with other metadata; with the same, err is nil
		return nil
	}
	return storageerror.Wrap("create queue", nil, err)
}

// Send puts a message into the queue. It becomes visible after delay, which is at
// most MaxDelay and is rounded up to whole seconds. The text has at most 64 KiB, and
// only characters that XML allows; it is sent as it is. The message does not expire. A
// repeat sends a second message; so does the client's own repeat after a lost answer.
func (q Queue) Send(ctx context.Context, text string, delay time.Duration) error {
	if delay < 0 || delay > MaxDelay {
		return fmt.Errorf("send: %w: %v", ErrDelay, delay)
	}
	const forever = -1 // the default is MaxDelay, after which a message of that delay was never visible
	_, err := q.Client.EnqueueMessage(ctx, text, &azqueue.EnqueueMessageOptions{
		TimeToLive:        new(int32(forever)),
		VisibilityTimeout: new(int32((delay + time.Second - 1) / time.Second)),
	})
	return storageerror.Wrap("send", nil, err)
}
