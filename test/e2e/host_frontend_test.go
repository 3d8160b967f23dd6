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

func TestTheFrontendOfTheBuiltHandler(t *testing.T) {
	t.Parallel()
	onFuncsim.frontend(t)
}

func TestTheFrontendUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).frontend(t)
}

// frontendCase is one request to the frontend of a host, and the expected reply.
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
	ours   bool   // the handler answers, and refuses with a problem document
}

const webhook = "/runtime/webhooks/eventgrid?functionName="

// forgedInvocationID is an invocation id that a client sends.
const forgedInvocationID = "00000000-dead-4bad-8bad-00000000dead"

var frontendCases = []frontendCase{
	{name: "the host's own page", method: "GET", path: "/", status: 200},
	{name: "the handler answers", method: "GET", path: "/api/v1/worklist", status: 200, ours: true},
	{name: "a percent-encoded path is the same path", method: "GET", path: "/api/v1/%77orklist", status: 200, ours: true},
	{name: "a percent-encoded slash is not a slash", method: "GET", path: "/api/v1/a%2Fworklist", status: 404, ours: true},
	{name: "a slash at the end", method: "GET", path: "/api/v1/worklist/", status: 404, ours: true},
	{name: "upper case matches at the host, but not at the handler", method: "GET", path: "/API/V1/WORKLIST", status: 404, ours: true},
	{name: "a double slash inside", method: "GET", path: "/api/v1//worklist", status: 404},
	{name: "a double slash at the beginning", method: "GET", path: "//api/v1/worklist", status: 404},
	{name: "a method that no function has", method: "PATCH", path: "/api/v1/worklist", status: 404},
	{name: "an unknown path", method: "GET", path: "/favicon.ico", status: 404},

	{name: "a timer function by POST", method: "POST", path: "/sweep", body: `{"Data":{"timer":{}}}`, status: 404},
	{name: "a timer function by POST under the prefix", method: "POST", path: "/api/sweep", body: `{"Data":{"timer":{}}}`, status: 404},
	{name: "an event function by POST", method: "POST", path: "/incomingcall", body: `{"Data":{"event":{}}}`, status: 404},
	{name: "an event function by GET under the prefix", method: "GET", path: "/api/incomingcall", status: 404},

	{name: "a callback without a call", method: "POST", path: "/api/callbacks", body: `[]`, status: 404},
	{name: "a callback with a segment too many", method: "POST", path: "/api/callbacks/in-a/b", body: `[]`, status: 404},
	{name: "a callback by GET", method: "GET", path: "/api/callbacks/in-a", status: 404},
	{name: "a callback without a token", method: "POST", path: "/api/callbacks/in-a?t=x", body: `[]`, status: 401, ours: true},
	{name: "a callback sent in chunks", method: "POST", path: "/api/callbacks/in-a?t=x", body: `[]`, chunked: true, status: 401, ours: true},
	{name: "a callback with its MAC twice", method: "POST", path: "/api/callbacks/in-a?t=x&t=y", body: `[]`, status: 401, ours: true},
	{name: "a callback with a forged invocation id", method: "POST", path: "/api/callbacks/in-a?t=x", body: `[]`,
		headers: map[string]string{"X-Azure-Functions-InvocationId": forgedInvocationID}, status: 401, ours: true},
	{name: "a callback with a malformed token", method: "POST", path: "/api/callbacks/in-a?t=x", body: `[]`,
		headers: map[string]string{"Authorization": "Bearer a.b.c"}, status: 401, ours: true},

	{name: "the handshake", method: "POST", path: webhook + "incomingcall", status: 200,
		headers: map[string]string{"aeg-event-type": "SubscriptionValidation"},
		body: `[{"id":"1","subject":"","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","dataVersion":"2",
			"eventTime":"2026-01-02T03:04:05Z","data":{"validationCode":"512d38b6"}}]`,
		reply: `"validationResponse":"512d38b6"`},
	{name: "the handshake of CloudEvents", method: "OPTIONS", path: webhook + "incomingcall", status: 200,
		headers: map[string]string{"WebHook-Request-Origin": "eventgrid.azure.net"}, header: "Webhook-Allowed-Origin: eventgrid.azure.net"},
	{name: "events for an unknown function", method: "POST", path: webhook + "missing", body: "[" + unknownTypeEvent(1) + "]",
		headers: notification, status: 404, reply: "cannot find function: 'missing'"},
	{name: "events for a function in other case", method: "POST", path: webhook + "IncomingCall", body: "[" + unknownTypeEvent(1) + "]",
		headers: notification, status: 404},
	{name: "events for a timer", method: "POST", path: webhook + "sweep", body: "[" + unknownTypeEvent(1) + "]", headers: notification, status: 404},
	{name: "events without a type of request", method: "POST", path: webhook + "incomingcall", body: "[" + unknownTypeEvent(1) + "]", status: 400},
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

// unknownTypeEvent returns an event of a type that the app does not know.
func unknownTypeEvent(n int) string {
	return fmt.Sprintf(`{"id":"s%d","eventType":"Contoso.Surprise","subject":"s","dataVersion":"1.0",`+
		`"eventTime":"2026-01-02T03:04:05Z","data":{"note":"2026-01-02T03:04:05.120+05:30"}}`, n)
}

// frontend sends requests that every host must answer the same way.
func (h host) frontend(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	for _, x := range frontendCases {
		t.Run(x.name, func(t *testing.T) { x.run(t, r) })
	}
	t.Run("fifty late offers at once, in any order", func(t *testing.T) { sendLateOffersTwice(t, r) })
	t.Run("no line has the forged id", func(t *testing.T) {
		for _, line := range log.handlerLines() {
			if strings.Contains(line, forgedInvocationID) {
				t.Errorf("the handler logged %s, want no %s in it", line, forgedInvocationID)
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
		t.Errorf("the reply is %s, want %q in it", body, x.reply)
	}
	if name, value, ok := strings.Cut(x.header, ": "); ok && headers.Get(name) != value {
		t.Errorf("%s is %q, want %q", name, headers.Get(name), value)
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
			body = struct{ io.Reader }{body} // hides the length
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

// sendLateOffersTwice sends fifty late offers twice at the same time: the handler sends
// no request to ACS, and leaves the worklist empty.
func sendLateOffersTwice(t *testing.T, r *rig.Rig) {
	offers := make([]string, 50)
	for i := range offers {
		offers[i] = strings.Trim(lateOffer(i), "[]")
	}
	batch := frontendCase{method: "POST", path: webhook + "incomingcall", headers: notification, body: "[" + strings.Join(offers, ",") + "]"}
	_, before := r.Requests()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if status, _, body := send(t, r, batch); status != http.StatusAccepted {
				t.Errorf("status %d, want %d; %s", status, http.StatusAccepted, body)
			}
		})
	}
	both.Wait()
	if _, after := r.Requests(); after != before {
		t.Errorf("the handler sent %d requests to ACS, want none", after-before)
	}
	items, err := r.Env.Calls.Worklist(t.Context())
	if err != nil || len(items) != 0 {
		t.Errorf("%d items are on the worklist, %v, want none", len(items), err)
	}
}

func TestAFunctionOfTheBuiltHandlerTimesOut(t *testing.T) {
	t.Parallel()
	onFuncsim.runWithTimeout(t)
}

func TestAFunctionUnderFuncTimesOut(t *testing.T) {
	t.Parallel()
	onFunc(t).runWithTimeout(t)
}

// runWithTimeout holds a request of a function to storage until the function times out.
// The host fails the event and kills the handler with all its functions; the scenario
// continues on the next handler.
func (h host) runWithTimeout(t *testing.T) {
	const timeout = "00:00:02" // less than the handler's timeout for storage
	var mu sync.Mutex
	armed, held := false, make(chan struct{})
	release := make(chan struct{})
	defer close(release)
	hook := &faultproxy.Hook{At: func(_ int, side faultproxy.When, q *http.Request) bool {
		if side == faultproxy.WhenAfter || !counts(q.Method, q.URL.EscapedPath()) || q.Method != http.MethodPost {
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
		case <-q.Context().Done(): // the handler was killed
		}
		return true
	}}
	env := map[string]string{"AzureFunctionsJobHost__functionTimeout": timeout}
	r, log := h.start(t, retryingSim(), hook, env)
	keepRunning(t, r)
	mu.Lock()
	armed = true
	mu.Unlock()
	runOnRig(t, r, log, "leaves-in-menu.txtar")
	select {
	case <-held:
	default:
		t.Fatal("no request was held, want one")
	}
	if log.count("was exceeded by function") == 0 {
		t.Errorf("no function timed out, want one\n%s", log)
	}
}

// count returns the number of lines that contain text.
func (b *logBuffer) count(text string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, line := range b.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
