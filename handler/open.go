package main

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"golang.org/x/sync/errgroup"

	"switchboard/handler/acs"
	"switchboard/handler/auth"
	"switchboard/handler/catalog"
	"switchboard/handler/config"
	"switchboard/handler/exchange"
	"switchboard/handler/invoke"
	"switchboard/handler/store"
)

// storageRetry fits the few seconds in which an event is to be saved: azcore's
// own delays would spend them on waiting.
var storageRetry = policy.RetryOptions{
	MaxRetries: 4, TryTimeout: 4 * time.Second, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second,
}

// open connects the exchange to the world: storage, whose tables and container
// it creates where they are missing, and ACS.
func open(ctx context.Context, c config.Config, server *invoke.Server) (exchange.Parts, error) {
	var cred azcore.TokenCredential
	if c.Storage.ConnectionString == "" || c.ACS.AccessKey == "" {
		var err error
		if cred, err = credential(c); err != nil {
			return exchange.Parts{}, fmt.Errorf("identity: %w", err)
		}
	}
	tables, err := openTables(c, cred)
	if err != nil {
		return exchange.Parts{}, fmt.Errorf("tables: %w", err)
	}
	documents, err := openDocuments(c, cred)
	if err != nil {
		return exchange.Parts{}, fmt.Errorf("documents: %w", err)
	}
	var missing errgroup.Group
	missing.Go(func() error { return tables.Create(ctx, exchange.Tables...) })
	missing.Go(func() error { return documents.Create(ctx) })
	if err := missing.Wait(); err != nil {
		return exchange.Parts{}, fmt.Errorf("storage: %w", err)
	}
	client, err := openACS(c, cred)
	if err != nil {
		return exchange.Parts{}, err
	}
	return exchange.Parts{
		Config:    c,
		Tables:    tables.Table,
		Documents: documents,
		ACS:       client,
		Tokens: auth.NewVerifier(ctx, auth.Tokens{
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

func openTables(c config.Config, cred azcore.TokenCredential) (*store.Account, error) {
	options := &azcore.ClientOptions{Retry: storageRetry}
	if c.Storage.ConnectionString != "" {
		return store.Open(string(c.Storage.ConnectionString), c.Storage.Prefix, options)
	}
	return store.OpenWithCredential(c.Storage.Account, cred, c.Storage.Prefix, options)
}

func openDocuments(c config.Config, cred azcore.TokenCredential) (catalog.Azure, error) {
	options := &service.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: storageRetry}}
	var blobs *service.Client
	var err error
	if c.Storage.ConnectionString != "" {
		blobs, err = service.NewClientFromConnectionString(string(c.Storage.ConnectionString), options)
	} else {
		blobs, err = service.NewClient("https://"+c.Storage.Account+".blob.core.windows.net", cred, options)
	}
	if err != nil {
		return catalog.Azure{}, err
	}
	return catalog.Azure{Container: blobs.NewContainerClient(c.Storage.Prefix + exchange.Container)}, nil
}

func openACS(c config.Config, cred azcore.TokenCredential) (*acs.Client, error) {
	if c.ACS.AccessKey != "" {
		return acs.NewClientWithKey(c.ACS.Endpoint, string(c.ACS.AccessKey), nil)
	}
	return acs.NewClient(c.ACS.Endpoint, cred, nil)
}
