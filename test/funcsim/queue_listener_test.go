package funcsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"
)

// queueApp returns an app with one function, on a queue of that name.
func queueApp(t *testing.T, queue string) string {
	t.Helper()
	return writeApp(t, map[string]string{
		"host.json":               strings.Replace(plainHost, `"version"`, `"extensions":{"queues":{"messageEncoding":"none"}},"version"`, 1),
		"recording/function.json": `{"bindings":[{"name":"msg","direction":"in","type":"queueTrigger","queueName":"` + queue + `"}]}`,
	})
}

// newQueueHost returns a host with an app whose one function, on q, is f. The settings
// are those of extensions.queues.
func newQueueHost(t *testing.T, q Queue, settings map[string]string, f http.HandlerFunc) *Host {
	t.Helper()
	env := map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"}
	for name, value := range settings {
		env["AzureFunctionsJobHost__extensions__queues__"+name] = value
	}
	return &Host{
		Root: queueApp(t, "files"), Env: env, Queues: map[string]Queue{"files": q},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/recording" {
				f(w, r)
				return
			}
			succeed(w)
		}),
	}
}

func mustStart(t *testing.T, h *Host) {
	t.Helper()
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
}

// attempts records when a function was run, and for which delivery of its message.
type attempts struct {
	mu     sync.Mutex
	at     []time.Time
	counts []string
}

var dequeueCount = regexp.MustCompile(`"DequeueCount":"(\d+)"`)

func (a *attempts) add(r *http.Request) (n int) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = append(a.at, time.Now())
	a.counts = append(a.counts, dequeueCount.FindStringSubmatch(string(body))[1])
	return len(a.at)
}

// mustBe checks the number of attempts and that each came that long after the one
// before it, or later by a pause of the polling. The first gap is that after the first attempt.
func (a *attempts) mustBe(t *testing.T, maxPause time.Duration, gaps ...time.Duration) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.at) != 1+len(gaps) {
		t.Fatalf("%d attempts, want %d", len(a.at), 1+len(gaps))
	}
	for i, gap := range gaps {
		if got := a.at[i+1].Sub(a.at[i]); got < gap || got > gap+maxPause {
			t.Errorf("attempt %d came after %v, want %v, late by %v at most", i+2, got, gap, maxPause)
		}
	}
	for i, got := range a.counts {
		if want := fmt.Sprint(i + 1); got != want {
			t.Errorf("attempt %s has DequeueCount %s", want, got)
		}
	}
}

func TestAMessageStaysHiddenHoweverLongItsFunctionRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		q := &MemoryQueue{}
		h := newQueueHost(t, q, nil, func(w http.ResponseWriter, r *http.Request) {
			runs.Add(1)
			time.Sleep(25 * time.Minute)
			succeed(w)
		})
		mustStart(t, h)
		q.Send("plain text, as messageEncoding none wants it")
		time.Sleep(27 * time.Minute)
		if runs.Load() != 1 || q.Len() != 0 {
			t.Errorf("%d runs, %d messages left, want 1, 0", runs.Load(), q.Len())
		}
	})
}

func TestAMessageInHandComesBackTenMinutesAfterItsReceiptWhenTheHostStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen attempts
		q := &MemoryQueue{}
		h := newQueueHost(t, q, map[string]string{"maxPollingInterval": "00:00:02"}, func(w http.ResponseWriter, r *http.Request) {
			if seen.add(r) == 1 {
				<-r.Context().Done()
				return
			}
			succeed(w)
		})
		q.Send("m")
		mustStart(t, h)
		time.Sleep(time.Second)
		h.Stop()
		mustStart(t, h)
		time.Sleep(11 * time.Minute)
		seen.mustBe(t, 2*time.Second, 600*time.Second)
		if q.Len() != 0 {
			t.Errorf("%d messages left", q.Len())
		}
	})
}

