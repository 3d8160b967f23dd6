package acssim

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	line   = "28:orgid:cc123456-5678-5678-1234-ccc123456789"
	caller = "4:+12065550100"
	agent  = "8:acs:5a1e0ad2-0000-4000-8000-0000000000ac_tenant_agent"
)

// application is a minimal application: it verifies and keeps the requests that it
// receives. Tests set its reactions.
type application struct {
	t    testing.TB
	sim  *Server
	http *http.Client
	self string // its own URL

	on      func(callbackEvent)     // called for every callback before it is acknowledged
	onOffer func(context string)    // called for every incoming call
	status  func(callbackEvent) int // status of the answer to a callback; 0: the default

	onToken     func(jwt.RegisteredClaims)
	onStream    func(*websocket.Conn) // called at the first frame of a WebSocket
	offerStatus int                   // status of the answer to offers; 0: 202
	down        atomic.Bool           // Event Grid's webhook answers 503

	mu     sync.Mutex
	events []callbackEvent
	offers []incomingCall
	files  []recordingFile
	frames []streamFrame
	faults []string
}

type callbackEvent struct {
	ID, Type string
	At       time.Time
	Data     callbackData
	Together int // number of events in the same request
}

// inBubble runs a test with an application and a simulator in one process, in virtual
// time. The simulator is Strict unless it has Faults.
func inBubble(t *testing.T, sim *Server, test func(*testing.T, *application)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		app := &application{t: t, sim: sim, self: "http://127.0.0.1:7071"}
		app.http = &http.Client{Transport: InProcess(sim)}
		sim.Transport = InProcess(app)
		sim.EventGridURL = app.self + "/eventgrid"
		sim.Strict = sim.Faults == nil
		if sim.Seed == 0 {
			sim.Seed = 1
		}
		sim.Start()
		defer sim.Close()
		test(t, app)
		sim.Close()
		for _, f := range app.faults {
			t.Error(f)
		}
	})
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/eventgrid":
		a.receiveGridEvents(w, r)
	case "/stream":
		a.receiveStream(w, r)
	case "/callbacks":
		a.receiveCallback(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (a *application) fault(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = append(a.faults, fmt.Sprintf(format, args...))
}

func (a *application) receiveGridEvents(w http.ResponseWriter, r *http.Request) {
	if a.down.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var events []struct {
		EventType string
		Data      json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&events); err != nil || len(events) == 0 {
		a.fault("Event Grid sent %d events, %v", len(events), err)
		return
	}
	switch kind := r.Header.Get("aeg-event-type"); kind {
	case "SubscriptionValidation":
		var data struct{ ValidationCode string }
		_ = json.Unmarshal(events[0].Data, &data)
		fmt.Fprintf(w, `{"validationResponse":%q}`, data.ValidationCode)
	case "Notification":
		for _, e := range events {
			a.receiveGridEvent(strings.TrimPrefix(e.EventType, typePrefix), e.Data)
		}
		w.WriteHeader(cmp.Or(a.offerStatus, http.StatusAccepted))
	default:
		a.fault("Event Grid sent a %q", kind)
	}
}

func (a *application) receiveGridEvent(kind string, data []byte) {
	if err := checkGridEvent(kind, data); err != nil {
		a.fault("Event Grid sent a %s: %v", kind, err)
	}
	switch kind {
	case "IncomingCall":
		var offer incomingCall
		if err := json.Unmarshal(data, &offer); err != nil {
			a.fault("IncomingCall: %v", err)
		}
		a.mu.Lock()
		a.offers = append(a.offers, offer)
		a.mu.Unlock()
		if a.onOffer != nil {
			a.onOffer(offer.IncomingCallContext)
		}
	case "RecordingFileStatusUpdated":
		var file recordingFile
		if err := json.Unmarshal(data, &file); err != nil {
			a.fault("RecordingFileStatusUpdated: %v", err)
		}
		a.mu.Lock()
		a.files = append(a.files, file)
		a.mu.Unlock()
	}
}

func (a *application) receiveCallback(w http.ResponseWriter, r *http.Request) {
	if err := a.verify(r.Header.Get("Authorization")); err != nil {
		a.fault("callback token: %v", err)
	}
	var batch []struct {
		ID, Type, SpecVersion string
		Data                  json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil || len(batch) == 0 {
		a.fault("callback of %d events, %v", len(batch), err)
		return
	}
	var got []callbackEvent
	for _, one := range batch {
		e := callbackEvent{ID: one.ID, Type: strings.TrimPrefix(one.Type, typePrefix), At: time.Now(), Together: len(batch)}
		if err := errors.Join(json.Unmarshal(one.Data, &e.Data), checkEvent(e.Type, one.Data)); err != nil || one.SpecVersion != "1.0" {
			a.fault("callback %s: %v", one.Type, err)
		}
		emitted.Store(e.Type, true)
		got = append(got, e)
	}
	a.mu.Lock()
	a.events = append(a.events, got...)
	a.mu.Unlock()
	for _, e := range got {
		if a.status != nil {
			if status := a.status(e); status != 0 {
				w.WriteHeader(status)
				return
			}
		}
		if a.on != nil {
			a.on(e)
		}
	}
}

// emitted has the types of callbacks that the tests have received.
var emitted sync.Map

// verify verifies a bearer token as documented.
func (a *application) verify(header string) error {
	w := httptest.NewRecorder()
	a.sim.ServeHTTP(w, httptest.NewRequest("GET", keysPath, nil))
	keys, err := keyfunc.NewJWKSetJSON(w.Body.Bytes())
	if err != nil {
		return err
	}
	if len(header) < len("Bearer ") {
		return fmt.Errorf("none")
	}
	var claims jwt.RegisteredClaims
	_, err = jwt.ParseWithClaims(header[len("Bearer "):], &claims, keys.Keyfunc, jwt.WithValidMethods([]string{"RS256"}), jwt.WithLeeway(maxSkewed),
		jwt.WithIssuer(a.sim.endpoint()), jwt.WithAudience(DevelopmentResourceID), jwt.WithExpirationRequired())
	if err == nil && a.onToken != nil {
		a.onToken(claims)
	}
	return err
}

// simAnswer is an answer of the simulator.
type simAnswer struct {
	status int
	body   []byte
	header http.Header
}

// code returns the status and the code of a refusal: "404/8522".
func (a simAnswer) code() string {
	var e struct{ Error struct{ Code string } }
	_ = json.Unmarshal(a.body, &e)
	return fmt.Sprintf("%d/%s", a.status, e.Error.Code)
}

// wantCode checks the status and the code of a refusal, as code returns them.
func wantCode(t *testing.T, what string, answer simAnswer, want string) {
	t.Helper()
	if got := answer.code(); got != want {
		t.Errorf("%s = %s, want %s", what, got, want)
	}
}

// pairHeader returns a new Repeatability pair.
func pairHeader() http.Header {
	return http.Header{
		"Repeatability-Request-Id": {uuid.NewString()},
		"Repeatability-First-Sent": {time.Now().UTC().Format(http.TimeFormat)},
	}
}

// try sends a signed request; path has no query yet.
func (a *application) try(method, path, body string, header http.Header) (simAnswer, error) {
	return a.tryAt(method, path+"?api-version="+apiVersion, body, header)
}

func (a *application) tryAt(method, target, body string, header http.Header) (simAnswer, error) {
	r, err := http.NewRequest(method, a.sim.endpoint()+target, bytes.NewReader([]byte(body)))
	if err != nil {
		return simAnswer{}, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	key, _ := base64.StdEncoding.DecodeString(DevelopmentKey)
	hash := sha256.Sum256([]byte(body))
	content := base64.StdEncoding.EncodeToString(hash[:])
	date := time.Now().UTC().Format(http.TimeFormat)
	r.Header.Set("x-ms-date", date)
	r.Header.Set("x-ms-content-sha256", content)
	r.Header.Set("Authorization", signedHeaders+sign(key, method, r.URL.RequestURI(), date, r.URL.Host, content))
	response, err := a.http.Do(r)
	if err != nil {
		return simAnswer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	answer := simAnswer{response.StatusCode, got, response.Header}
	if wrong := checkResponse(method, target, answer); err == nil && wrong != nil {
		a.fault("%s %s: %v", method, target, wrong)
	}
	return answer, err
}

// send sends a signed request that must be answered.
func (a *application) send(method, path, body string) simAnswer {
	answer, err := a.try(method, path, body, nil)
	if err != nil {
		a.fault("%s %s: %v", method, path, err)
	}
	return answer
}

// must sends a request and expects a status.
func (a *application) must(want int, method, path, body string) simAnswer {
	answer := a.send(method, path, body)
	if answer.status != want {
		a.fault("%s %s = %s, want %d: %s", method, path, answer.code(), want, answer.body)
	}
	return answer
}

func (a *application) answerBody(context string) string {
	return fmt.Sprintf(`{"incomingCallContext":%q,"callbackUri":%q,"operationContext":"answer",
		"callIntelligenceOptions":{"cognitiveServicesEndpoint":"https://speech.example"}}`, context, a.self+"/callbacks")
}

// connectCaller rings, answers, and returns the path of the call.
func (a *application) connectCaller(script string) (path string) {
	a.t.Helper()
	var answer simAnswer
	var once sync.Once // an offer may come twice
	a.onOffer = func(context string) {
		once.Do(func() {
			answer = a.must(http.StatusOK, "POST", "/calling/callConnections:answer", a.answerBody(context))
		})
	}
	if _, err := a.sim.Ring(Caller{From: caller, To: line, Script: script}); err != nil {
		a.t.Fatal(err)
	}
	a.wait(time.Second)
	return a.pathOf(answer)
}

// wait waits for d, and until all goroutines wait.
func (a *application) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// pathOf returns the path of the call in an answer.
func (a *application) pathOf(answer simAnswer) string {
	a.t.Helper()
	var p connectionProperties
	if err := json.Unmarshal(answer.body, &p); err != nil || p.CallConnectionID == "" {
		a.t.Fatalf("answer = %s, %v, want a call connection", answer.body, err)
	}
	return "/calling/callConnections/" + p.CallConnectionID
}

// create calls target from the Teams line and returns the path of the call.
func (a *application) create(target string) (path string) {
	a.t.Helper()
	return a.pathOf(a.must(http.StatusCreated, "POST", "/calling/callConnections", fmt.Sprintf(
		`{"targets":[{"rawId":%q}],"callbackUri":%q,"operationContext":"create","teamsAppSource":{"appId":"cc123456"}}`,
		target, a.self+"/callbacks")))
}

// add invites who to a call.
func (a *application) add(path, who, context string, seconds int) simAnswer {
	return a.must(http.StatusAccepted, "POST", path+"/participants:add", fmt.Sprintf(
		`{"participantToAdd":{"rawId":%q},"operationContext":%q,"invitationTimeoutInSeconds":%d}`, who, context, seconds))
}

// received returns the events so far, as "Type code/subCode context".
func (a *application) received() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := []string{}
	for _, e := range a.events {
		text := e.Type
		if r := e.Data.ResultInformation; r != nil && (r.Code != 200 || r.SubCode != 0) {
			text += fmt.Sprintf(" %d/%d", r.Code, r.SubCode)
		}
		if e.Data.OperationContext != "" {
			text += " " + e.Data.OperationContext
		}
		list = append(list, text)
	}
	return list
}

// last returns the latest event of a type.
func (a *application) last(kind string) callbackEvent {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range slices.Backward(a.events) {
		if e.Type == kind {
			return e
		}
	}
	a.t.Fatalf("events = %+v, want %s among them", a.events, kind)
	return callbackEvent{}
}

// page gets a page of a list, by path or by link.
func (a *application) page(at string, v any) {
	a.t.Helper()
	at, query, linked := strings.Cut(strings.TrimPrefix(at, a.sim.endpoint()), "?")
	var answer simAnswer
	if linked {
		answer, _ = a.tryAt("GET", at+"?"+query, "", nil)
	} else {
		answer = a.must(http.StatusOK, "GET", at, "")
	}
	if err := json.Unmarshal(answer.body, v); err != nil || answer.status != http.StatusOK {
		a.t.Fatalf("page = %d %s, %v, want %d", answer.status, answer.body, err, http.StatusOK)
	}
}
