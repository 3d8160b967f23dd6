package acssim

import (
	"io"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestTenThousandCalls answers calls and plays a prompt in each, in one process. 10,000
// calls need no more memory than 2,000, and no goroutine is left at the end.
func TestTenThousandCalls(t *testing.T) {
	calls, warm := 10_000, 2_000
	if testing.Short() {
		calls, warm = 2_000, 1_000
	}
	before := runtime.NumGoroutine()
	began := time.Now()
	var early, late uint64
	var ended int
	synctest.Test(t, func(t *testing.T) {
		sim := &Server{Seed: 1, Strict: true, Keep: 500}
		defer sim.Close()
		client := newPlayer(t, sim)
		for n := range calls {
			if _, err := sim.Ring(Caller{From: caller, To: line, Script: "wait play; wait silence; hang up"}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond) // some 40 calls at a time
			if n == warm {
				early = heap()
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		late = heap()
		for _, c := range sim.Calls() {
			if c.Code == 200 && c.SubCode == 0 {
				ended++
			}
		}
		for _, f := range client.faults {
			t.Error(f)
		}
	})
	took := time.Since(began)
	t.Logf("%d calls in %v: %.0f calls/s; heap %d KiB after %d calls, %d KiB after all",
		calls, took.Round(time.Millisecond), float64(calls)/took.Seconds(), early>>10, warm, late>>10)
	if ended != 500 {
		t.Errorf("of the last 500 calls %d ended as they should", ended)
	}
	if late > early+early/10+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", early, late)
	}
	if after := goroutines(before); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// goroutines returns the number of goroutines. One that has just ended may be counted for a moment, so it asks again
// while there are more than wanted.
func goroutines(wanted int) int {
	for range 1000 {
		if runtime.NumGoroutine() <= wanted {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return runtime.NumGoroutine()
}

// newPlayer returns an application that answers every call and plays a prompt. It does not keep what it is sent:
// otherwise the test itself would use the memory.
func newPlayer(t *testing.T, sim *Server) *application {
	client := &application{t: t, sim: sim, http: &http.Client{Transport: InProcess(sim)}, self: "http://127.0.0.1:7071"}
	sim.EventGridURL = client.self + "/eventgrid"
	sim.Transport = InProcess(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/eventgrid" {
			client.receiveGridEvents(w, r)
			client.mu.Lock()
			client.offers = nil
			client.mu.Unlock()
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	client.onOffer = func(context string) {
		path := client.pathOf(client.must(200, "POST", "/calling/callConnections:answer", client.answerBody(context)))
		time.Sleep(time.Second)
		client.must(202, "POST", path+":play", `{"playSources":[`+spoken(2)+`]}`)
	}
	return client
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
