package acssim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
)

// SharedKeyExport returns a function for Server.Export that writes with the key of
// the storage account; the service itself has a managed identity.
func SharedKeyExport(account, key string) (func(ctx context.Context, url string, content io.ReadSeeker) error, error) {
	credential, err := azblob.NewSharedKeyCredential(account, key)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, url string, content io.ReadSeeker) error {
		blob, err := blockblob.NewClientWithSharedKeyCredential(url, credential, nil)
		if err != nil {
			return err
		}
		_, err = blob.Upload(ctx, streaming.NopCloser(content), nil)
		return err
	}, nil
}

// exportTime bounds the export of one file.
const exportTime = time.Minute

// export writes documents into the application's container and announces them. If
// that fails it announces the service's own copies.
//
// Source: learn.microsoft.com, "Bring your own storage for recordings", which
// names the files; the names of WAV files and the locations of a success are an
// inference.
func (r *recording) export(documents []*document, container, reason string) {
	s := r.call.s
	s.mu.Lock()
	twice := s.eventFaults("export", r.id).duplicate
	s.mu.Unlock()
	data := r.fileData(documents, reason)
	data.RecordingID, data.StorageType = r.id, "AzureBlob"
	err := r.exportTo(container, 1, documents, data.StorageInfo.Chunks)
	if err == nil && twice { // the service is known to do so
		err = r.exportTo(container, 2, documents, data.StorageInfo.Chunks)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.note(r.call, "recording", "the export failed: %v", err)
		data = r.fileData(documents, reason)
		data.RecordingID = r.id
	}
	r.announce(data, "serverCallId/"+r.call.serverCallID)
}

// exportTo exports documents into the folder of the n-th export and sets the
// locations in chunks.
func (r *recording) exportTo(container string, n int, documents []*document, chunks []chunkInfo) error {
	s := r.call.s
	folder := fmt.Sprintf("%s/%s/%s/%.8s-%s/", strings.TrimSuffix(container, "/"), r.started.UTC().Format("20060102"),
		r.call.conversation, r.id, s.id("export", r.id, n))
	for i, d := range documents {
		content := fmt.Sprintf("%s%d-audio%s.%s.%s", folder, d.index, r.format.format, d.id, r.format.format)
		metadata := fmt.Sprintf("%s%d-acsmetadata.%s.json", folder, d.index, d.id)
		if err := s.export(content, d.wave.reader()); err != nil {
			return err
		}
		if err := s.export(metadata, bytes.NewReader(d.metadata)); err != nil {
			return err
		}
		chunks[i].ContentLocation, chunks[i].MetadataLocation, chunks[i].DeleteLocation = content, metadata, content
	}
	return nil
}

func (s *Server) export(url string, content io.ReadSeeker) error {
	if s.Export == nil {
		return fmt.Errorf("the resource has no role on the storage account")
	}
	ctx, cancel := context.WithTimeout(s.ctx, exportTime)
	defer cancel()
	return s.Export(ctx, url, content)
}
