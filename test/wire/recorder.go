package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"switchboard/handler/acs"
)

const (
	// accessKey is the key that the recordings were made with.
	accessKey = "Z29sZGVuLWNvcnB1cy1maXhlZC1hY2Nlc3Mta2V5ISE="
	// bearer is the token that is sent where a recording was made with one.
	bearer = "t0ken"
)

// recorded is a request as the recorder got it.
type recorded struct {
	method, uri, host string
	header            http.Header
	body              []byte
}

// response is what the recorder answers with.
type response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// recorder is a server for every host: all connections of the client lead to it.
// It sends its responses in turn and repeats the last one.
type recorder struct {
	server *httptest.Server

	mu        sync.Mutex
	responses []response
	requests  []recorded
}

// newRecorder starts a recorder. It speaks TLS, because tokens are sent over TLS only.
func newRecorder() *recorder {
	r := &recorder{}
	r.server = httptest.NewTLSServer(r)
	return r
}

func (r *recorder) close() { r.server.Close() }

// endpoint returns the resource's address.
func (r *recorder) endpoint() string { return r.server.URL }

// host returns the resource's Host header.
func (r *recorder) host() string { return r.server.Listener.Addr().String() }

// prepare discards all requests and sets the responses to the next ones.
func (r *recorder) prepare(responses []response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.responses, r.requests = responses, nil
}

// seen returns the requests since prepare.
func (r *recorder) seen() []recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client returns the error
	}
	r.mu.Lock()
	answer := r.responses[min(len(r.requests), len(r.responses)-1)]
	r.requests = append(r.requests, recorded{req.Method, req.RequestURI, req.Host, req.Header.Clone(), body})
	r.mu.Unlock()

	doc := []byte(strings.ReplaceAll(string(answer.Body), "<endpoint>", r.endpoint()))
	var text string
	switch { // a JSON string stands for content that is not JSON
	case string(doc) == "null":
		doc = nil
	case json.Unmarshal(doc, &text) == nil:
		doc = []byte(text)
	}
	for name, value := range answer.Headers {
		if !strings.EqualFold(name, "content-length") {
			w.Header().Set(name, value)
		}
	}
	if answer.Status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(doc)))
	}
	w.WriteHeader(cmp.Or(answer.Status, http.StatusOK))
	_, _ = w.Write(doc)
}

// client returns a client of the recorder, created as in the recording.
func (r *recorder) client(how input) (*acs.Client, error) {
	options := &acs.ClientOptions{ClientOptions: azcore.ClientOptions{
		APIVersion: how.text("apiVersion"),
		Retry:      policy.RetryOptions{RetryDelay: time.Millisecond},
		Transport: &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, r.host())
			},
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // it stands for hosts whose certificates it lacks
			DisableKeepAlives: true,
		}},
	}}
	endpoint := r.endpoint() + how.text("endpointSuffix")
	switch {
	case how.text("credential") == "token":
		return acs.NewClient(endpoint, token{}, options)
	case how.text("via") == "connectionString":
		return acs.NewClientFromConnectionString("endpoint="+endpoint+"/;accesskey="+accessKey, options)
	}
	return acs.NewClientWithKey(endpoint, accessKey, options)
}

// token is a credential that always returns the same token.
type token struct{}

func (token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: bearer, ExpiresOn: time.Now().Add(time.Hour)}, nil
}
