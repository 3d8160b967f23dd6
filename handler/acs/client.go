package acs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	moduleName    = "acs"
	moduleVersion = "v0.1.0"

	// apiVersion is the version of the REST API that this package speaks.
	// Source: Azure/azure-rest-api-specs, communicationservicescallautomation.json, stable/2026-03-12.
	apiVersion = "2026-03-12"

	// tokenScope is the scope that Microsoft's own clients ask for; the double slash is theirs.
	tokenScope = "https://communication.azure.com//.default"
)

// Client speaks to the Call Automation API of one ACS resource. It is safe for
// concurrent use.
type Client struct {
	azc      *azcore.Client
	retry    policy.RetryOptions
	endpoint string // scheme and host, no slash at the end
}

// ClientOptions are the optional settings of a Client; nil means all defaults.
type ClientOptions struct {
	// ClientOptions are azcore's: transport, retry, logging, tracing. Of Retry,
	// the client takes counts, delays and TryTimeout; which answers lead to a
	// repeat it decides itself, see the package comment.
	azcore.ClientOptions
}

// NewClient returns a client that identifies itself with Microsoft Entra
// tokens. The endpoint is the resource's, such as
// "https://contoso.unitedstates.communication.azure.com". Tokens are only sent
// over https.
func NewClient(endpoint string, cred azcore.TokenCredential, options *ClientOptions) (*Client, error) {
	if cred == nil {
		return nil, errors.New("acs: no credential")
	}
	return newClient(endpoint, runtime.NewBearerTokenPolicy(cred, []string{tokenScope}, nil), options)
}

// NewClientWithKey returns a client that signs its requests with one of the
// resource's two access keys, given in base64 as the portal shows it. Plain
// http is allowed to a loopback address, for tests and simulators.
func NewClientWithKey(endpoint, accessKey string, options *ClientOptions) (*Client, error) {
	key, err := base64.StdEncoding.DecodeString(accessKey)
	if err != nil || len(key) == 0 {
		return nil, errors.New("acs: the access key is not base64") // the decoder's error would quote it
	}
	return newClient(endpoint, &keyPolicy{key}, options)
}

func newClient(endpoint string, auth policy.Policy, options *ClientOptions) (*Client, error) {
	base, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	if options == nil {
		options = &ClientOptions{}
	}
	azc, err := azcore.NewClient(moduleName, moduleVersion, runtime.PipelineOptions{
		AllowedQueryParameters: []string{"api-version"},
		APIVersion:             runtime.APIVersionOptions{Name: "api-version"},
		PerCall:                []policy.Policy{runtime.NewRequestIDPolicy()},
		PerRetry:               []policy.Policy{auth},
		Tracing:                runtime.TracingOptions{Namespace: "Microsoft.Communication"},
	}, &options.ClientOptions)
	if err != nil {
		return nil, fmt.Errorf("acs: %w", err)
	}
	return &Client{azc: azc, retry: options.Retry, endpoint: base}, nil
}

// parseEndpoint returns scheme and host of an endpoint, without the slash that
// the portal puts at its end.
func parseEndpoint(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "":
		return "", errors.New("acs: the endpoint is not an absolute URL")
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("acs: the endpoint has more than a scheme and a host")
	case !secure(u):
		return "", errors.New("acs: the endpoint is neither https nor http on loopback")
	}
	return u.Scheme + "://" + u.Host, nil
}

// secure reports whether a signed request may be sent to u.
func secure(u *url.URL) bool {
	switch u.Scheme {
	case "https":
		return true
	case "http":
		addr, err := netip.ParseAddr(u.Hostname())
		return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	}
	return false
}