func TestAFailedMessageComesBackAfterVisibilityTimeoutUntilItIsPoisoned(t *testing.T) {
	tests := []struct {
		visibilityTimeout string
		want              time.Duration
	}{
		{"00:00:00", 0},
		{"00:00:02.9", 2 * time.Second}, // the fraction is dropped
		{"00:01:00", time.Minute},
		{"00:15:00", 15 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.visibilityTimeout, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen attempts
				q := &MemoryQueue{}
				mustStart(t, newQueueHost(t, q, map[string]string{
					"visibilityTimeout": tt.visibilityTimeout, "maxPollingInterval": "00:00:02", "maxDequeueCount": "3",
				}, func(w http.ResponseWriter, r *http.Request) {
					seen.add(r)
					w.WriteHeader(http.StatusInternalServerError)
				}))
				q.Send("m")
				time.Sleep(2 * (tt.want + 3*time.Second))
				seen.mustBe(t, 2*time.Second, tt.want, tt.want)
				if d := cmp.Diff([]string{"m"}, q.Poisoned()); d != "" || q.Len() != 0 {
					t.Errorf("poison queue (-want +got):\n%s%d messages left", d, q.Len())
				}
			})
		})
	}
}

// TestTheThirdCrashAtAMessageEndsTheHost also shows that the message fails like any other
// at the first two crashes.
func TestTheThirdCrashAtAMessageEndsTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen attempts
		var h *Host
		q := &MemoryQueue{}
		h = newQueueHost(t, q, map[string]string{
			"visibilityTimeout": "00:01:00", "maxPollingInterval": "00:00:02", "maxDequeueCount": "60",
		}, func(w http.ResponseWriter, r *http.Request) {
			if seen.add(r) <= maxFailures {
				go h.Kill()
				<-r.Context().Done()
				return
			}
			succeed(w)
		})
		q.Send("m")
		mustStart(t, h)
		<-h.Stopped()
		if !errors.Is(h.Err(), ErrGaveUp) || !strings.Contains(h.Err().Error(), "Exceeded http worker restart retry count") {
			t.Errorf("err = %v", h.Err())
		}
		seen.mustBe(t, 2*time.Second, time.Minute, time.Minute)
		mustStart(t, h)
		time.Sleep(11 * time.Minute)
		seen.mustBe(t, 2*time.Second, time.Minute, time.Minute, hiddenWhileRunning)
	})
}

func TestAsManyMessagesAreInFlightAsTheHostAllows(t *testing.T) {
	tests := []struct {
		name     string
		settings map[string]string
		want     int32
	}{
		{"by default", nil, int32(16 + 8*runtime.NumCPU())},
		{"one after the other", map[string]string{"batchSize": "1", "newBatchThreshold": "0"}, 1},
		{"a few", map[string]string{"batchSize": "4", "newBatchThreshold": "2"}, 6},
		{"the largest batch", map[string]string{"batchSize": "32"}, int32(32 + 16*runtime.NumCPU())},
		{"a thousand", map[string]string{"newBatchThreshold": "1000"}, 1016},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var started, running, most atomic.Int32
				q := &MemoryQueue{}
				for range tt.want + 16 {
					q.Send("m")
				}
				mustStart(t, newQueueHost(t, q, tt.settings, func(w http.ResponseWriter, r *http.Request) {
					now := running.Add(1)
					for old := most.Load(); old < now && !most.CompareAndSwap(old, now); old = most.Load() {
					}
					// No two end at the same time, so that all places are taken when one is free.
					time.Sleep(time.Duration(started.Add(1)) * 100 * time.Millisecond)
					running.Add(-1)
					succeed(w)
				}))
				time.Sleep(time.Hour)
				if most.Load() != tt.want || q.Len() != 0 {
					t.Errorf("at most %d in flight, want %d; %d messages left", most.Load(), tt.want, q.Len())
				}
			})
		})
	}
}

// observedQueue is a queue that records when it was polled, and fails as it is told.
type observedQueue struct {
	MemoryQueue

	mu                    sync.Mutex
	polls                 []time.Time
	receiveErr, deleteErr error // nil: no faults
}

func (q *observedQueue) Receive(ctx context.Context, n int, hide time.Duration) ([]Message, error) {
	q.mu.Lock()
	q.polls = append(q.polls, time.Now())
	err := q.receiveErr
	q.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return q.MemoryQueue.Receive(ctx, n, hide)
}

