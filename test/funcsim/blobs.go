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

// Blobs is where a host keeps its persistent state, the leases and the status of
// its timers: a container of the storage account, or a MemoryBlobs. Of the hosts
// with one host id that share it, one runs each timer. Its methods may be called
// concurrently.
type Blobs interface {
	// Read returns a blob's content, or fs.ErrNotExist.
	Read(ctx context.Context, name string) ([]byte, error)

	// Write replaces a blob's content.
	Write(ctx context.Context, name string, content []byte) error

	// Acquire leases a blob to id for d, from 15 to 60 s. It creates a missing blob.
	// It fails with ErrLeased while another id holds the lease.
	Acquire(ctx context.Context, name, id string, d time.Duration) error

	// Renew restarts the time of a lease. It fails with ErrLeased if id no longer
	// holds the lease.
	Renew(ctx context.Context, name, id string) error

	// Release ends a lease. It succeeds also if id no longer holds the lease.
	Release(ctx context.Context, name, id string) error

	// Break ends a lease of any holder, whose Renew then fails.
	Break(ctx context.Context, name string) error
}

// ErrLeased means that another id holds a lease.
var ErrLeased = errors.New("funcsim: leased by another host")

// hostsContainer is the container of every Functions host's own blobs.
const hostsContainer = "azure-webjobs-hosts"

// storageBlobs is the container of an Azure Storage account, or of Azurite.
type storageBlobs struct{ container *container.Client }

// NewStorageBlobs opens the container by the account's connection string. It
// need not exist yet.
func NewStorageBlobs(connectionString string) (Blobs, error) {
	c, err := container.NewClientFromConnectionString(developmentStorage(connectionString), hostsContainer,
		&container.ClientOptions{ClientOptions: azcore.ClientOptions{
			Retry: policy.RetryOptions{MaxRetries: -1}, // the listener itself tries again
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

// upload writes a blob. It creates the container if there is none.
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

// leaseError returns ErrLeased for the service's errors of that meaning, else err.
func leaseError(err error) error {
	if bloberror.HasCode(err, bloberror.LeaseAlreadyPresent, bloberror.LeaseIDMismatchWithLeaseOperation,
		bloberror.LeaseIsBrokenAndCannotBeRenewed, bloberror.LeaseIsBreakingAndCannotBeAcquired,
		bloberror.LeaseLost, bloberror.LeaseNotPresentWithLeaseOperation) {
		return ErrLeased
	}
	return err
}
