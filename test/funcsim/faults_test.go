package funcsim

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// faultRun is the result of runWithFaults.
type faultRun struct {
	seen     []string // events that the handler received, with their times
	pings    int
	restarts int
}

// runWithFaults delivers 40 events to a handler under a host with these faults.
func runWithFaults(t *testing.T, f *Faults) (p faultRun) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		h := &Host{
			Faults: f, Env: map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"},
			Root: writeApp(t, map[string]string{
				"host.json":        plainHost,
				"on/function.json": `{"bindings":[{"name":"event","direction":"in","type":"eventGridTrigger"}]}`,
			}),
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				if r.URL.Path == "/" {
					p.pings++
				} else {
					p.seen = append(p.seen, eventID.FindStringSubmatch(string(body))[1]+" "+time.Now().UTC().Format("04:05.000"))
				}
				mu.Unlock()
				time.Sleep(100 * time.Millisecond)
				succeed(w)
			}),
		}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer h.Stop()
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				r, err := http.NewRequest("POST", h.URL()+eventGridPath+"?functionName=on", strings.NewReader(fmt.Sprintf(`[{"id":"e%02d"}]`, i)))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Aeg-Event-Type", "Notification")
				resp, err := h.Client().Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
			time.Sleep(300 * time.Millisecond)
		}
		all.Wait()
		time.Sleep(maxDuplicateLag + maxDelay)
		p.restarts = h.Restarts()
	})
	return p
}

// ids returns the events in the order in which the handler received them.
func (p faultRun) ids() (ids []string) {
	for _, s := range p.seen {
		id, _, _ := strings.Cut(s, " ")
		ids = append(ids, id)
	}
	return ids
}

func TestFaultsDuplicateSwapDelayKillAndPing(t *testing.T) {
	once := runWithFaults(t, nil).ids()
	if !slices.IsSorted(once) || len(once) != 40 {
		t.Errorf("without faults: %v, want 40 in their order", once)
	}
	twice := runWithFaults(t, &Faults{Seed: 1, Duplicate: 1}).ids()
	slices.Sort(twice)
	if len(twice) != 80 || len(slices.Compact(twice)) != 40 {
		t.Errorf("every delivery twice: %v, want 80 of 40", twice)
	}
	for name, f := range map[string]*Faults{"swapped": {Seed: 1, Swap: 0.3}, "delayed": {Seed: 1, Delay: 0.3}} {
		ids := runWithFaults(t, f).ids()
		if slices.IsSorted(ids) || len(ids) != 40 {
			t.Errorf("%s: %v, want 40 in another order", name, ids)
		}
	}
	for kills, want := range map[int]int{0: 2, 1: 1} {
		if got := runWithFaults(t, &Faults{Seed: 1, Kill: 0.3, Kills: kills}).restarts; got != want {
			t.Errorf("%d kills, want %d", got, want)
		}
	}
	if p := runWithFaults(t, &Faults{Seed: 1}); p.pings < 3 {
		t.Errorf("%d pings, want 3 at least", p.pings)
	}
}

func TestASeedRepeatsARun(t *testing.T) {
	f := func(seed uint64) *Faults {
		return &Faults{Seed: seed, Kill: 0.1, Delay: 0.2, Duplicate: 0.2, Swap: 0.2}
	}
	first := runWithFaults(t, f(7)).seen
	if d := cmp.Diff(first, runWithFaults(t, f(7)).seen); d != "" {
		t.Errorf("the same seed again (-first +second):\n%s", d)
	}
	if cmp.Equal(first, runWithFaults(t, f(8)).seen) {
		t.Errorf("two seeds did %v, want two runs", first)
	}
}

func TestTheLoseLeaseFaultStopsTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startTimerApp(t, func(w http.ResponseWriter, _ *http.Request) { succeed(w) })
		h.Stop()
		h.Faults = &Faults{Seed: 1, LoseLease: 1}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if h.Err() == nil {
			t.Errorf("the host's error: %v, want that it has noticed", h.Err())
		}
	})
}

func TestInvalidFaultsAreRefused(t *testing.T) {
	for _, text := range []string{`{"Kill":1.5}`, `{"Kill":-1}`, `{"Kill":"often"}`, `Kill`} {
		h := &Host{Root: "testdata/golden-app", Handler: http.NotFoundHandler(), Env: map[string]string{faultsSetting: text}}
		if err := h.Start(t.Context()); err == nil {
			h.Stop()
			t.Errorf("%s was accepted, want an error", text)
		}
	}
}
