package e2e

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

func TestInboundOnTwoHosts(t *testing.T) {
	t.Parallel()
	onFuncsim.runOnTwoHosts(t, "inbound.txtar", nil)
}

func TestInboundUnderTwoFuncs(t *testing.T) {
	t.Parallel()
	onFunc(t).runOnTwoHosts(t, "inbound.txtar", nil)
}

func TestCampaignOnTwoHosts(t *testing.T) {
	t.Parallel()
	onFuncsim.dialOnTwoHosts(t)
}

func TestCampaignUnderTwoFuncs(t *testing.T) {
	t.Parallel()
	onFunc(t).dialOnTwoHosts(t)
}

// dialOnTwoHosts runs a campaign on two hosts, and checks that both have placed calls.
func (h host) dialOnTwoHosts(t *testing.T) {
	first, second := h.runOnTwoHosts(t, "crowd.txtar", map[string]string{"LINE_CALLS": "4"})
	a, b := countReserved(first), countReserved(second)
	t.Logf("the first host has dialled %d numbers, the second %d", a, b)
	if a == 0 || b == 0 || a+b != 12 {
		t.Errorf("the first host has dialled %d numbers, the second %d: want 12 in all, and some by each", a, b)
	}
}

// countReserved counts the numbers whose rows the handler of a rig has inserted, which
// happens when a number is dialled for the first time.
func countReserved(r *rig.Rig) int {
	return r.Hook.Count(func(q faultproxy.Request) bool {
		return q.Method == http.MethodPost && strings.HasSuffix(q.Path, "numbers")
	})
}

// runOnTwoHosts runs a scenario on two hosts that share storage and host id, as two
// instances in Azure do: callbacks go to both in turn, and each timer runs on one of them.
func (h host) runOnTwoHosts(t *testing.T, file string, env map[string]string) (first, second *rig.Rig) {
	var turn atomic.Int64
	var hosts [2]atomic.Pointer[url.URL]
	balancer := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(hosts[turn.Add(1)%2].Load())
	}})
	t.Cleanup(balancer.Close)
	all := map[string]string{"LOG_LEVEL": "debug", "CALLBACK_BASE_URL": balancer.URL}
	maps.Copy(all, env)
	first, log := h.start(t, &acssim.Server{Strict: true, CallsPerNumber: 4}, nil, all)
	second, err := rig.Start(t.Context(), rig.Options{
		Func: string(h), Settings: all, Beside: first, Log: func(line string) { log.add("second: " + line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	for i, r := range []*rig.Rig{first, second} {
		u, err := url.Parse(r.Env.URL)
		if err != nil {
			t.Fatal(err)
		}
		hosts[i].Store(u)
	}
	a, b := countSweeps(first), countSweeps(second) // waiting for the hosts has read the worklist, too
	runOnRig(t, first, log, file)
	log.mustHaveNoWarnings(t)
	if a, b := countSweeps(first)-a, countSweeps(second)-b; (a == 0) == (b == 0) {
		t.Errorf("the first host has swept with %d requests, the second with %d: want one of them to sweep", a, b)
	}
	for _, r := range []*rig.Rig{first, second} {
		if !servedACallback(r) {
			t.Errorf("the host at %s has served no callback", r.Env.URL)
		}
	}
	return first, second
}

// countSweeps counts the handler's queries of the worklist.
func countSweeps(r *rig.Rig) int {
	return r.Hook.Count(func(q faultproxy.Request) bool { return strings.Contains(q.Path, "worklist()") })
}

// servedACallback reports whether the handler of a rig has written a call.
func servedACallback(r *rig.Rig) bool {
	return r.Hook.Count(func(q faultproxy.Request) bool { return strings.HasSuffix(q.Path, "$batch") }) > 0
}
