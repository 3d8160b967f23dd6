package e2e

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"switchboard/handler/call"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
	"switchboard/test/scenario"
)

func TestInboundOnTwoHosts(t *testing.T) {
	t.Parallel()
	onFuncsim.inboundOnTwoHosts(t)
}

func TestInboundUnderTwoFuncs(t *testing.T) {
	t.Parallel()
	onFunc(t).inboundOnTwoHosts(t)
}

func TestCampaignIsContinuedByTheOtherHost(t *testing.T) {
	t.Parallel()
	onFuncsim.campaignOnTwoHosts(t)
}

func TestCampaignIsContinuedByTheOtherFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).campaignOnTwoHosts(t)
}

// inboundOnTwoHosts runs a call whose callbacks go to two hosts in turn. Both accept some of them, and
// both know the call afterwards.
func (h host) inboundOnTwoHosts(t *testing.T) {
	two := h.startTwo(t, nil)
	two.callbacks.forwardTo(two.hosts...)
	result, err := readScenario(t, "inbound.txtar").Run(t.Context(), two.hosts[0].Env)
	if err == nil {
		err = two.hosts[0].Env.Verify(t.Context(), result)
	}
	if err != nil {
		t.Fatalf("%v\n\n%s", err, two.log)
	}
	id := result.Calls[0].ID
	waitFor(t, "both hosts return the call", func() bool { // a late event may change it in between
		return getCall(t, two.hosts[0], id) == getCall(t, two.hosts[1], id)
	})
	for i, r := range two.hosts {
		if n := two.callbacks.acceptedBy(r); n == 0 {
			t.Errorf("host %d accepted no callback, want some\n%s", i+1, two.log)
		}
	}
}

// campaignOnTwoHosts runs a campaign of twelve contacts on a line of four places. ACS's callbacks wait until the
// line is full. Then a host that has dialled is stopped for good, and the callbacks go to the other one, which
// dials the other contacts.
func (h host) campaignOnTwoHosts(t *testing.T) {
	const lineCalls = 4
	two := h.startTwo(t, map[string]string{"LINE_CALLS": "4"})
	env := two.hosts[0].Env
	type outcome struct {
		result scenario.Result
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		result, err := readScenario(t, "crowd-faults.txtar").Run(t.Context(), env)
		ended <- outcome{result, err}
	}()
	waitFor(t, "the line is full, and nothing is left to be sent", func() bool {
		return placedCalls(t, env) == lineCalls
	})
	stops, goesOn := two.hosts[0], two.hosts[1]
	if numbersReserved(stops) == 0 {
		stops, goesOn = goesOn, stops
	}
	stops.Host.Stop()
	two.callbacks.forwardTo(goesOn)
	o := <-ended
	if o.err == nil {
		o.err = env.Verify(t.Context(), o.result)
	}
	if o.err != nil {
		t.Fatalf("%v\n\n%s", o.err, two.log)
	}
	if a, b := numbersReserved(stops), numbersReserved(goesOn); a == 0 || b == 0 {
		t.Errorf("the host that stopped dialled %d numbers, the other one %d, want some by each", a, b)
	}
	for _, ring := range env.ACS.Rings() {
		if n := env.ACS.RingsOf(ring.RawID); n != 1 {
			t.Errorf("%s rang %d times, want once", ring.RawID, n)
		}
	}
}

// placedCalls returns the number of calls that hold a place on the line and have no action pending.
func placedCalls(t *testing.T, env scenario.Env) (n int) {
	t.Helper()
	line, err := env.Ledger.Line(t.Context(), scenario.Line)
	if err != nil {
		t.Fatal(err)
	}
	for _, holder := range line.Holders {
		if row, err := env.Calls.Load(t.Context(), holder.Call); err == nil && len(row.Value.Pending) == 0 {
			n++
		}
	}
	return n
}

// numbersReserved counts the requests of a rig's handler that insert the row of a number,
// which is done when a number is dialled for the first time.
func numbersReserved(r *rig.Rig) int {
	return r.Hook.Count(func(q faultproxy.Request) bool {
		return q.Method == http.MethodPost && strings.HasSuffix(q.Path, "numbers")
	})
}

// getCall returns the reply of a host to a request for a call.
func getCall(t *testing.T, r *rig.Rig, id call.ID) string {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.Env.URL+"/api/v1/calls/"+string(id), nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := r.Env.Host.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK {
		t.Fatalf("the reply is %d %s, %v, want %d", reply.StatusCode, body, err, http.StatusOK)
	}
	return string(body)
}

// twoHosts are two hosts that share storage and host id, as two instances in Azure do.
type twoHosts struct {
	hosts     []*rig.Rig
	callbacks *balancer
	log       *logBuffer
}

// startTwo starts two hosts, with additional settings.
func (h host) startTwo(t *testing.T, settings map[string]string) twoHosts {
	t.Helper()
	callbacks := &balancer{ready: make(chan struct{}), accepted: map[string]int{}}
	server := httptest.NewServer(callbacks)
	t.Cleanup(server.Close)
	all := map[string]string{"LOG_LEVEL": "debug", "CALLBACK_BASE_URL": server.URL}
	maps.Copy(all, settings)
	sim := retryingSim()
	sim.CallsPerNumber = 4
	first, log := h.start(t, sim, nil, all)
	second, err := rig.Start(t.Context(), rig.Options{
		Func: string(h), Settings: all, Beside: first, Log: func(line string) { log.add("second: " + line) },
	})
	if err != nil {
		t.Fatalf("%v\n\n%s", err, log)
	}
	t.Cleanup(second.Close)
	return twoHosts{[]*rig.Rig{first, second}, callbacks, log}
}

// balancer forwards callbacks to several hosts in turn.
type balancer struct {
	ready chan struct{} // closed by forwardTo; callbacks wait for it

	mu       sync.Mutex
	hosts    []*url.URL
	turn     int
	accepted map[string]int // by host and port
}

// forwardTo names the hosts. It is called once.
func (b *balancer) forwardTo(rigs ...*rig.Rig) {
	for _, r := range rigs {
		u, err := url.Parse(r.Env.URL)
		if err != nil {
			panic(err) // the rig has made it
		}
		b.hosts = append(b.hosts, u)
	}
	close(b.ready)
}

// acceptedBy returns the number of callbacks that a host has accepted.
func (b *balancer) acceptedBy(r *rig.Rig) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.accepted[strings.TrimPrefix(r.Env.URL, "http://")]
}

// next returns the host whose turn it is.
func (b *balancer) next() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	return b.hosts[b.turn%len(b.hosts)]
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-b.ready:
	case <-r.Context().Done():
		return
	}
	to := b.next()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) },
		ModifyResponse: func(reply *http.Response) error {
			if reply.StatusCode < http.StatusMultipleChoices {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.accepted[to.Host]++
			}
			return nil
		},
	}
	proxy.ServeHTTP(w, r)
}
