package funcsim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// startTimerApp runs handler in process as the app's one function, a timer that
// fires every 5 s.
func startTimerApp(t *testing.T, handler http.HandlerFunc) *Host {
	t.Helper()
	h := &Host{
		Root: writeApp(t, map[string]string{
			"host.json":           plainHost,
			"sweep/function.json": `{"bindings":[{"name":"timer","direction":"in","type":"timerTrigger","schedule":"*/5 * * * * *"}]}`,
		}),
		Env:     map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"},
		Handler: handler,
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
	return h
}

func succeed(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}")
}

func TestATimerFiresInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []string
		h := startTimerApp(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sweep" {
				at = append(at, time.Now().UTC().Format("15:04:05"))
			}
			succeed(w)
		})
		time.Sleep(16 * time.Second)
		h.Stop()
		time.Sleep(time.Minute)
		if got := strings.Join(at, " "); got != "00:00:05 00:00:10 00:00:15" {
			t.Errorf("fired at %s, want 00:00:05 00:00:10 00:00:15", got)
		}
	})
}

func TestRunsOfATimerDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, runs atomic.Int32
		startTimerApp(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sweep" {
				if running.Add(1) > 1 {
					t.Error("two runs at once, want one")
				}
				time.Sleep(7 * time.Second)
				running.Add(-1)
				runs.Add(1)
			}
			succeed(w)
		})
		time.Sleep(time.Minute - time.Second)
		if got := runs.Load(); got != 5 { // at 5, 15, 25, 35, 45 s, done 7 s later
			t.Errorf("%d runs, want 5", got)
		}
	})
}

func TestAFailedTimerRunsAgainOnlyAtItsNextOccurrence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		startTimerApp(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sweep" {
				runs.Add(1)
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		time.Sleep(11 * time.Second)
		if got := runs.Load(); got != 2 {
			t.Errorf("%d runs, want 2", got)
		}
	})
}

func TestRunningAFunctionByHandAnswersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan string, 1)
		h := startTimerApp(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sweep" {
				time.Sleep(time.Second)
				body, _ := io.ReadAll(r.Body)
				done <- string(body)
			}
			succeed(w)
		})
		began := time.Now()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/admin/functions/sweep", strings.NewReader(`{"input":"x"}`)))
		if w.Code != http.StatusAccepted || time.Since(began) != 0 {
			t.Errorf("status %d after %v, want %d at once", w.Code, time.Since(began), http.StatusAccepted)
		}
		var body struct{ Metadata struct{ Timer string } }
		if err := json.Unmarshal([]byte(<-done), &body); err != nil || body.Metadata.Timer != `"x"` {
			t.Errorf("Metadata.timer = %s, %v, want \"x\"", body.Metadata.Timer, err)
		}
	})
}

func TestKillInProcessCancelsRequestsAndRestartsTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startTimerApp(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sweep" && r.Header.Get("X-Azure-Functions-InvocationId") != "" {
				select {
				case <-r.Context().Done():
					return
				case <-time.After(3 * time.Second):
				}
			}
			succeed(w)
		})
		failed := make(chan error)
		go func() { failed <- h.Invoke(t.Context(), "sweep", "") }()
		time.Sleep(time.Second)
		h.Kill()
		if err := <-failed; err == nil {
			t.Error("the invocation survived, want it to fail")
		}
		if err := h.Invoke(t.Context(), "sweep", ""); err != nil {
			t.Error(err)
		}
		if h.Restarts() != 1 {
			t.Errorf("restarts = %d, want 1", h.Restarts())
		}
		h.Kill()
		time.Sleep(failureWindow + time.Minute) // so that the count restarts
		h.Kill()
		synctest.Wait()
		if h.Err() != nil {
			t.Error(h.Err())
		}
	})
}

func TestAFrontendWithoutARunningHostIsUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startTimerApp(t, func(w http.ResponseWriter, _ *http.Request) { succeed(w) })
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != http.StatusOK {
			t.Errorf("home page: %d, want 200", w.Code)
		}
		h.Stop()
		for _, host := range []*Host{h, {}} {
			w := httptest.NewRecorder()
			host.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if w.Code != http.StatusServiceUnavailable {
				t.Errorf("without a running host: %d, want 503", w.Code)
			}
		}
	})
}
