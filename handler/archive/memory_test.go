package archive_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"switchboard/handler/archive"
)

// zeros returns a source of size zero bytes, which are not kept in memory.
func zeros(size int64) archive.Source {
	return func(_ context.Context, offset int64) (archive.Content, error) {
		return archive.Content{Body: io.NopCloser(io.LimitReader(zero{}, size-offset)), Size: size}, nil
	}
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// sink is a service that accepts every request and only counts the bytes.
type sink struct{ bytes int64 }

func (s *sink) Do(r *http.Request) (*http.Response, error) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return nil, err
	}
	if r.URL.Query().Get("comp") == "block" {
		s.bytes += n
	}
	return &http.Response{
		StatusCode: http.StatusCreated, Header: http.Header{}, Body: http.NoBody, Request: r,
	}, nil
}

// TestACopyUsesBoundedMemory counts all allocations during a copy, those of the SDK
// too.
func TestACopyUsesBoundedMemory(t *testing.T) {
	const size = 256 << 20
	var service sink
	client, err := container.NewClientWithNoCredential("https://example.invalid/recordings",
		&container.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: &service}})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, done, err := archive.Copy(
		t.Context(), zeros(size), archive.Azure{Container: client}, name, archive.Progress{}, ever)
	runtime.ReadMemStats(&after)
	if !done || err != nil || p.Size != size || service.bytes != size {
		t.Fatalf("done %t, %v, %d bytes sent, want true, %d", done, err, service.bytes, size)
	}
	allocated := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d KiB allocated for a file of %d KiB", allocated>>10, size>>10)
	if allocated > 3*archive.BlockSize {
		t.Errorf("%d bytes were allocated, want three blocks of %d at most", allocated, archive.BlockSize)
	}
}
