package funcsim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
)

// Blobs is where a host keeps what outlives it, the leases and the status of its
// timers: a container of the storage account, or a MemoryBlobs. Hosts of one host
// id that share it run each timer once between them. Its methods may be called
// concurrently.
type Blobs interface {
	// Read returns a blob's content, or fs.ErrNotExist.
	Read(ctx context.Context, name string) ([]byte, error)

	// Write replaces a blob's content.
	Write(ctx context.Context, name string, content []byte) error

	// Acquire leases a blob to id, from 15 to 60 s, and makes the blob if there is
	// none. It is ErrLeased while somebody else holds the lease.
	Acquire(ctx context.Context, name, id string, d time.Duration) error

	// Renew begins a lease's time anew. It is ErrLeased if the lease is not id's
	// any more.
	Renew(ctx context.Context, name, id string) error

	// Release gives a lease up; one that is not id's any more is not an error.
	Release(ctx context.Context, name, id string) error

	// Break ends a lease, whoever has it: who does learns of it by Renew.
	Break(ctx context.Context, name string) error
}

// ErrLeased says that somebody else holds a lease.
var ErrLeased = errors.New("funcsim: leased by somebody else")

// hostsContainer is where every Functions host keeps what is its own.
const hostsContainer = "azure-webjobs-hosts"

// storageBlobs is the container of an Azure Storage account, or of Azurite.
type storageBlobs struct{ container *container.Client }

// NewStorageBlobs opens the container by the account's connection string. It
// need not exist yet.
func NewStorageBlobs(connectionString string) (Blobs, error) {
	c, err := container.NewClientFromConnectionString(developmentStorage(connectionString), hostsContainer,
		&container.ClientOptions{ClientOptions: azcore.ClientOptions{
			Retry: policy.RetryOptions{MaxRetries: -1}, // the host tries again by itself
		}})
	if err != nil {
		return nil, err
	}
	return &storageBlobs{c}, nil
}

func (b *storageBlobs) Read(ctx context.Context, name string) ([]byte, error) {
	resp, err := b.container.NewBlobClient(name).DownloadStream(ctx, nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func (b *storageBlobs) Write(ctx context.Context, name string, content []byte) error {
	return b.upload(ctx, name, content, nil)
}

// upload writes a blob, and before the first one the container.
func (b *storageBlobs) upload(ctx context.Context, name string, content []byte, on *blob.AccessConditions) error {
	put := func() error {
		_, err := b.container.NewBlockBlobClient(name).Upload(ctx, streaming.NopCloser(bytes.NewReader(content)),
			&blockblob.UploadOptions{AccessConditions: on})
		return err
	}
	err := put()
	if !bloberror.HasCode(err, bloberror.ContainerNotFound) {
		return err
	}
	if _, err := b.container.Create(ctx, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return err
	}
	return put()
}

func (b *storageBlobs) Acquire(ctx context.Context, name, id string, d time.Duration) error {
	l, err := b.lease(name, id)
	if err != nil {
		return err
	}
	_, err = l.AcquireLease(ctx, seconds(d), nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound) {
		err = b.upload(ctx, name, nil, &blob.AccessConditions{
			ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: new(azcore.ETagAny)},
		})
		if err != nil && !bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.LeaseIDMissing) {
			return err
		}
		_, err = l.AcquireLease(ctx, seconds(d), nil)
	}
	return leaseError(err)
}

func (b *storageBlobs) Renew(ctx context.Context, name, id string) error {
	l, err := b.lease(name, id)
	if err != nil {
		return err
	}
	_, err = l.RenewLease(ctx, nil)
	return leaseError(err)
}

func (b *storageBlobs) Release(ctx context.Context, name, id string) error {
	l, err := b.lease(name, id)
	if err != nil {
		return err
	}
	if _, err = l.ReleaseLease(ctx, nil); errors.Is(leaseError(err), ErrLeased) {
		return nil
	}
	return err
}

func (b *storageBlobs) Break(ctx context.Context, name string) error {
	l, err := b.lease(name, newUUID())
	if err != nil {
		return err
	}
	_, err = l.BreakLease(ctx, &lease.BlobBreakOptions{BreakPeriod: new(int32(0))})
	return err
}

func (b *storageBlobs) lease(name, id string) (*lease.BlobClient, error) {
	return lease.NewBlobClient(b.container.NewBlobClient(name), &lease.BlobClientOptions{LeaseID: &id})
}

// leaseError is ErrLeased for the ways in which the service says that.
func leaseError(err error) error {
	if bloberror.HasCode(err, bloberror.LeaseAlreadyPresent, bloberror.LeaseIDMismatchWithLeaseOperation,
		bloberror.LeaseIsBrokenAndCannotBeRenewed, bloberror.LeaseIsBreakingAndCannotBeAcquired,
		bloberror.LeaseLost, bloberror.LeaseNotPresentWithLeaseOperation) {
		return ErrLeased
	}
	return err
}
