package catalog

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"switchboard/handler/storageerror"
)

// maxDocument is the largest size of a document that Get reads, in bytes.
const maxDocument = 1 << 20

// Azure stores documents in one container of Blob Storage.
type Azure struct{ Container *container.Client }

// Create creates the container if it does not exist.
func (a Azure) Create(ctx context.Context) error {
	_, err := a.Container.Create(ctx, nil)
	if bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return nil
	}
	return storageerror.Wrap("catalog: create", nil, err)
}

// Get returns the document with this name. The error is ErrNotFound if it does not exist.
func (a Azure) Get(ctx context.Context, name string) ([]byte, error) {
	res, err := a.Container.NewBlobClient(name).DownloadStream(ctx, nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storageerror.Wrap("catalog: read", nil, err)
	}
	body := res.NewRetryReader(ctx, nil)
	defer body.Close()
	doc, err := io.ReadAll(io.LimitReader(body, maxDocument+1))
	if err != nil {
		return nil, storageerror.Wrap("catalog: read", nil, err)
	}
	if len(doc) > maxDocument {
		return nil, fmt.Errorf("document of more than %d bytes", maxDocument)
	}
	return doc, nil
}

// Put writes the document and replaces the one of this name, if there is one.
func (a Azure) Put(ctx context.Context, name string, doc []byte) error {
	return storageerror.Wrap("catalog: write", nil, a.upload(ctx, name, doc, nil))
}

// PutNew writes the document unless one of this name exists; that is no error.
func (a Azure) PutNew(ctx context.Context, name string, doc []byte) error {
	err := a.upload(ctx, name, doc, &blob.AccessConditions{
		ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: new(azcore.ETagAny)},
	})
	if bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet) {
		return nil
	}
	return storageerror.Wrap("catalog: write", nil, err)
}

func (a Azure) upload(ctx context.Context, name string, doc []byte, on *blob.AccessConditions) error {
	body := streaming.NopCloser(bytes.NewReader(doc))
	_, err := a.Container.NewBlockBlobClient(name).Upload(ctx, body, &blockblob.UploadOptions{
		AccessConditions: on,
		HTTPHeaders:      &blob.HTTPHeaders{BlobContentType: new("application/json")},
	})
	return err
}
