package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

func TestTheFrontOfTheBuiltProgram(t *testing.T) {
	t.Parallel()
	onFuncsim.frontend(t)
}

func TestTheFrontUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).frontend(t)
}

// frontCase is one request to the front of a host and what must come of it.
type frontendCase struct {
	name    string
	method  string
	path    string
	headers map[string]string
	body    string
	chunked bool

	status int
	reply  string // part of the reply's body
	header string // "Name: value" of the reply
	ours   bool   // the handler has answered: with a problem document if it refused
}

const webhook = "/runtime/webhooks/eventgrid?functionName="

// forged is what an outsider sends for the id of an invocation.
const forgedInvocationID = "00000000-dead-4bad-8bad-00000000dead"

var frontendCases = []frontendCase{
	{name: "the host's own page", method: "GET", path: "/", status: 200},
	{name: "the handler lives", method: "GET", path: "/api/v1/worklist", status: 200, ours: true},
	{name: "a percent-encoded path is the same path", method: "GET", path: "/api/v1/%6Cive", status: 200, ours: true},
	{name: "a percent-encoded slash is not a slash", method: "GET", path: "/api/v1/a%2Fworklist", status: 404, ours: true},
	{name: "a slash behind", method: "GET", path: "/api/v1/worklist/", status: 404, ours: true},
	{name: "the host takes any case, the handler does not", method: "GET", path: "/API/V1/LIVE", status: 404, ours: true},
	{name: "a double slash inside", method: "GET", path: "/api/v1//live", status: 404},
	{name: "a double slash before", method: "GET", path: "//api/v1/worklist", status: 404},
	{name: "a method that no function takes", method: "PATCH", path: "/api/v1/worklist", status: 404},
	{name: "nowhere", method: "GET", path: "/favicon.ico", status: 404},

	{name: "a timer cannot be set off from outside", method: "POST", path: "/sweep", body: `{"Data":{"timer":{}}}`, status: 404},
	{name: "nor under the prefix", method: "POST", path: "/api/sweep", body: `{"Data":{"timer":{}}}`, status: 404},
	{name: "nor an event function", method: "POST", path: "/incomingcall", body: `{"Data":{"event":{}}}`, status: 404},
	{name: "nor read", method: "GET", path: "/api/incomingcall", status: 404},

	{name: "a callback of no call", method: "POST", path: "/api/callbacks", body: `[]`, status: 404},
	{name: "a callback with a segment too many", method: "POST", path: "/api/callbacks/in-a/b", body: `[]`, status: 404},
	{name: "a callback by GET", method: "GET", path: "/api/callbacks/in-a", status: 404},
	{name: "a callback without a token", method: "POST", path: "/api/callbacks/in-a?t=x", body: `[]`, status: 401, ours: true},
	{name: "a callback sent in chunks", method: "POST", path: "/api/callbacks/in-a?t=x", body: `[]`, chunked: true, status: 401, ours: true},
	{name: "a callback with its MAC twice", method: "POST", path: "/api/callbacks/in-a?t=x&t=y", body: `[]`, status: 401, ours: true},
	{name: "a callback with a forged invocation id", method: "POST", path: "/api/callbacks/in-a?t=x", body: `[]`,
		headers: map[string]string{"X-Azure-Functions-InvocationId": forgedInvocationID}, status: 401, ours: true},
	{name: "a callback with a token of nobody", method: "POST", path: "/api/callbacks/in-a?t=x", body: `[]`,
		headers: map[string]string{"Authorization": "Bearer a.b.c"}, status: 401, ours: true},

	{name: "the handshake", method: "POST", path: webhook + "incomingcall", status: 200,
		headers: map[string]string{"aeg-event-type": "SubscriptionValidation"},
		body: `[{"id":"1","subject":"","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","dataVersion":"2",
			"eventTime":"2026-01-02T03:04:05Z","data":{"validationCode":"512d38b6"}}]`,
		reply: `"validationResponse":"512d38b6"`},
	{name: "the handshake of CloudEvents", method: "OPTIONS", path: webhook + "incomingcall", status: 200,
		headers: map[string]string{"WebHook-Request-Origin": "eventgrid.azure.net"}, header: "Webhook-Allowed-Origin: eventgrid.azure.net"},
	{name: "events for an unknown function", method: "POST", path: webhook + "nobody", body: "[" + unknownTypeEvent(1) + "]",
		headers: notification, status: 404, reply: "cannot find function: 'nobody'"},
	{name: "events for a function in other letters", method: "POST", path: webhook + "IncomingCall", body: "[" + unknownTypeEvent(1) + "]",
		headers: notification, status: 404},
	{name: "events for a timer", method: "POST", path: webhook + "sweep", body: "[" + unknownTypeEvent(1) + "]", headers: notification, status: 404},
	{name: "events without a kind", method: "POST", path: webhook + "incomingcall", body: "[" + unknownTypeEvent(1) + "]", status: 400},
	{name: "events that are no JSON", method: "POST", path: webhook + "incomingcall", body: `[{`, headers: notification, status: 500},
	{name: "the webhook by GET", method: "GET", path: webhook + "incomingcall", status: 400},
	{name: "the webhook by GET, as a notification without events", method: "GET", path: webhook + "incomingcall", headers: notification,
		status: 500},
	{name: "an empty delivery", method: "POST", path: webhook + "incomingcall", body: `[]`, headers: notification, status: 202},
	{name: "a delivery in chunks", method: "POST", path: webhook + "incomingcall", body: "[" + unknownTypeEvent(1) + "]", headers: notification,
		chunked: true, status: 202},
	{name: "one event that is not in an array", method: "POST", path: webhook + "incomingcall", body: unknownTypeEvent(1),
		headers: notification, status: 202},
	{name: "a batch with one bad event", method: "POST", path: webhook + "incomingcall", headers: notification, status: 202,
		body: "[" + unknownTypeEvent(1) + "," + strings.Trim(malformedOffer, "[]") + "," + unknownTypeEvent(2) + "]"},
	{name: "a timer run by hand", method: "POST", path: "/admin/functions/sweep", body: `{"input":""}`,
		headers: map[string]string{"Content-Type": "application/json"}, status: 202},
}

