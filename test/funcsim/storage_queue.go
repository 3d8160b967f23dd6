package funcsim

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"
)

// storageQueue is a queue of an Azure Storage account, or of Azurite.
type storageQueue struct {
	queue, poison *azqueue.QueueClient
}

// NewStorageQueue opens a queue by the account's connection string. It need not
// exist yet.
func NewStorageQueue(connectionString, name string) (Queue, error) {
	// The host's own client repeats a request as often, with the same waits.
	options := &azqueue.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: 5}}}
	queue, err := azqueue.NewQueueClientFromConnectionString(developmentStorage(connectionString), name, options)
	if err != nil {
		return nil, fmt.Errorf("open queue %s: %w", name, err)
	}
	poison, err := azqueue.NewQueueClientFromConnectionString(developmentStorage(connectionString), name+poisonSuffix, options)
	if err != nil {
		return nil, fmt.Errorf("open queue %s: %w", name+poisonSuffix, err)
	}
	return &storageQueue{queue, poison}, nil
}

// developmentStorage returns s with the short form for Azurite on its default ports
// expanded, which the client does not know. Account and key are public.
// Source: learn.microsoft.com/azure/storage/common/storage-use-azurite.
func developmentStorage(s string) string {
	if s != "UseDevelopmentStorage=true" {
		return s
	}
	return "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
		"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
		"BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
}

func (q *storageQueue) Receive(ctx context.Context, n int, hide time.Duration) ([]Message, error) {
	resp, err := q.queue.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{
		NumberOfMessages:  new(int32(n)),
		VisibilityTimeout: new(seconds(hide)),
	})
	if queueerror.HasCode(err, queueerror.QueueNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Message
	for _, m := range resp.Messages {
		out = append(out, Message{
			ID: *m.MessageID, PopReceipt: *m.PopReceipt, Text: deref(m.MessageText),
			DequeueCount: int(*m.DequeueCount),
			Inserted:     *m.InsertionTime, Expires: *m.ExpirationTime, NextVisible: *m.TimeNextVisible,
		})
	}
	return out, nil
}

func (q *storageQueue) Hide(ctx context.Context, m Message, hide time.Duration) (Message, error) {
	resp, err := q.queue.UpdateMessage(ctx, m.ID, m.PopReceipt, m.Text,
		&azqueue.UpdateMessageOptions{VisibilityTimeout: new(seconds(hide))})
	if err != nil {
		return m, gone(err)
	}
	m.PopReceipt, m.NextVisible = *resp.PopReceipt, *resp.TimeNextVisible
	return m, nil
}

func (q *storageQueue) Delete(ctx context.Context, m Message) error {
	_, err := q.queue.DeleteMessage(ctx, m.ID, m.PopReceipt, nil)
	return gone(err)
}

// gone returns ErrMessageGone in place of the service's errors of that meaning.
func gone(err error) error {
	if queueerror.HasCode(err, queueerror.MessageNotFound, queueerror.PopReceiptMismatch, queueerror.QueueNotFound) {
		return fmt.Errorf("%w: %w", ErrMessageGone, err)
	}
	return err
}

func (q *storageQueue) Poison(ctx context.Context, m Message) error {
	if _, err := q.poison.Create(ctx, nil); err != nil && !queueerror.HasCode(err, queueerror.QueueAlreadyExists) {
		return err
	}
	_, err := q.poison.EnqueueMessage(ctx, m.Text, nil)
	return err
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
