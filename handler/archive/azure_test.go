package archive_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"switchboard/handler/archive"
	"switchboard/handler/archive/archivetest"
	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
)

// noRepeats are the options of a client that sends each request once.
var noRepeats = azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}

// azure is an archive.Azure whose files can be read.
type azure struct{ archive.Azure }

func (a azure) Read(ctx context.Context, name string) ([]byte, error) {
	got, err := a.Container.NewBlobClient(name).DownloadStream(ctx, nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound) {
		return nil, archive.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	return io.ReadAll(got.Body)
}

// newAzure returns an empty container of the Azurite that connection names.
func newAzure(t *testing.T, connection string, o azcore.ClientOptions) azure {
	t.Helper()
	client, err := container.NewClientFromConnectionString(
		connection, azurite.Prefix()+"recordings", &container.ClientOptions{ClientOptions: o})
	if err != nil {
		t.Fatal(err)
	}
	a := azure{archive.Azure{Container: client}}
	for range 2 { // Create may be repeated
		if err := a.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func TestAzuriteKeepsTheContract(t *testing.T) {
	server := azurite.ForTest(t)
	archivetest.Run(t, func(t *testing.T) archivetest.Files {
		return newAzure(t, server.ConnectionString(), azcore.ClientOptions{})
	})
}

// TestACopyToAzureResumesAfterAnyFailedRequest uses a client that does not repeat
// requests. The crash tests check the same on a Memory.
func TestACopyToAzureResumesAfterAnyFailedRequest(t *testing.T) {
	server := azurite.ForTest(t)
	r := &recording{content: text(3*block + 1), etag: `"0x8D"`, contentType: "audio/wav"}
	const requests = 4 + 1 // to stage, to commit
	for _, when := range []faultproxy.When{faultproxy.WhenBefore, faultproxy.WhenAfter} {
		for n := 1; n <= requests; n++ {
			hook := &faultproxy.Hook{}
			files := newAzure(t, throughProxy(t, server, hook), noRepeats)
			dropAt := len(hook.Seen()) + n
			hook.At = func(n int, at faultproxy.When, _ *http.Request) bool {
				return n == dropAt && at == when
			}
			p, done, err := copyTo(t, files, r.open, archive.Progress{}, ever)
			if done || !errors.Is(err, archive.ErrFiles) {
				t.Fatalf("request %d, %v: done %t, %v, want false, %v", n, when, done, err, archive.ErrFiles)
			}
			if p, done, err = copyTo(t, files, r.open, p, ever); !done || err != nil {
				t.Fatalf("request %d, %v, again: done %t, %v, want true", n, when, done, err)
			}
			checkBlob(t, files, r, p)
		}
	}
}

// TestACommitWhoseAnswerWasLostIsDone uses a client that repeats the commit, which
// then finds its own file.
func TestACommitWhoseAnswerWasLostIsDone(t *testing.T) {
	server := azurite.ForTest(t)
	hook := &faultproxy.Hook{}
	files := newAzure(t, throughProxy(t, server, hook),
		azcore.ClientOptions{Retry: policy.RetryOptions{RetryDelay: time.Millisecond}})
	lost := 0
	hook.At = func(_ int, when faultproxy.When, r *http.Request) bool {
		if when == faultproxy.WhenAfter && r.URL.Query().Get("comp") == "blocklist" && lost == 0 {
			lost++
			return true
		}
		return false
	}
	r := &recording{content: text(3 * block), contentType: "audio/wav"}
	p, done, err := copyTo(t, files, r.open, archive.Progress{}, ever)
	if !done || err != nil || lost != 1 {
		t.Fatalf("done %t, %v, %d answers lost, want true, 1", done, err, lost)
	}
	checkBlob(t, files, r, p)
}

// throughProxy returns the connection string of an Azurite behind a proxy for blobs.
func throughProxy(t *testing.T, server *azurite.Server, hook *faultproxy.Hook) string {
	t.Helper()
	target, err := url.Parse(server.BlobURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := faultproxy.Start(target, hook)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return azurite.ConnectionString(proxy.URL, server.QueueURL, server.TableURL)
}

func checkBlob(t *testing.T, files azure, r *recording, p archive.Progress) {
	t.Helper()
	got, err := files.Read(t.Context(), name)
	if err != nil || string(got) != r.content {
		t.Errorf("%q is there, %v; want %q", got, err, r.content)
	}
	info, err := files.Stat(t.Context(), name)
	if err != nil || info.Size != int64(len(r.content)) || info.SHA256 != hexSum(r.content) || p.SHA256() != info.SHA256 {
		t.Errorf("file %+v, %v, want %d bytes with hash %s", info, err, len(r.content), hexSum(r.content))
	}
}

func TestCopyUsesBlocksOfBlockSize(t *testing.T) {
	files := newAzure(t, azurite.ForTest(t).ConnectionString(), azcore.ClientOptions{})
	r := &recording{content: text(2*archive.BlockSize + 5), contentType: "audio/wav"}
	p, done, err := archive.Copy(t.Context(), r.open, files, name, archive.Progress{}, ever)
	if !done || err != nil {
		t.Fatalf("done %t, %v, want true", done, err)
	}
	checkBlob(t, files, r, p)
}

func TestErrorsOfStorageNameTheOperationAndTheCode(t *testing.T) {
	server := azurite.ForTest(t)
	client, err := container.NewClientFromConnectionString(
		server.ConnectionString(), azurite.Prefix()+"nowhere", &container.ClientOptions{ClientOptions: noRepeats})
	if err != nil {
		t.Fatal(err)
	}
	hook := &faultproxy.Hook{}
	dropped := newAzure(t, throughProxy(t, server, hook), noRepeats)
	hook.At = func(int, faultproxy.When, *http.Request) bool { return true }
	there := newAzure(t, server.ConnectionString(), noRepeats)
	if err := there.Commit(t.Context(), name, nil, archive.Info{}); err != nil {
		t.Fatal(err)
	}
	_, notFound := there.Stat(t.Context(), "nothing")
	exists := there.Commit(t.Context(), name, nil, archive.Info{})
	noBlock := there.Commit(t.Context(), "new", []string{"MQ=="}, archive.Info{})
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"refused", archive.Azure{Container: client}.Put(t.Context(), name, nil), "put: 404 ContainerNotFound"},
		{"no file", notFound, "stat: no such file: 404 BlobNotFound"},
		{"a file", exists, "commit: there is a file of that name: 409 BlobAlreadyExists"},
		{"no block", noBlock, "commit: a block is not there: 400 InvalidBlockList"},
		{"no answer", dropped.Put(t.Context(), name, nil), "put: EOF"},
	} {
		if tt.err == nil || tt.err.Error() != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.err, tt.want)
		}
	}
}
