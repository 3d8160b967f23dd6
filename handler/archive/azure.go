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

// Azure keeps files as block blobs in one container of Blob Storage. The options
// of the container's client decide which requests are repeated. Blocks that are
// not committed expire a week after the last one was staged for their file.
type Azure struct{ Container *container.Client }

var _ Files = Azure{}

// Create creates the container if it does not exist. It may be repeated.
func (a Azure) Create(ctx context.Context) error {
	_, err := a.Container.Create(ctx, nil)
	if bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return nil
	}
	return wrap("create container", err)
}

// Stage implements Files. The service verifies the block's MD5.
func (a Azure) Stage(ctx context.Context, name, block string, body []byte) error {
	sum := md5.Sum(body) // against damage, not for security: other checks need a copy in memory
	_, err := a.Container.NewBlockBlobClient(name).StageBlock(ctx, block, streaming.NopCloser(bytes.NewReader(body)),
		&blockblob.StageBlockOptions{TransactionalValidation: blob.TransferValidationTypeMD5(sum[:])})
	return wrap("stage block", err)
}

// Commit implements Files.
func (a Azure) Commit(ctx context.Context, name string, blocks []string, info Info) error {
	options := &blockblob.CommitBlockListOptions{
		AccessConditions: &blob.AccessConditions{
			ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: new(azcore.ETagAny)},
		},
	}
	if info.SHA256 != "" {
		options.Metadata = map[string]*string{metaSHA256: &info.SHA256}
	}
	if info.ContentType != "" {
		options.HTTPHeaders = &blob.HTTPHeaders{BlobContentType: &info.ContentType}
	}
	_, err := a.Container.NewBlockBlobClient(name).CommitBlockList(ctx, blocks, options)
	return wrap("commit", err)
}

// Stat implements Files.
func (a Azure) Stat(ctx context.Context, name string) (Info, error) {
	got, err := a.Container.NewBlobClient(name).GetProperties(ctx, nil)
	if err != nil {
		return Info{}, wrap("stat", err)
	}
	info := Info{Size: value(got.ContentLength), ContentType: value(got.ContentType)}
	for name, v := range got.Metadata {
		if strings.EqualFold(name, metaSHA256) { // HTTP has changed the case
			info.SHA256 = value(v)
		}
	}
	return info, nil
}

// Put implements Files.
func (a Azure) Put(ctx context.Context, name string, doc []byte) error {
	_, err := a.Container.NewBlockBlobClient(name).Upload(ctx, streaming.NopCloser(bytes.NewReader(doc)),
		&blockblob.UploadOptions{HTTPHeaders: &blob.HTTPHeaders{BlobContentType: new("application/json")}})
	return wrap("put", err)
}

// value returns *p, or the zero value if p is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
