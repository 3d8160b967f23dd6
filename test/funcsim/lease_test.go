package funcsim

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sharedTimer is an app with one timer that several hosts run.
type sharedTimer struct {
	t     *testing.T
	root  string
	blobs MemoryBlobs

	mu   sync.Mutex
	runs map[string][]string // times of the runs, by host
	body string              // body of the latest run
}

func newSharedTimer(t *testing.T, schedule string) *sharedTimer {
	return &sharedTimer{t: t, runs: map[string][]string{}, root: writeApp(t, map[string]string{
		"host.json":           plainHost,
		"sweep/function.json": `{"bindings":[{"name":"timer","direction":"in","type":"timerTrigger","schedule":"` + schedule + `"}]}`,
	})}
}

func (s *sharedTimer) start(name string) *Host {
	s.t.Helper()
	h := &Host{
		Root: s.root, Blobs: &s.blobs,
		Env: map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom", "AzureFunctionsWebHost__hostid": "both"},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sweep" {
				body, _ := io.ReadAll(r.Body)
				s.mu.Lock()
				s.runs[name] = append(s.runs[name], time.Now().UTC().Format("04:05"))
				s.body = string(body)
				s.mu.Unlock()
			}
			succeed(w)
		}),
	}
	if err := h.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(h.Stop)
	return h
}

// since returns the times of a host's runs since the last call.
func (s *sharedTimer) since(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	runs := s.runs[name]
	s.runs[name] = nil
	return strings.Join(runs, " ")
}

func TestOneOfTwoHostsRunsATimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newSharedTimer(t, "*/20 * * * * *")
		first := app.start("first")
		synctest.Wait()
		app.start("second")
		time.Sleep(3*time.Minute - time.Second)
		if a, b := app.since("first"), app.since("second"); a != "00:20 00:40 01:00 01:20 01:40 02:00 02:20 02:40" || b != "" {
			t.Errorf("the first ran at %q, the second at %q, want the first alone, every 20 s", a, b)
		}
		first.Stop()
		time.Sleep(time.Minute + 30*time.Second)
		if a, b := app.since("first"), app.since("second"); a != "" || b != "03:20 03:40 04:00 04:20" { // it acquires the lease at 03:00
			t.Errorf("the first ran at %q, the second at %q, want the second alone, from 03:20 on", a, b)
		}
	})
}

func TestATimerRunsOnTwoHostsUntilALostLeaseIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newSharedTimer(t, "*/5 * * * * *")
		first := app.start("first")
		synctest.Wait()
		if err := first.LoseLease(t.Context(), "unknown"); err == nil {
			t.Error("the lease of an unknown timer was lost, want an error")
		}
		time.Sleep(17 * time.Second) // the first renews at 00:30
		app.since("first")
		if err := first.LoseLease(t.Context(), "sweep"); err != nil {
			t.Fatal(err)
		}
		second := app.start("second")
		time.Sleep(10 * time.Second)
		if a, b := app.since("first"), app.since("second"); a != "00:20 00:25" || b != a {
			t.Errorf("the first ran at %q, the second at %q, want both at 00:20 00:25", a, b)
		}
		time.Sleep(10 * time.Second)
		if !errors.Is(first.Err(), ErrGaveUp) || second.Err() != nil {
			t.Errorf("the first: %v, the second: %v, want %v of the first alone",
				first.Err(), second.Err(), ErrGaveUp)
		}
	})
}

func TestAMissedRunIsMadeUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newSharedTimer(t, "0 */10 * * * *")
		first := app.start("first")
		time.Sleep(11 * time.Minute)
		first.Stop()
		time.Sleep(30 * time.Minute)
		second := app.start("second")
		synctest.Wait()
		if runs := app.since("second"); runs != "41:00" || !strings.Contains(app.body, `"IsPastDue":true`) ||
			!strings.Contains(app.body, `"Last":"2000-01-01T00:10:00+00:00","Next":"2000-01-01T00:20:00+00:00"`) {
			t.Errorf("ran at %s with %s, want 41:00, past due since 00:20:00", runs, app.body)
		}
		second.Stop()
		app.start("third")
		time.Sleep(8 * time.Minute)
		if runs := app.since("third"); runs != "" {
			t.Errorf("the missed run was made up again at %s, want once", runs)
		}
	})
}
