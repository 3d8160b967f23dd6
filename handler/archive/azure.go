package archive

import (
	"bytes"
	"context"
	"crypto/md5"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// Azure keeps files as block blobs in one container of Blob Storage. It repeats
// requests as the container's client is told to. A block that is never committed
// goes away a week after the last one that was staged for its file.
type Azure struct{ Container *container.Client }

var _ Files = Azure{}

// Create creates the container if it does not exist. It may be repeated.
func (a Azure) Create(ctx context.Context) error {
	_, err := a.Container.Create(ctx, nil)
	if bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return nil
	}
	return failed("create container", err)
}

// Stage implements Files. The service checks that the block came as it was sent.
func (a Azure) Stage(ctx context.Context, name, block string, body []byte) error {
	sum := md5.Sum(body) // not for security: it is what the service can check without another copy in memory
	_, err := a.Container.NewBlockBlobClient(name).StageBlock(ctx, block, streaming.NopCloser(bytes.NewReader(body)),
		&blockblob.StageBlockOptions{TransactionalValidation: blob.TransferValidationTypeMD5(sum[:])})
	return failed("stage block", err)
}

// Commit implements Files.
func (a Azure) Commit(ctx context.Context, name string, blocks []string, info Info) error {
	if err := info.Check(); err != nil {
		return err
	}
	metadata := make(map[string]*string)
	for name, value := range info.Metadata {
		metadata[name] = &value
	}
	if info.SHA256 != "" {
		metadata[metaSHA256] = &info.SHA256
	}
	options := &blockblob.CommitBlockListOptions{
		Metadata: metadata,
		AccessConditions: &blob.AccessConditions{
			ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: new(azcore.ETagAny)},
		},
	}
	if info.ContentType != "" {
		options.HTTPHeaders = &blob.HTTPHeaders{BlobContentType: &info.ContentType}
	}
	_, err := a.Container.NewBlockBlobClient(name).CommitBlockList(ctx, blocks, options)
	return failed("commit", err)
}

// Stat implements Files.
func (a Azure) Stat(ctx context.Context, name string) (Info, error) {
	got, err := a.Container.NewBlobClient(name).GetProperties(ctx, nil)
	if err != nil {
		return Info{}, failed("stat", err)
	}
	info := Info{Size: value(got.ContentLength), ContentType: value(got.ContentType)}
	for name, v := range got.Metadata {
		name = strings.ToLower(name) // HTTP has changed the case
		if name == metaSHA256 {
			info.SHA256 = value(v)
			continue
		}
		if info.Metadata == nil {
			info.Metadata = make(map[string]string)
		}
		info.Metadata[name] = value(v)
	}
	return info, nil
}

// Put implements Files.
func (a Azure) Put(ctx context.Context, name string, doc []byte) error {
	_, err := a.Container.NewBlockBlobClient(name).Upload(ctx, streaming.NopCloser(bytes.NewReader(doc)),
		&blockblob.UploadOptions{HTTPHeaders: &blob.HTTPHeaders{BlobContentType: new("application/json")}})
	return failed("put", err)
}

// value is what p points to, the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
