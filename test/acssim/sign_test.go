package acssim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// signedRequest is a request that the official SDK has signed.
type signedRequest struct {
	Name, Key, Method, URL, Body string
	Headers                      map[string]string
}

// testdata/hmac.json has requests that the official JavaScript SDK 1.6.0 signed, all at
// one time of 2026.
func TestSignaturesOfTheOfficialSDKHold(t *testing.T) {
	content, err := os.ReadFile("testdata/hmac.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct {
		Policy     []signedRequest
		WholeCalls []struct {
			Name, Key string
			Wire      struct {
				Method, Target, Body string
				Headers              map[string]string
			}
		}
	}
	if err := json.Unmarshal(content, &corpus); err != nil {
		t.Fatal(err)
	}
	for _, v := range corpus.Policy {
		checkSignature(t, v)
	}
	for _, v := range corpus.WholeCalls {
		if !strings.HasPrefix(v.Wire.Target, "/calling/") {
			continue // recording content is signed for another host; nothing serves it yet
		}
		checkSignature(t, signedRequest{
			Name: "whole call/" + v.Name, Key: v.Key, Method: v.Wire.Method,
			URL: "https://" + v.Wire.Headers["host"] + v.Wire.Target, Body: v.Wire.Body, Headers: v.Wire.Headers,
		})
	}
}

// checkSignature checks that the simulator accepts a request at its time, and not with another body or hash.
func checkSignature(t *testing.T, q signedRequest) {
	t.Helper()
	t.Run(q.Name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sim := &Server{AccessKey: q.Key, Strict: true}
			sim.Start()
			defer sim.Close()
			sent, _, _ := strings.Cut(q.URL, "#") // a fragment never leaves the client
			r := httptest.NewRequest(strings.ToUpper(q.Method), sent, nil)
			for name, value := range q.Headers {
				r.Header.Set(name, value)
			}
			r.Host = q.Headers["host"]
			at, err := http.ParseTime(q.Headers["x-ms-date"])
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(at))
			if err := sim.verify(r, []byte(q.Body)); err != nil {
				t.Error(err)
			}
			if err := sim.verify(r, []byte(q.Body+" ")); err == nil {
				t.Error("another body is accepted")
			}
			r.Header.Set("x-ms-content-sha256", base64.StdEncoding.EncodeToString(make([]byte, 32)))
			if err := sim.verify(r, []byte(q.Body)); err == nil {
				t.Error("another hash is accepted")
			}
		})
	})
}

func TestUnsignedRequestsAreRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(*http.Request)
	}{
		{"without a signature", func(r *http.Request) { r.Header.Del("Authorization") }},
		{"with another signature", func(r *http.Request) { r.Header.Set("Authorization", signedHeaders+"AAAA") }},
		{"with a bearer token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }},
		{"without a date", func(r *http.Request) { r.Header.Del("x-ms-date") }},
		{"for another path", func(r *http.Request) { r.URL.Path = "/calling/recordings/x" }},
		{"for another host", func(r *http.Request) { r.Host = "elsewhere.example" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				app.http.Transport = changingTransport{tt.change, app.http.Transport}
				if got := app.send("GET", "/calling/callConnections/x", "").code(); got != "401/7509" {
					t.Errorf("answer = %s, want 401/7509", got)
				}
			})
		})
	}
	t.Run("an hour late", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			app.http.Transport = changingTransport{func(*http.Request) { time.Sleep(time.Hour) }, app.http.Transport}
			if got := app.send("GET", "/calling/callConnections/x", "").code(); got != "401/7509" {
				t.Errorf("answer = %s, want 401/7509", got)
			}
		})
	})
}

// changingTransport is a transport that changes requests after signing.
type changingTransport struct {
	change func(*http.Request)
	next   http.RoundTripper
}

func (c changingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	c.change(r)
	return c.next.RoundTrip(r)
}
