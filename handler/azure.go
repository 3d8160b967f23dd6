package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"golang.org/x/sync/errgroup"

	"switchboard/handler/acs"
	"switchboard/handler/app"
	"switchboard/handler/archive"
	"switchboard/handler/auth"
	"switchboard/handler/catalog"
	"switchboard/handler/config"
	"switchboard/handler/invoke"
	"switchboard/handler/queue"
	"switchboard/handler/table"
)

var (
	// storageRetry fits the few seconds in which an event must be saved: azcore's default delays would use
	// them up.
	storageRetry = policy.RetryOptions{
		MaxRetries: 4, TryTimeout: 4 * time.Second, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second,
	}
	// fileRetry is for blocks of megabytes, which no event waits for.
	fileRetry = policy.RetryOptions{MaxRetries: 4, TryTimeout: time.Minute}
)

// maxIdleConns is the number of connections to a service of storage that are kept for the next requests. With
// fewer than there are requests at a time, a new connection is opened for every other request.
const maxIdleConns = 128

// transport returns the transport that all clients of storage share, with its connections.
var transport = sync.OnceValue(func() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, maxIdleConns
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: t}
})

// open opens storage and ACS. It creates the tables, containers and queues that are missing.
func open(ctx context.Context, c config.Config, server *invoke.Server) (app.Parts, error) {
	a, err := newAzure(c)
	if err != nil {
		return app.Parts{}, err
	}
	s, err := a.storage()
	if err != nil {
		return app.Parts{}, err
	}
	client, err := a.acs()
	if err != nil {
		return app.Parts{}, err
	}
	if err := s.create(ctx); err != nil {
		return app.Parts{}, fmt.Errorf("storage: %w", err)
	}
	return app.Parts{
		Config:    c,
		Tables:    s.tables.Table,
		Documents: s.documents,
		Files:     s.recordings,
		ACS:       client,

		RecordingQueue: s.recordingQueue,
		DeadlineQueue:  s.deadlineQueue,
		Verifier: auth.NewVerifier(ctx, auth.TokenConfig{
			Issuer: c.ACS.Issuer, Audience: c.ACS.ResourceID, JWKSURL: c.ACS.JWKSURL,
		}, nil),
		Go: server.Go,
	}, nil
}

// storage is what the app keeps in its storage account.
type storage struct {
	tables     *table.Account
	documents  catalog.Azure
	recordings archive.Azure

	recordingQueue, deadlineQueue queue.Queue
}

// create creates what is missing.
func (s storage) create(ctx context.Context) error {
	var missing errgroup.Group
	missing.Go(func() error { return s.tables.Create(ctx, app.Tables...) })
	missing.Go(func() error { return s.documents.Create(ctx) })
	missing.Go(func() error { return s.recordings.Create(ctx) })
	missing.Go(func() error { return s.recordingQueue.Create(ctx) })
	missing.Go(func() error { return s.deadlineQueue.Create(ctx) })
	return missing.Wait()
}

// azure opens the clients of Azure's services, with the connection string or key of the settings, or else
// with the app's identity.
type azure struct {
	config.Config
	cred azcore.TokenCredential // nil where all services have keys
}

// newAzure returns the azure of the settings.
func newAzure(c config.Config) (azure, error) {
	a := azure{Config: c}
	if c.Storage.ConnectionString != "" && c.ACS.AccessKey != "" {
		return a, nil
	}
	var err error
	if a.cred, err = a.credential(); err != nil {
		return azure{}, fmt.Errorf("identity: %w", err)
	}
	return a, nil
}

// storage opens the storage account.
func (a azure) storage() (storage, error) {
	tables, err := a.tables()
	if err != nil {
		return storage{}, fmt.Errorf("tables: %w", err)
	}
	documents, err := a.blobs(storageRetry)
	if err != nil {
		return storage{}, fmt.Errorf("documents: %w", err)
	}
	files, err := a.blobs(fileRetry)
	if err != nil {
		return storage{}, fmt.Errorf("recordings: %w", err)
	}
	queues, err := a.queues()
	if err != nil {
		return storage{}, fmt.Errorf("queue: %w", err)
	}
	return storage{
		tables:     tables,
		documents:  catalog.Azure{Container: documents.NewContainerClient(app.CatalogContainer)},
		recordings: archive.Azure{Container: files.NewContainerClient(app.RecordingsContainer)},

		recordingQueue: queue.Queue{Client: queues.NewQueueClient(app.RecordingQueue)},
		deadlineQueue:  queue.Queue{Client: queues.NewQueueClient(app.DeadlineQueue)},
	}, nil
}

// credential returns the app's identity: the one named in the settings, else the system-assigned one, else
// the developer's own.
func (a azure) credential() (azcore.TokenCredential, error) {
	if a.Storage.ClientID != "" {
		return azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
			ID: azidentity.ClientID(a.Storage.ClientID),
		})
	}
	return azidentity.NewDefaultAzureCredential(nil)
}

// storageURL returns the address of a service of the storage account, in the public cloud.
func (a azure) storageURL(service string) string {
	return "https://" + a.Storage.Account + "." + service + ".core.windows.net"
}

// tables opens the tables.
func (a azure) tables() (*table.Account, error) {
	options := &azcore.ClientOptions{Retry: storageRetry, Transport: transport()}
	if a.Storage.ConnectionString != "" {
		return table.Open(string(a.Storage.ConnectionString), options)
	}
	return table.OpenWithCredential(a.storageURL("table"), a.cred, options)
}

// blobs opens the blob containers, with a policy of retries.
func (a azure) blobs(retry policy.RetryOptions) (*service.Client, error) {
	options := &service.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: retry, Transport: transport()}}
	if a.Storage.ConnectionString != "" {
		return service.NewClientFromConnectionString(string(a.Storage.ConnectionString), options)
	}
	return service.NewClient(a.storageURL("blob"), a.cred, options)
}

// queues opens the queues.
func (a azure) queues() (*azqueue.ServiceClient, error) {
	options := &azqueue.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: storageRetry, Transport: transport()}}
	if a.Storage.ConnectionString != "" {
		return azqueue.NewServiceClientFromConnectionString(string(a.Storage.ConnectionString), options)
	}
	return azqueue.NewServiceClient(a.storageURL("queue"), a.cred, options)
}

// acs returns the client of ACS.
func (a azure) acs() (*acs.Client, error) {
	options := &acs.ClientOptions{RecordingHosts: a.RecordingHosts}
	if a.ACS.AccessKey != "" {
		return acs.NewClientWithKey(a.ACS.Endpoint, string(a.ACS.AccessKey), options)
	}
	return acs.NewClient(a.ACS.Endpoint, a.cred, options)
}
