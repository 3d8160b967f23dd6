package funcsim

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// startHTTPApp runs handler in process as the app's one function, at /api/x.
func startHTTPApp(t *testing.T, h *Host, handler http.HandlerFunc) {
	t.Helper()
	h.Root = writeApp(t, map[string]string{
		"host.json": plainHost,
		"x/function.json": `{"bindings":[{"name":"req","direction":"in","type":"httpTrigger","authLevel":"anonymous"},
			{"name":"res","direction":"out","type":"http"}]}`,
	})
	h.Env = map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"}
	h.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			handler(w, r)
		}
	})
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
}

func TestAnAnswerBeforeTheBodyWasReadIsLost(t *testing.T) {
	tests := []struct {
		name   string
		size   int
		reads  bool
		status int
	}{
		// After the handler, a Go server reads up to 256 KiB of an unread body.
		{"a small body may be left unread", 1 << 10, false, http.StatusRequestEntityTooLarge},
		{"a large one may not", 3 << 20, false, http.StatusInternalServerError},
		{"a large one that is read is answered", 3 << 20, true, http.StatusRequestEntityTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen atomic.Int32
				h := &Host{}
				startHTTPApp(t, h, func(w http.ResponseWriter, r *http.Request) {
					seen.Add(1)
					if tt.reads {
						_, _ = io.Copy(io.Discard, r.Body)
					}
					http.Error(w, "too large", http.StatusRequestEntityTooLarge)
				})
				began := time.Now()
				resp, err := h.Client().Post(h.URL()+"/api/x", "text/plain", strings.NewReader(strings.Repeat("x", tt.size)))
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != tt.status || seen.Load() != 1 {
					t.Errorf("status %d, handler asked %d times, want %d, once",
						resp.StatusCode, seen.Load(), tt.status)
				}
				if took := time.Since(began); (tt.status == http.StatusInternalServerError) != (took > time.Second) {
					t.Errorf("took %v, want more than a second: %t",
						took, tt.status == http.StatusInternalServerError)
				}
				h.Stop()
				time.Sleep(time.Second) // a Go server half-closes such a connection first
			})
		})
	}
}

func TestTheFrontendGivesUpAndTheFunctionGoesOn(t *testing.T) {
	const duration = 4 * time.Minute // of the function
	tests := []struct {
		name   string
		host   *Host
		status int
		after  time.Duration
	}{
		{"after 230 s in Azure", &Host{}, http.StatusBadGateway, 230 * time.Second},
		{"never under Core Tools", &Host{CoreTools: true}, http.StatusOK, duration},
		{"after FrontendLimit", &Host{FrontendLimit: time.Second}, http.StatusBadGateway, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var done atomic.Bool
				startHTTPApp(t, tt.host, func(w http.ResponseWriter, r *http.Request) {
					select {
					case <-time.After(duration):
						done.Store(true)
					case <-r.Context().Done():
					}
				})
				began := time.Now()
				resp, err := tt.host.Client().Get(tt.host.URL() + "/api/x")
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if took := time.Since(began); resp.StatusCode != tt.status || took != tt.after {
					t.Errorf("status %d after %v, want %d after %v", resp.StatusCode, took, tt.status, tt.after)
				}
				time.Sleep(duration)
				if !done.Load() {
					t.Error("the function has ended, want it to go on")
				}
			})
		})
	}
}

func TestFunctionTimeoutAppliesAfterTheFrontendGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Host{FrontendLimit: time.Second, FunctionTimeout: time.Minute}
		startHTTPApp(t, h, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		resp, err := h.Client().Get(h.URL() + "/api/x")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		time.Sleep(2 * time.Minute)
		if h.Restarts() == 0 {
			t.Error("no restart, want the handler killed")
		}
	})
}