var notification = map[string]string{"aeg-event-type": "Notification", "Content-Type": "application/json"}

// strange is an event that the app knows nothing about.
func unknownTypeEvent(n int) string {
	return fmt.Sprintf(`{"id":"s%d","eventType":"Contoso.Surprise","subject":"s","dataVersion":"1.0",`+
		`"eventTime":"2026-01-02T03:04:05Z","data":{"note":"2026-01-02T03:04:05.120+05:30"}}`, n)
}

// front sends what a host and its handler must answer alike, whichever the host.
func (h host) frontend(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	for _, x := range frontendCases {
		t.Run(x.name, func(t *testing.T) { x.run(t, r) })
	}
	t.Run("fifty late offers at once, in any order", func(t *testing.T) { sendLateOffersTwice(t, r) })
	t.Run("no line bears a forged id", func(t *testing.T) {
		for _, line := range log.handlerLines() {
			if strings.Contains(line, forgedInvocationID) {
				t.Error(line)
			}
		}
	})
}

func (x frontendCase) run(t *testing.T, r *rig.Rig) {
	status, headers, body := send(t, r, x)
	if status != x.status {
		t.Errorf("status %d, want %d; %s", status, x.status, body)
	}
	if !strings.Contains(body, x.reply) {
		t.Errorf("the reply is %s", body)
	}
	if name, value, ok := strings.Cut(x.header, ": "); ok && headers.Get(name) != value {
		t.Errorf("%s is %q", name, headers.Get(name))
	}
	// A refusal of the host's own has no body or a plain text.
	problem := strings.HasPrefix(headers.Get("Content-Type"), "application/problem+json")
	if want := x.ours && x.status >= 400; problem != want {
		t.Errorf("a problem document: %v, want %v; %s", problem, want, body)
	}
}

func send(t *testing.T, r *rig.Rig, x frontendCase) (int, http.Header, string) {
	t.Helper()
	var body io.Reader
	if x.body != "" {
		body = strings.NewReader(x.body)
		if x.chunked {
			body = struct{ io.Reader }{body} // whose length nobody knows
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), x.method, r.Env.URL+x.path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range x.headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // no redirects
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(reply)
}

// fiftyOffers sends fifty calls that rang long ago, twice each and all at the
// same time: one row each, and ACS is asked nothing.
func sendLateOffersTwice(t *testing.T, r *rig.Rig) {
	const many = 50
	offers := make([]string, many)
	for i := range offers {
		offers[i] = strings.Trim(lateOffer(i), "[]")
	}
	batch := frontendCase{method: "POST", path: webhook + "incomingcall", headers: notification, body: "[" + strings.Join(offers, ",") + "]"}
	_, before := r.Requests()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if status, _, body := send(t, r, batch); status != http.StatusAccepted {
				t.Errorf("status %d, %s", status, body)
			}
		})
	}
	both.Wait()
	if _, after := r.Requests(); after != before {
		t.Errorf("ACS was asked %d times", after-before)
	}
	live, err := r.Env.Calls.Worklist(t.Context())
	if err != nil || len(live) != 0 {
		t.Errorf("%d calls are live, %v", len(live), err)
	}
}

func TestAFunctionOfTheBuiltProgramThatTakesTooLong(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithTimeout(t)
}

func TestAFunctionUnderFuncThatTakesTooLong(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithTimeout(t)
}

// tooLong holds a request of one call's function to storage until the host loses
// its patience. It fails the event, and kills the handler with all that it is
// doing; the story that was under way goes on under the next handler.
func (h host) runWithTimeout(t *testing.T) {
	const patience = "00:00:02" // less than the handler has with its storage
	var mu sync.Mutex
	armed, held := false, make(chan struct{})
	release := make(chan struct{})
	defer close(release)
	hook := &faultproxy.Hook{At: func(_ int, side faultproxy.When, q *http.Request) bool {
		if side == faultproxy.After || !counts(q.Method, q.URL.EscapedPath()) || q.Method != http.MethodPost {
			return false
		}
		mu.Lock()
		hold := armed
		armed = false
		mu.Unlock()
		if !hold {
			return false
		}
		close(held)
		select {
		case <-release:
		case <-q.Context().Done(): // the handler is dead
		}
		return true
	}}
	env := map[string]string{"AzureFunctionsJobHost__functionTimeout": patience}
	r, log := h.start(t, retryingSim(), hook, env)
	mu.Lock()
	armed = true
	mu.Unlock()
	runOnRig(t, r, log, "leaves-in-menu.txt")
	select {
	case <-held:
	default:
		t.Fatal("no request was held")
	}
	if log.count("was exceeded by function") == 0 {
		t.Errorf("the host did not time the function out\n%s", log)
	}
}

// count is how many lines have this text.
func (j *logBuffer) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, line := range j.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
