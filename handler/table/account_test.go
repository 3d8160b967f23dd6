package table

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// anAccount is a connection string as the portal shows it.
const anAccount = "AccountName=a;AccountKey=a2V5;EndpointSuffix=core.windows.net"

var noRetries = policy.RetryOptions{MaxRetries: -1}

func TestOpen(t *testing.T) {
	tests := []struct {
		name, connection string
		want             string // in the error; empty: no error
	}{
		{"an account's string", anAccount, ""},
		{"an empty string", "", "connection string"},
		{"a string without a key", "AccountName=a", "connection string"},
		{"a key that is not base64", "AccountName=a;AccountKey=s3cr3t!", "connection string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(tt.connection, nil)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v, want none", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Open: %v, want %q in it", err, tt.want)
			case err != nil && strings.Contains(err.Error(), "s3cr3t"):
				t.Errorf("error %v, want no key in it", err)
			}
		})
	}
}

func TestCreate(t *testing.T) {
	tests := []struct {
		name   string
		status int
		code   string
		want   string // in the error; empty: no error
	}{
		{"a new table", 204, "", ""},
		{"a table that is there already", 409, "TableAlreadyExists", ""},
		{"a table that is being deleted", 409, "TableBeingDeleted", "calls: create: 409 TableBeingDeleted"},
		{"access is denied", 403, "AuthorizationFailure", "403 AuthorizationFailure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int64
			account, err := Open(anAccount, &azcore.ClientOptions{
				Transport: service(func(r *http.Request) (*http.Response, error) {
					requests.Add(1)
					return answer(r, tt.status, "application/json", odataError(tt.code)), nil
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			err = account.Create(t.Context(), "calls")
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Create: %v, want %q", err, tt.want)
			}
			if requests.Load() != 1 {
				t.Errorf("%d requests, want 1", requests.Load())
			}
		})
	}
}
