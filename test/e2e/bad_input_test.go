package e2e

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"switchboard/handler/auth"
	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
	"switchboard/test/scenario"
)

func TestBadInputToTheBuiltHandler(t *testing.T) {
	t.Parallel()
	onFuncsim.refusedInput(t)
}

func TestBadInputUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).refusedInput(t)
}

// badInput is a request that must change nothing, and the expected reply.
type badInput struct {
	name   string
	event  string // posted to the Event Grid webhook; empty: the request is a callback
	mac    string // of the callback
	token  string // of the callback
	body   string // of the callback
	status int
	reads  int    // number of the handler's reads of storage; writes are not allowed
	logged string // level of the function's only line in the log; empty: not checked
}

const (
	malformedOffer = `[{"id":"1","eventType":"Microsoft.Communication.IncomingCall","subject":"s","dataVersion":"1.0",
		"eventTime":"2026-01-02T03:04:05Z","data":{"to":{"rawId":"` + scenario.Line + `"},"correlationId":"c"}}]`
	unknownEvent = `[{"id":"2","eventType":"Contoso.Surprise","subject":"s","dataVersion":"1.0",
		"eventTime":"2026-01-02T03:04:05Z","data":{}}]`
	connected = `[{"id":"3","source":"calling/callConnections/c1","specversion":"1.0",
		"type":"Microsoft.Communication.CallConnected","time":"2026-01-02T03:04:05Z",
		"data":{"callConnectionId":"c1","serverCallId":"s1","correlationId":"r1"}}]`
	unknownCall = "in-unknown" // the id of no call
)

func (h host) refusedInput(t *testing.T) {
	const secret = "a secret of 32 bytes, for a test"
	secrets := map[string]string{"CALLBACK_KEYS": "test:" + base64.StdEncoding.EncodeToString([]byte(secret))}
	recorder := &tokenRecorder{}
	r, log := h.start(t, &acssim.Server{Strict: true, Transport: recorder}, &faultproxy.Hook{}, secrets)
	runOnRig(t, r, log, "leaves-in-menu.txtar") // makes the simulator send a token, and fills the handler's caches
	// The handler's requests are counted from here on: those of the scenario must have ended.
	waitFor(t, "the last callback is accepted", func() bool { return log.count("callback: CallDisconnected") > 0 && recorder.idle() })

	signer := auth.NewSigner([]auth.Key{{ID: "test", Secret: []byte(secret)}})
	forger := auth.NewSigner([]auth.Key{{ID: "test", Secret: []byte("another secret of 32 bytes, or so")}})
	mac, token := signer.Sign(auth.CallbackSubject(unknownCall, 0)), recorder.mustToken(t)
	header, claims, _ := strings.Cut(token, ".")
	claims, signature, _ := strings.Cut(claims, ".")
	noAlgorithm := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))

	for _, in := range []badInput{
		{name: "a malformed offer is acknowledged", event: malformedOffer, status: http.StatusAccepted, logged: "error"},
		{name: "an event of an unknown type is acknowledged", event: unknownEvent, status: http.StatusAccepted, logged: "debug"},
		{name: "a body over 1 MiB is refused", mac: mac, token: token, body: strings.Repeat("x", 1<<20+1), status: http.StatusRequestEntityTooLarge},
		{name: "an event of an unknown call is acknowledged", mac: mac, token: token, body: connected, status: http.StatusOK, reads: 1},
		{name: "no token", mac: mac, body: connected, status: http.StatusUnauthorized},
		{name: "a token with another signature", mac: mac, token: header + "." + claims + "." + strings.Repeat("A", len(signature)), body: connected, status: http.StatusUnauthorized},
		{name: "a token without a signature", mac: mac, token: noAlgorithm + "." + claims + ".", body: connected, status: http.StatusUnauthorized},
		{name: "no MAC", token: token, body: connected, status: http.StatusUnauthorized},
		{name: "a MAC made with another secret", mac: forger.Sign(auth.CallbackSubject(unknownCall, 0)), token: token, body: connected, status: http.StatusUnauthorized},
		{name: "the MAC of another call", mac: signer.Sign(auth.CallbackSubject("in-other", 0)), token: token, body: connected, status: http.StatusUnauthorized},
		{name: "the MAC of an operation", mac: signer.Sign(auth.CallbackSubject(unknownCall, 3)), token: token, body: connected, status: http.StatusUnauthorized},
	} {
		t.Run(in.name, func(t *testing.T) { in.send(t, r, log) })
	}
}

// send sends the request, and checks the reply and what the handler did.
func (in badInput) send(t *testing.T, r *rig.Rig, log *logBuffer) {
	requests, lines := len(r.Hook.Seen()), len(log.ofFunction("incomingcall"))
	reply, err := r.Env.Host.Do(in.request(t, r.Env.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	if reply.StatusCode != in.status {
		t.Errorf("the reply is %d %s, want %d", reply.StatusCode, text, in.status)
	}
	if kind := reply.Header.Get("Content-Type"); in.status >= 400 && kind != "application/problem+json" {
		t.Errorf("the reply is of type %q, want a problem document", kind)
	}
	reads := 0
	for _, q := range r.Hook.Seen()[requests:] {
		switch {
		case !counts(q.Method, q.Path):
		case q.Method == http.MethodGet:
			reads++
		default:
			t.Errorf("the handler sent %s %s, want no write", q.Method, q.Path)
		}
	}
	if reads != in.reads {
		t.Errorf("the handler sent %d reads, want %d", reads, in.reads)
	}
	if in.logged != "" {
		in.mustBeLogged(t, log, lines)
	}
}

func (in badInput) request(t *testing.T, frontend string) *http.Request {
	t.Helper()
	to, body := frontend+"/api/callbacks/"+unknownCall+"?t="+in.mac, in.body
	if in.event != "" {
		to, body = frontend+"/runtime/webhooks/eventgrid?functionName=incomingcall", in.event
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if in.event != "" {
		r.Header.Set("aeg-event-type", "Notification")
	}
	if in.token != "" {
		r.Header.Set("Authorization", "Bearer "+in.token)
	}
	return r
}

// mustBeLogged waits for the function's line in the log, and fails the test if there
// are several or if the level is another one.
func (in badInput) mustBeLogged(t *testing.T, log *logBuffer, before int) {
	t.Helper()
	waitFor(t, "a line of the function incomingcall", func() bool { return len(log.ofFunction("incomingcall")) > before })
	time.Sleep(200 * time.Millisecond) // for another line
	if lines := log.ofFunction("incomingcall")[before:]; len(lines) != 1 || lines[0].Level != in.logged {
		t.Errorf("the handler logged %+v, want one line of level %s\n%s", lines, in.logged, log)
	}
}

// ofFunction returns the lines of one function.
func (b *logBuffer) ofFunction(function string) []entry {
	var found []entry
	for _, e := range b.entries() {
		if e.Function == function {
			found = append(found, e)
		}
	}
	return found
}

// tokenRecorder is the simulator's transport, and keeps the last token that was sent.
type tokenRecorder struct {
	mu       sync.Mutex
	token    string
	underWay int // requests without an answer
}

func (r *tokenRecorder) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.underWay++
	if token, ok := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer "); ok {
		r.token = token
	}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.underWay--
		r.mu.Unlock()
	}()
	return http.DefaultTransport.RoundTrip(q)
}

// idle reports whether all requests have been answered.
func (r *tokenRecorder) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.underWay == 0
}

// mustToken returns the last token that was sent, and fails the test if there is none.
func (r *tokenRecorder) mustToken(t *testing.T) string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.token == "" {
		t.Fatal("no token was sent, want one")
	}
	return r.token
}
