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

func TestBadInputToTheBuiltProgram(t *testing.T) {
	t.Parallel()
	onFuncsim.badInput(t)
}

func TestBadInputUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).badInput(t)
}

// input is something that must change nothing, and what becomes of it.
type input struct {
	name   string
	event  string // posted to the Event Grid webhook; else it is a callback:
	mac    string
	token  string
	body   string
	status int
	reads  int    // the handler's requests to storage, none of which may write
	logged string // level of the one line of the function in the log; empty: not looked at
}

const (
	malformedOffer = `[{"id":"1","eventType":"Microsoft.Communication.IncomingCall","subject":"s","dataVersion":"1.0",
		"eventTime":"2026-01-02T03:04:05Z","data":{"to":{"rawId":"` + scenario.Line + `"},"correlationId":"c"}}]`
	unknownEvent = `[{"id":"2","eventType":"Contoso.Surprise","subject":"s","dataVersion":"1.0",
		"eventTime":"2026-01-02T03:04:05Z","data":{}}]`
	connected = `[{"id":"3","source":"calling/callConnections/c1","specversion":"1.0",
		"type":"Microsoft.Communication.CallConnected","time":"2026-01-02T03:04:05Z",
		"data":{"callConnectionId":"c1","serverCallId":"s1","correlationId":"r1"}}]`
	unknownCall = "in-nobody" // the id of no call
)

func (h host) badInput(t *testing.T) {
	const secret = "a secret of 32 bytes, for a test"
	secrets := map[string]string{"CALLBACK_KEYS": "test:" + base64.StdEncoding.EncodeToString([]byte(secret))}
	eavesdropper := &tokenRecorder{}
	r, log := h.start(t, &acssim.Server{Strict: true, Transport: eavesdropper}, &faultproxy.Hook{}, secrets)
	runOnRig(t, r, log, "leaves-in-menu.txt") // brings a token, and lets the program read what it keeps in memory

	signer := auth.NewSigner([]auth.Key{{ID: "test", Secret: []byte(secret)}})
	forger := auth.NewSigner([]auth.Key{{ID: "test", Secret: []byte("another secret of 32 bytes, or so")}})
	mac, token := signer.Sign(auth.CallbackSubject(unknownCall, 0)), eavesdropper.mustToken(t)
	header, claims, _ := strings.Cut(token, ".")
	claims, signature, _ := strings.Cut(claims, ".")
	noAlgorithm := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))

	for _, in := range []input{
		{name: "a malformed offer is acknowledged", event: malformedOffer, status: http.StatusAccepted, logged: "error"},
		{name: "an event of an unknown type is acknowledged", event: unknownEvent, status: http.StatusAccepted, logged: "debug"},
		{name: "a body over 1 MiB is refused", mac: mac, token: token, body: strings.Repeat("x", 1<<20+1), status: http.StatusRequestEntityTooLarge},
		{name: "an event of an unknown call is acknowledged", mac: mac, token: token, body: connected, status: http.StatusOK, reads: 1},
		{name: "no token", mac: mac, body: connected, status: http.StatusUnauthorized},
		{name: "a token with another signature", mac: mac, token: header + "." + claims + "." + strings.Repeat("A", len(signature)), body: connected, status: http.StatusUnauthorized},
		{name: "a token without a signature", mac: mac, token: noAlgorithm + "." + claims + ".", body: connected, status: http.StatusUnauthorized},
		{name: "no MAC", token: token, body: connected, status: http.StatusUnauthorized},
		{name: "a MAC made with another secret", mac: forger.Sign(auth.CallbackSubject(unknownCall, 0)), token: token, body: connected, status: http.StatusUnauthorized},
		{name: "the MAC of another call", mac: signer.Sign(auth.CallbackSubject("in-somebody", 0)), token: token, body: connected, status: http.StatusUnauthorized},
		{name: "the MAC of an operation", mac: signer.Sign(auth.CallbackSubject(unknownCall, 3)), token: token, body: connected, status: http.StatusUnauthorized},
	} {
		t.Run(in.name, func(t *testing.T) { in.send(t, r, log) })
	}
}

// send sends it, and looks at the reply and at what the handler did.
func (in input) send(t *testing.T, r *rig.Rig, log *logBuffer) {
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
	for _, asked := range r.Hook.Seen()[requests:] {
		switch {
		case !counts(asked.Method, asked.Path):
		case asked.Method == http.MethodGet:
			reads++
		default:
			t.Errorf("the handler sent %s %s", asked.Method, asked.Path)
		}
	}
	if reads != in.reads {
		t.Errorf("the handler sent %d reads, want %d", reads, in.reads)
	}
	if in.logged != "" {
		in.mustBeLogged(t, log, lines)
	}
}

func (in input) request(t *testing.T, front string) *http.Request {
	t.Helper()
	to, body := front+"/api/callbacks/"+unknownCall+"?t="+in.mac, in.body
	if in.event != "" {
		to, body = front+"/runtime/webhooks/eventgrid?functionName=incomingcall", in.event
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

// mustBeLogged waits for the function's line, which comes by way of the host,
// and for another one that must not come.
func (in input) mustBeLogged(t *testing.T, log *logBuffer, before int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(log.ofFunction("incomingcall")) == before && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	if lines := log.ofFunction("incomingcall")[before:]; len(lines) != 1 || lines[0].Level != in.logged {
		t.Errorf("the handler logged %+v, want one line of level %s\n%s", lines, in.logged, log)
	}
}

// of is the lines of one function.
func (j *logBuffer) ofFunction(function string) []entry {
	var found []entry
	for _, e := range j.entries() {
		if e.Function == function {
			found = append(found, e)
		}
	}
	return found
}

// eavesdropper is the simulator's way to the world, and keeps the latest token
// that was sent over it.
type tokenRecorder struct {
	mu    sync.Mutex
	token string
}

func (e *tokenRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		e.mu.Lock()
		e.token = token
		e.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (e *tokenRecorder) mustToken(t *testing.T) string {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.token == "" {
		t.Fatal("no token was sent")
	}
	return e.token
}