func (q *observedQueue) Delete(ctx context.Context, m Message) error {
	q.mu.Lock()
	err := q.deleteErr
	q.mu.Unlock()
	if err != nil {
		return err
	}
	return q.MemoryQueue.Delete(ctx, m)
}

// heal ends the faults.
func (q *observedQueue) heal() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.receiveErr, q.deleteErr = nil, nil
}

// pauses returns the times between n+1 polls, starting with the given one.
func (q *observedQueue) pauses(first, n int) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []string
	for i := first; i < first+n && i+1 < len(q.polls); i++ {
		out = append(out, q.polls[i+1].Sub(q.polls[i]).String())
	}
	return strings.Join(out, " ")
}

// pollCount returns the number of polls so far.
func (q *observedQueue) pollCount() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.polls)
}

func TestAnIdleQueueIsPolledWithGrowingPauses(t *testing.T) {
	// Where a message was found, the queue is polled again at once.
	const inAzure = "0s 100ms 200ms 300ms 500ms 900ms 1.7s 3.3s 6.5s 12.9s 25.7s 51.3s 1m0s 1m0s"
	const inDevelopment = "0s 100ms 200ms 300ms 500ms 900ms 1.7s 2s 2s 2s"
	tests := []struct {
		name      string
		interval  string // maxPollingInterval; empty: the default
		coreTools bool
		want      string
	}{
		{"in Azure", "", false, inAzure},
		{"in Azure, with an interval", "00:00:02", false, inDevelopment},
		{"in development", "", true, inDevelopment},
		{"in development, with an interval", "00:00:00.45", true, "0s 100ms 200ms 300ms 450ms 450ms"},
		{"in development, with an interval of a minute", "00:01:00", true, inDevelopment},
		{"with the least interval", "00:00:00.1", false, "0s 100ms 100ms 100ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				settings := map[string]string{}
				if tt.interval != "" {
					settings["maxPollingInterval"] = tt.interval
				}
				q := &observedQueue{}
				h := newQueueHost(t, q, settings, func(w http.ResponseWriter, _ *http.Request) { succeed(w) })
				h.CoreTools = tt.coreTools
				q.Send("m")
				mustStart(t, h)
				first := 0
				for range 2 { // the second message comes after long pauses
					time.Sleep(time.Hour + time.Millisecond) // no poll is at this moment
					if got := q.pauses(first, strings.Count(tt.want, " ")+1); got != tt.want {
						t.Errorf("pauses = %s, want %s", got, tt.want)
					}
					first = q.pollCount()
					q.Send("m")
				}
			})
		})
	}
}

func TestTheHostEndsWhereStorageFailsIt(t *testing.T) {
	answer := func(status int) error { return &azcore.ResponseError{StatusCode: status} }
	tests := []struct {
		name               string
		receiveErr, delErr error
		ends               bool
	}{
		{"it does not answer a receive", errors.New("connection refused"), nil, true},
		{"it refuses a receive", answer(http.StatusForbidden), nil, true},
		{"it is busy at a receive", answer(http.StatusServiceUnavailable), nil, false},
		{"it does not answer a deletion", nil, errors.New("connection refused"), true},
		{"it is busy at a deletion", nil, answer(http.StatusServiceUnavailable), true},
		{"the message is gone", nil, ErrMessageGone, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var runs atomic.Int32
				q := &observedQueue{receiveErr: tt.receiveErr, deleteErr: tt.delErr}
				h := newQueueHost(t, q, map[string]string{"maxPollingInterval": "00:00:02"},
					func(w http.ResponseWriter, _ *http.Request) { runs.Add(1); succeed(w) })
				mustStart(t, h)
				time.Sleep(time.Second)
				q.Send("m")
				time.Sleep(3 * time.Second)
				if got := errors.Is(h.Err(), ErrGaveUp); got != tt.ends {
					t.Errorf("host ended: %v (%v), want %v", got, h.Err(), tt.ends)
				}
				if tt.ends {
					return
				}
				q.heal()
				q.Send("m2")
				time.Sleep(3 * time.Second)
				if runs.Load() != 2 {
					t.Errorf("%d runs, want 2", runs.Load())
				}
			})
		})
	}
}
