package acs

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/uuid"
)

const testKey = "Z29sZGVuLWNvcnB1cy1maXhlZC1hY2Nlc3Mta2V5ISE="

// received is a request as the recorder got it.
type received struct {
	Method string
	URI    string
	Header http.Header
	Body   string
}

// recorder is a server that checks and stores every request. It sends its answers
// in turn and repeats the last one.
type recorder struct {
	t       *testing.T
	answers []answer

	mu   sync.Mutex
	seen []received
}

type answer struct {
	status int
	header map[string]string
	body   string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Errorf("read body: %v", err)
	}
	r.check(req, body)
	checkSchema(r.t, req.Method, req.RequestURI, req.URL.RawQuery, req.Header, body)
	r.mu.Lock()
	a := r.answers[min(len(r.seen), len(r.answers)-1)]
	r.seen = append(r.seen, received{req.Method, req.RequestURI, req.Header.Clone(), string(body)})
	r.mu.Unlock()
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (r *recorder) requests() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// check verifies the headers, and the signature with code of its own.
func (r *recorder) check(req *http.Request, body []byte) {
	h := req.Header
	if got := h.Get("Accept"); got != "application/json" {
		r.t.Errorf("Accept = %q, want application/json", got)
	}
	want := ""
	if len(body) > 0 {
		want = "application/json"
	}
	if got := h.Get("Content-Type"); got != want {
		r.t.Errorf("Content-Type = %q, want %q", got, want)
	}
	if _, err := uuid.Parse(h.Get("X-Ms-Client-Request-Id")); err != nil {
		r.t.Errorf("x-ms-client-request-id: %v", err)
	}
	if _, err := http.ParseTime(h.Get("X-Ms-Date")); err != nil {
		r.t.Errorf("x-ms-date: %v", err)
	}
	sum := sha256.Sum256(body)
	hash := base64.StdEncoding.EncodeToString(sum[:])
	if got := h.Get("X-Ms-Content-Sha256"); got != hash {
		r.t.Errorf("x-ms-content-sha256 = %q, want %q", got, hash)
	}
	key, _ := base64.StdEncoding.DecodeString(testKey)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Join([]string{
		req.Method, req.RequestURI, h.Get("X-Ms-Date") + ";" + req.Host + ";" + hash,
	}, "\n")))
	signature := "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" +
		base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if got := h.Get("Authorization"); got != signature {
		r.t.Errorf("Authorization = %q, want %q", got, signature)
	}
}

// newRecorder starts a recorder and returns it with a client of it.
func newRecorder(t *testing.T, answers ...answer) (*recorder, *Client) {
	t.Helper()
	r := &recorder{t: t, answers: answers}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	options := &ClientOptions{}
	options.Retry.RetryDelay = time.Millisecond
	c, err := NewClientWithKey(srv.URL, testKey, options)
	if err != nil {
		t.Fatal(err)
	}
	return r, c
}

// transportFunc is a transport without a socket, for use in a synctest bubble.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

func (f transportFunc) client(t *testing.T) *Client {
	t.Helper()
	checked := transportFunc(func(req *http.Request) (*http.Response, error) {
		if strings.HasPrefix(req.URL.Path, "/calling/") {
			var body []byte
			if req.Body != nil {
				body, _ = io.ReadAll(req.Body)
				req.Body = io.NopCloser(bytes.NewReader(body))
			}
			checkSchema(t, req.Method, req.URL.RequestURI(), req.URL.RawQuery, req.Header, body)
		}
		return f(req)
	})
	c, err := NewClientWithKey("https://contoso.communication.azure.com", testKey,
		&ClientOptions{ClientOptions: azcore.ClientOptions{Transport: checked}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reply returns a as the response to req.
func reply(req *http.Request, a answer) *http.Response {
	h := http.Header{}
	for name, value := range a.header {
		h.Set(name, value)
	}
	return &http.Response{
		StatusCode: a.status, Header: h, Request: req, Body: io.NopCloser(bytes.NewBufferString(a.body)),
		ContentLength: int64(len(a.body)),
	}
}

// clientCall is a call of a method of the client.
type clientCall struct {
	name string
	run  func(context.Context, *Client) error
}
