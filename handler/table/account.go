package table

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"golang.org/x/sync/errgroup"
)

// tableName matches the names that Azure accepts for a table.
// Source: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
var tableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{2,62}$`)

// Account is the table service of a storage account. All methods may be called concurrently.
type Account struct{ service *aztables.ServiceClient }

// Open returns the account that a connection string names, in the long form: with the account's key and
// endpoints. Nothing is sent yet.
//
// Options set transport, retries and tracing; nil means azcore's defaults: a request that was answered 408,
// 429 or 5xx, or not at all, is tried three more times, first after 0.8 s. For no delay between tries set a
// short one: azcore 1.24.0 treats a negative RetryDelay as the longest delay.
func Open(connectionString string, o *azcore.ClientOptions) (*Account, error) {
	service, err := aztables.NewServiceClientFromConnectionString(connectionString, options(o))
	if err != nil { // aztables names the parts that are missing, not their values
		return nil, fmt.Errorf("storage connection string: %w", err)
	}
	return &Account{service}, nil
}

// OpenWithCredential returns the account at the address of its table service, with a credential instead of a
// key. For the options see Open.
func OpenWithCredential(address string, cred azcore.TokenCredential, o *azcore.ClientOptions) (*Account, error) {
	service, err := aztables.NewServiceClient(address, cred, options(o))
	if err != nil {
		return nil, fmt.Errorf("storage account at %s: %w", address, err)
	}
	return &Account{service}, nil
}

func options(o *azcore.ClientOptions) *aztables.ClientOptions {
	var own aztables.ClientOptions
	if o != nil {
		own.ClientOptions = *o
	}
	own.PerCallPolicies = append(slices.Clone(own.PerCallPolicies), asciiBody{})
	return &own
}

// Table returns the table with the name. Nothing is sent; a table that does not exist fails when it is used
// (see Create). Views that share a Tx must share the Rows that one call returned.
func (a *Account) Table(name string) Rows {
	return &azureTable{name: name, client: a.service.NewClient(name)}
}

// Create creates those of the tables that do not exist, all at the same time. It
// may be repeated, and run by several processes at once.
func (a *Account) Create(ctx context.Context, names ...string) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		g.Go(func() error {
			if !tableName.MatchString(name) {
				return fmt.Errorf("%w: table name %q", ErrInvalid, name)
			}
			_, err := a.service.CreateTable(ctx, name, nil)
			if re, ok := errors.AsType[*azcore.ResponseError](err); ok &&
				re.ErrorCode == string(aztables.TableAlreadyExists) {
				return nil
			}
			return wrap("create", name, err)
		})
	}
	return g.Wait()
}
