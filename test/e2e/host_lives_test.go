package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchboard/test/acssim"
	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
	"switchboard/test/funcsim"
	"switchboard/test/rig"
)

func TestInboundWhenTheHostIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	onFuncsim.stopped(t)
}

func TestInboundWhenFuncIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	onFunc(t).stopped(t)
}

// stopped plays the story, and in the middle of it the host goes and comes back.
func (h host) stopped(t *testing.T) {
	const moment = 20
	var mu sync.Mutex
	var on *rig.Rig
	seen := 0
	again := make(chan error, 1)
	moments := &faultproxy.Moments{At: func(_ int, side faultproxy.Side, q *http.Request) bool {
		mu.Lock()
		if on == nil || side == faultproxy.After || !counts(q.Method, q.URL.Path) {
			mu.Unlock()
			return false
		}
		seen++
		now := seen == moment
		mu.Unlock()
		if !now {
			return false
		}
		on.Host.Stop()
		go func() { again <- on.Host.Start(t.Context()) }()
		return true
	}}
	r, log := h.start(t, patient(), moments, soon)
	mu.Lock()
	on = r
	mu.Unlock()
	playOn(t, r, log, "inbound.txt")
	select {
	case err := <-again:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("the host was not stopped")
	}
}

func TestInboundOnTwoHosts(t *testing.T) {
	t.Parallel()
	onFuncsim.two(t)
}

func TestInboundUnderTwoFuncs(t *testing.T) {
	t.Parallel()
	onFunc(t).two(t)
}

// two plays the story on two hosts that share storage and host id, as two
// instances in Azure do: callbacks come to both in turn, and the timers run on
// one of them.
func (h host) two(t *testing.T) {
	var turn atomic.Int64
	var hosts [2]atomic.Pointer[url.URL]
	balancer := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(hosts[turn.Add(1)%2].Load())
	}})
	t.Cleanup(balancer.Close)
	env := map[string]string{"CALLBACK_BASE_URL": balancer.URL}
	first, log := h.start(t, &acssim.Server{Strict: true}, nil, env)
	second, err := rig.Start(t.Context(), rig.Options{
		Func: string(h), Env: map[string]string{"LOG_LEVEL": "debug", "CALLBACK_BASE_URL": balancer.URL},
		Beside: first, Log: func(line string) { log.add("second: " + line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	for i, r := range []*rig.Rig{first, second} {
		u, err := url.Parse(r.World.URL)
		if err != nil {
			t.Fatal(err)
		}
		hosts[i].Store(u)
	}
	a, b := sweeps(first), sweeps(second) // the rig has asked for what is live, too
	playOn(t, first, log, "inbound.txt")
	log.mustBeClean(t)
	if a, b := sweeps(first)-a, sweeps(second)-b; (a == 0) == (b == 0) {
		t.Errorf("the first host has swept with %d requests, the second with %d: want one of them to sweep", a, b)
	}
	for _, r := range []*rig.Rig{first, second} {
		if !servedACallback(r) {
			t.Errorf("the host at %s has served no callback", r.World.URL)
		}
	}
}

// sweeps counts the handler's questions for what is due.
func sweeps(r *rig.Rig) int {
	return r.Moments.Count(func(q faultproxy.Request) bool { return strings.Contains(q.Path, "live()") })
}

// servedACallback reports that the handler of a rig has written a call.
func servedACallback(r *rig.Rig) bool {
	return r.Moments.Count(func(q faultproxy.Request) bool { return strings.HasSuffix(q.Path, "$batch") }) > 0
}

func TestInboundWhenTheLeaseOfTheSweepIsLost(t *testing.T) {
	t.Parallel()
	onFuncsim.leaseLost(t, map[string]string{"FUNCTIONS_CORETOOLS_ENVIRONMENT": "true"}) // for leases as short as under func
}

func TestInboundUnderFuncWhenTheLeaseOfTheSweepIsLost(t *testing.T) {
	t.Parallel()
	onFunc(t).leaseLost(t, nil)
}

// leaseLost takes the sweep's lease from the host, which shuts down when it
// learns of it, and is started again.
func (h host) leaseLost(t *testing.T, env map[string]string) {
	const id = "lease-lost"
	all := map[string]string{"AzureFunctionsWebHost__hostid": id + strings.ToLower(azurite.Prefix())}
	for _, m := range []map[string]string{soon, env} {
		for name, value := range m {
			all[name] = value
		}
	}
	r, log := h.start(t, patient(), nil, all)
	blobs, err := funcsim.NewStorageBlobs(r.Azurite.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	lock := fmt.Sprintf("locks/%s/Host.Functions.sweep.Listener", all["AzureFunctionsWebHost__hostid"])
	for blobs.Break(t.Context(), lock) != nil { // there may be none yet
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("the sweep has no lease")
		}
	}
	again := make(chan error, 1)
	go func() {
		select {
		case <-r.Host.Stopped():
			again <- r.Host.Start(t.Context())
		case <-t.Context().Done():
			again <- t.Context().Err()
		}
	}()
	playOn(t, r, log, "inbound.txt")
	if err := <-again; err != nil {
		t.Error(err)
	}
}
