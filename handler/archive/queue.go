package archive

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"
)

// MaxDelay is how long a message can be kept back.
// Source: https://learn.microsoft.com/rest/api/storageservices/put-message
const MaxDelay = 7 * 24 * time.Hour

// Queue sends messages to a storage queue: how a run that was not finished sees to
// the next one.
type Queue struct{ Client *azqueue.QueueClient }

// Create creates the queue if it does not exist. It may be repeated.
func (q Queue) Create(ctx context.Context) error {
	_, err := q.Client.Create(ctx, nil)
	if queueerror.HasCode(err, queueerror.QueueAlreadyExists) { // and has metadata that somebody gave it
		return nil
	}
	return failed("create queue", err)
}

// Send puts a message into the queue, to be seen after a delay of at most
// MaxDelay, in whole seconds, rounded up. The text has at most 48 KiB. It does not
// expire. A repeat is a second message, and after an answer that was lost the
// client's own repeat is one too.
//
// The text goes as base64: versions of the Functions queue extension that are in
// use take nothing else, whatever host.json says.
func (q Queue) Send(ctx context.Context, text string, delay time.Duration) error {
	if delay < 0 || delay > MaxDelay {
		return fmt.Errorf("send: %w: a delay of %v", ErrInvalid, delay)
	}
	const forever = -1 // by default a message expires after MaxDelay, with the longest delay unseen
	content := base64.StdEncoding.EncodeToString([]byte(text))
	_, err := q.Client.EnqueueMessage(ctx, content, &azqueue.EnqueueMessageOptions{
		TimeToLive:        new(int32(forever)),
		VisibilityTimeout: new(int32((delay + time.Second - 1) / time.Second)),
	})
	return failed("send", err)
}
