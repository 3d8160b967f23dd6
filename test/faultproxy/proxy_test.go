package faultproxy_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/test/faultproxy"
)

// start returns a proxy to target and a client of it that never repeats a request.
func start(t *testing.T, target http.HandlerFunc, h *faultproxy.Hook) (*faultproxy.Proxy, *http.Client) {
	t.Helper()
	server := httptest.NewServer(target)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL + "/account%2F1")
	if err != nil {
		t.Fatal(err)
	}
	p, err := faultproxy.Start(u, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
}

func TestRequestsAndAnswersPassUnchanged(t *testing.T) {
	body := bytes.Repeat([]byte{0, 1, 0xff, '\r', '\n'}, 100_000)
	var got *http.Request
	var gotBody []byte
	p, client := start(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		gotBody, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Encoding", "gzip") // untrue, and must pass all the same
		w.Header()["X-Ms-Twice"] = []string{"a", "b"}
		w.WriteHeader(http.StatusConflict)
		w.Write(body)
	}, new(faultproxy.Hook))

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.URL+"/T(K='%2B1')?$filter=a+eq+'b'&x=%zz;y", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "account.table.example:10002"
	req.Header.Set("Authorization", "SharedKeyLite a:b")
	req.Header["User-Agent"] = nil
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	respBody, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := "/account%2F1/T(K='%2B1')?$filter=a+eq+'b'&x=%zz;y"; got.RequestURI != want {
		t.Errorf("request for %s, want %s", got.RequestURI, want)
	}
	if got.Host != req.Host || got.Method != http.MethodPut || got.ContentLength != int64(len(body)) || !bytes.Equal(gotBody, body) {
		t.Errorf("%s to %s with %d bytes (%d read), want what was sent, %d bytes to %s",
			got.Method, got.Host, got.ContentLength, len(gotBody), len(body), req.Host)
	}
	if d := cmp.Diff(http.Header{
		"Authorization": {"SharedKeyLite a:b"}, "Content-Length": {fmt.Sprint(len(body))},
	}, got.Header); d != "" {
		t.Errorf("headers of the request (-want +got):\n%s", d)
	}
	if resp.StatusCode != http.StatusConflict || !bytes.Equal(respBody, body) ||
		resp.Header.Get("Content-Encoding") != "gzip" || len(resp.Header["X-Ms-Twice"]) != 2 {
		t.Errorf("answer %s with %d bytes, headers %v, want %d bytes as they were sent",
			resp.Status, len(respBody), resp.Header, len(body))
	}
}

func TestARequestIsDroppedBeforeOrAfterTheTarget(t *testing.T) {
	tests := []struct {
		when   faultproxy.When
		served int64 // requests that reach the target, of three
	}{
		{faultproxy.WhenBefore, 2},
		{faultproxy.WhenAfter, 3},
	}
	for _, tt := range tests {
		t.Run(tt.when.String(), func(t *testing.T) {
			var served atomic.Int64
			p, client := start(t, func(http.ResponseWriter, *http.Request) { served.Add(1) }, &faultproxy.Hook{
				At: func(n int, when faultproxy.When, _ *http.Request) bool { return n == 2 && when == tt.when },
			})
			for n := 1; n <= 3; n++ {
				resp, err := client.Get(p.URL)
				if err == nil {
					resp.Body.Close()
				}
				if (err != nil) != (n == 2) {
					t.Errorf("request %d: %v, want an error of the second alone", n, err)
				}
			}
			if served.Load() != tt.served {
				t.Errorf("the target has served %d requests, want %d", served.Load(), tt.served)
			}
		})
	}
}

func TestARequestIsHeldWhileOthersPass(t *testing.T) {
	held, release := make(chan struct{}), make(chan struct{})
	var served atomic.Int64
	p, client := start(t, func(http.ResponseWriter, *http.Request) { served.Add(1) }, &faultproxy.Hook{
		At: func(n int, when faultproxy.When, _ *http.Request) bool {
			if n == 1 && when == faultproxy.WhenBefore {
				close(held)
				<-release
			}
			return false
		},
	})
	get := func() {
		resp, err := client.Get(p.URL)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	}
	var wg sync.WaitGroup
	wg.Go(get)
	<-held
	get()
	if served.Load() != 1 {
		t.Errorf("the target has served %d requests while one is held, want 1", served.Load())
	}
	close(release)
	wg.Wait()
	if served.Load() != 2 {
		t.Errorf("the target has served %d requests, want 2", served.Load())
	}
}

func TestProxiesOfOneHookShareItsNumbers(t *testing.T) {
	h := new(faultproxy.Hook)
	ok := func(http.ResponseWriter, *http.Request) {}
	tables, client := start(t, ok, h)
	calls, _ := start(t, ok, h)
	const each = 20
	var wg sync.WaitGroup
	for range each {
		for _, p := range []*faultproxy.Proxy{tables, calls} {
			wg.Go(func() {
				resp, err := client.Post(p.URL+"/x?secret", "text/plain", strings.NewReader("x"))
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
		}
	}
	wg.Wait()
	seen := h.Seen()
	byTarget := map[string]int{}
	for i, r := range seen {
		byTarget[r.Target]++
		r.Sent, r.Received = 0, 0 // the last ones may not have been recorded yet
		if want := (faultproxy.Request{N: i + 1, Target: r.Target, Method: "POST", Path: "/account%2F1/x"}); r != want {
			t.Errorf("request %+v, want %+v", r, want)
		}
	}
	if len(seen) != 2*each || len(byTarget) != 2 {
		t.Errorf("%d requests to %v, want %d to two targets", len(seen), byTarget, 2*each)
	}
	for target, n := range byTarget {
		if got := h.Count(func(r faultproxy.Request) bool { return r.Target == target }); n != each || got != each {
			t.Errorf("%d requests to %s, %d counted, want %d", n, target, got, each)
		}
	}
}

func TestBytesAndCompOfRequestsAreRecorded(t *testing.T) {
	h := new(faultproxy.Hook)
	p, client := start(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, strings.Repeat("y", 70_000))
	}, h)
	tests := []struct {
		name, query, body string
		want              faultproxy.Request
	}{
		{"a block", "?comp=block&sig=secret", strings.Repeat("x", 50_000), faultproxy.Request{Comp: "block", Sent: 50_000, Received: 70_000}},
		{"no body, no query", "", "", faultproxy.Request{Received: 70_000}},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := client.Post(p.URL+tt.query, "text/plain", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.ReadAll(resp.Body); err != nil {
				t.Fatal(err)
			}
			for h.Seen()[i].Received == 0 { // the proxy is not done yet
				time.Sleep(time.Millisecond)
			}
			got := h.Seen()[i]
			if got.Comp != tt.want.Comp || got.Sent != tt.want.Sent || got.Received != tt.want.Received {
				t.Errorf("recorded %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestATargetThatHasStoppedGivesNoAnswer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	p, err := faultproxy.Start(u, new(faultproxy.Hook))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if resp, err := http.Get(p.URL); err == nil {
		t.Errorf("answer %s, want none", resp.Status)
		resp.Body.Close()
	}
}

func TestOnlyPlainHTTPIsForwarded(t *testing.T) {
	for _, target := range []string{"https://127.0.0.1:1", "127.0.0.1:1", "/path"} {
		u := &url.URL{Path: target}
		if parsed, err := url.Parse(target); err == nil {
			u = parsed
		}
		if p, err := faultproxy.Start(u, new(faultproxy.Hook)); err == nil {
			p.Close()
			t.Errorf("a proxy to %s, want an error", target)
		}
	}
}
