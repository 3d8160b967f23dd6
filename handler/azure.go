package main

import (
	"context"
	"fmt"
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
	"switchboard/handler/table"
)

// storageRetry fits the few seconds in which an event is to be saved: azcore's
// own delays would spend them on waiting.
var storageRetry = policy.RetryOptions{
	MaxRetries: 4, TryTimeout: 4 * time.Second, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second,
}

// open connects the exchange to the world: storage, whose tables and container
// it creates where they are missing, and ACS.
func open(ctx context.Context, c config.Config, server *invoke.Server) (app.Parts, error) {
	var cred azcore.TokenCredential
	if c.Storage.ConnectionString == "" || c.ACS.AccessKey == "" {
		var err error
		if cred, err = credential(c); err != nil {
			return app.Parts{}, fmt.Errorf("identity: %w", err)
		}
	}
	tables, err := openTables(c, cred)
	if err != nil {
		return app.Parts{}, fmt.Errorf("tables: %w", err)
	}
	documents, err := openDocuments(c, cred)
	if err != nil {
		return app.Parts{}, fmt.Errorf("documents: %w", err)
	}
	files, err := openFiles(c, cred)
	if err != nil {
		return app.Parts{}, fmt.Errorf("recordings: %w", err)
	}
	queue, err := openQueue(c, cred)
	if err != nil {
		return app.Parts{}, fmt.Errorf("queue: %w", err)
	}
	var missing errgroup.Group
	missing.Go(func() error { return tables.Create(ctx, app.Tables...) })
	missing.Go(func() error { return documents.Create(ctx) })
	missing.Go(func() error { return files.Create(ctx) })
	missing.Go(func() error { return queue.Create(ctx) })
	if err := missing.Wait(); err != nil {
		return app.Parts{}, fmt.Errorf("storage: %w", err)
	}
	client, err := openACS(c, cred)
	if err != nil {
		return app.Parts{}, err
	}
	return app.Parts{
		Config:    c,
		Tables:    tables.Table,
		Documents: documents,
		Files:     files,
		Queue:     queue,
		ACS:       client,
		Verifier: auth.NewVerifier(ctx, auth.TokenConfig{
			Issuer: c.ACS.Issuer, Audience: c.ACS.ResourceID, JWKSURL: c.ACS.JWKSURL,
		}, nil),
		Go: server.Go,
	}, nil
}

// credential is the app's identity: the one named in the settings, else the
// system-assigned one, else the developer's own.
func credential(c config.Config) (azcore.TokenCredential, error) {
	if c.Storage.ClientID != "" {
		return azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
			ID: azidentity.ClientID(c.Storage.ClientID),
		})
	}
	return azidentity.NewDefaultAzureCredential(nil)
}

func openTables(c config.Config, cred azcore.TokenCredential) (*table.Account, error) {
	options := &azcore.ClientOptions{Retry: storageRetry}
	if c.Storage.ConnectionString != "" {
		return table.Open(string(c.Storage.ConnectionString), c.Storage.Prefix, options)
	}
	return table.OpenWithCredential(c.Storage.Account, cred, c.Storage.Prefix, options)
}

func openDocuments(c config.Config, cred azcore.TokenCredential) (catalog.Azure, error) {
	blobs, err := openBlobs(c, cred, storageRetry)
	if err != nil {
		return catalog.Azure{}, err
	}
	return catalog.Azure{Container: blobs.NewContainerClient(c.Storage.Prefix + app.CatalogContainer)}, nil
}

// fileRetry is for blocks of megabytes, which nobody on the telephone waits for.
var fileRetry = policy.RetryOptions{MaxRetries: 4, TryTimeout: time.Minute}

func openFiles(c config.Config, cred azcore.TokenCredential) (archive.Azure, error) {
	blobs, err := openBlobs(c, cred, fileRetry)
	if err != nil {
		return archive.Azure{}, err
	}
	return archive.Azure{Container: blobs.NewContainerClient(c.Storage.Prefix + app.RecordingsContainer)}, nil
}

func openBlobs(c config.Config, cred azcore.TokenCredential, retry policy.RetryOptions) (*service.Client, error) {
	options := &service.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: retry}}
	if c.Storage.ConnectionString != "" {
		return service.NewClientFromConnectionString(string(c.Storage.ConnectionString), options)
	}
	return service.NewClient("https://"+c.Storage.Account+".blob.core.windows.net", cred, options)
}

func openQueue(c config.Config, cred azcore.TokenCredential) (archive.Queue, error) {
	options := &azqueue.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: storageRetry}}
	var queues *azqueue.ServiceClient
	var err error
	if c.Storage.ConnectionString != "" {
		queues, err = azqueue.NewServiceClientFromConnectionString(string(c.Storage.ConnectionString), options)
	} else {
		queues, err = azqueue.NewServiceClient("https://"+c.Storage.Account+".queue.core.windows.net", cred, options)
	}
	if err != nil {
		return archive.Queue{}, err
	}
	return archive.Queue{Client: queues.NewQueueClient(app.RecordingQueue)}, nil
}

func openACS(c config.Config, cred azcore.TokenCredential) (*acs.Client, error) {
	options := &acs.ClientOptions{RecordingHosts: c.RecordingHosts}
	if c.ACS.AccessKey != "" {
		return acs.NewClientWithKey(c.ACS.Endpoint, string(c.ACS.AccessKey), options)
	}
	return acs.NewClient(c.ACS.Endpoint, cred, options)
}
