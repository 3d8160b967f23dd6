package acs

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	moduleName    = "acs"
	moduleVersion = "v0.2.0"

	// apiVersion is the version of the REST API that this package speaks.
	// Source: Azure/azure-rest-api-specs, communicationservicescallautomation.json, stable/2026-03-12.
	apiVersion = "2026-03-12"

	// tokenScope is the scope that Microsoft's own clients ask for; the double slash is theirs.
	tokenScope = "https://communication.azure.com//.default"
)

// Client speaks to the Call Automation API of one ACS resource. It is safe for
// concurrent use.
type Client struct {
	azc            *azcore.Client
	retry          policy.RetryOptions
	endpoint       *url.URL // scheme and host alone
	version        string
	recordingHosts []string
}

// ClientOptions are the optional settings of a Client; nil means all defaults.
type ClientOptions struct {
	// ClientOptions are azcore's: transport, retry, logging, tracing, and an
	// APIVersion other than the one that this package was written for. Of
	// Retry, the client uses counts, delays and TryTimeout. It decides itself
	// which answers lead to a repeat: see the package comment.
	//
	// Redirects are not followed, because requests carry credentials. That holds
	// for the default transport and for an *http.Client; any other Transport
	// must not follow them either.
	azcore.ClientOptions

	// RecordingHosts are host names from which recordings may be fetched besides
	// those of the service. A name that begins with a dot stands for all hosts
	// under it. Plain http is used only on loopback, and only if the endpoint is
	// plain http as well. Requests to these hosts carry credentials.
	RecordingHosts []string
}

// NewClient returns a client that authenticates with Microsoft Entra tokens.
// The endpoint is the resource's, such as
// "https://contoso.unitedstates.communication.azure.com", or that of a proxy in
// front of it. Tokens are only sent over https.
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
	key, err := ParseAccessKey(accessKey)
	if err != nil {
		return nil, err
	}
	return newClient(endpoint, newKeyPolicy(key), options)
}

// NewClientFromConnectionString returns the client of NewClientWithKey for a
// connection string as the portal shows it: "endpoint=https://…/;accesskey=…".
// The names match in any case and order; other members are ignored.
func NewClientFromConnectionString(connectionString string, options *ClientOptions) (*Client, error) {
	members := make(map[string]string)
	for member := range strings.SplitSeq(connectionString, ";") {
		name, value, _ := strings.Cut(member, "=") // the first one: keys end in "="
		members[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	endpoint, key := members["endpoint"], members["accesskey"]
	if endpoint == "" || key == "" {
		return nil, errors.New("acs: the connection string lacks endpoint or accesskey")
	}
	return NewClientWithKey(endpoint, key, options)
}

func newClient(endpoint string, auth policy.Policy, options *ClientOptions) (*Client, error) {
	base, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	o := orDefault(options)
	version := cmp.Or(o.APIVersion, apiVersion)
	o.APIVersion = "" // it is in the URLs; azcore would write it into next links and recordings' addresses too
	o.Transport = withoutRedirects(o.Transport)
	azc, err := azcore.NewClient(moduleName, moduleVersion, runtime.PipelineOptions{
		AllowedQueryParameters: []string{"api-version"},
		PerRetry:               []policy.Policy{auth},
		Tracing:                runtime.TracingOptions{Namespace: "Microsoft.Communication"},
	}, &o.ClientOptions)
	if err != nil {
		return nil, fmt.Errorf("acs: %w", err)
	}
	return &Client{azc: azc, retry: o.Retry, endpoint: base, version: version, recordingHosts: o.RecordingHosts}, nil
}

// parseEndpoint returns scheme and host of an endpoint, without the slash that
// the portal puts at its end.
func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "":
		return nil, errors.New("acs: the endpoint is not an absolute URL")
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("acs: the endpoint has more than a scheme and a host")
	case !secure(u):
		return nil, errors.New("acs: the endpoint is neither https nor http on loopback")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
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

// maxIdleConns is the number of connections that are kept for the next requests. With fewer than there are
// requests at a time, a new connection is opened for every other request.
const maxIdleConns = 128

// defaultTransport returns the transport that all clients share, with its connections.
var defaultTransport = sync.OnceValue(func() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program has replaced it
	}
	t = t.Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, maxIdleConns // all requests go to one host
	return t
})

// withoutRedirects returns t, or the default for nil, changed to return a redirect
// as the answer: credentials must not reach another host. It returns a transport
// of an unknown kind unchanged.
func withoutRedirects(t policy.Transporter) policy.Transporter {
	var client http.Client
	switch given := t.(type) {
	case nil:
		client.Transport = defaultTransport()
	case *http.Client:
		client = *given
	default:
		return t
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}
