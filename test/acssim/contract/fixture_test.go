package contract

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/coder/websocket"

	"switchboard/handler/acs"
	"switchboard/handler/acs/events"
	"switchboard/test/acssim"
)

const (
	app   = "https://app.example"
	line  = "28:orgid:cc123456-5678-5678-1234-ccc123456789"
	users = "8:acs:" + acssim.DevelopmentResourceID + "_"
)

var (
	lineID = acs.ParseRawID(line)
	caller = acs.PhoneNumber("+12065550100")
	agent  = acs.CommunicationUser(users + "agent")
	expert = acs.CommunicationUser(users + "expert")
)

// fixture connects Switchboard's client and parser with a simulator.
type fixture struct {
	t      *testing.T
	sim    *acssim.Server
	client *acs.Client

	mu     sync.Mutex
	events []events.Event
	offers []*events.IncomingCall
	files  []*events.RecordingFileStatusUpdated
	frames int
	log    []string
	faults []string
}

// kinds has the types of callbacks that were parsed.
var kinds sync.Map

// run runs a test in virtual time.
func run(t *testing.T, sim *acssim.Server, test func(*testing.T, *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		x := &fixture{t: t, sim: sim}
		sim.Seed, sim.Strict, sim.CallsPerNumber = 1, sim.Faults == nil, -1
		sim.Transport = acssim.InProcess(x)
		sim.EventGridURL = app + "/grid"
		sim.Subscriptions = []acssim.Subscription{{Types: []string{"RecordingFileStatusUpdated"}, URL: app + "/grid"}}
		sim.OnEvent = func(e acssim.Entry) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.log = append(x.log, e.Kind+" "+e.Text)
		}
		var err error
		x.client, err = acs.NewClientWithKey(acssim.DevelopmentEndpoint, acssim.DevelopmentKey, &acs.ClientOptions{
			ClientOptions:  azcore.ClientOptions{Transport: &http.Client{Transport: acssim.InProcess(sim)}},
			RecordingHosts: []string{"127.0.0.1"},
		})
		if err != nil {
			t.Fatal(err)
		}
		sim.Start()
		defer sim.Close()
		test(t, x)
		sim.Close()
		for _, f := range x.faults {
			t.Error(f)
		}
	})
}

func (x *fixture) fault(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = append(x.faults, fmt.Sprintf(format, args...))
}

func (x *fixture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/stream":
		x.receiveStream(w, r)
		return
	case "/nowhere":
		http.NotFound(w, r)
		return
	}
	events.Handshakes("", http.HandlerFunc(x.receiveEvents)).ServeHTTP(w, r)
}

func (x *fixture) receiveEvents(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		x.fault("body: %v", err)
	}
	all, err := events.Parse(body)
	if err != nil {
		x.fault("parse: %v", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range all {
		kind := strings.TrimPrefix(e.Type, "Microsoft.Communication.")
		if got := reflect.TypeOf(e.Data).Elem().Name(); !strings.EqualFold(got, kind) {
			x.faults = append(x.faults, fmt.Sprintf("a %s is parsed as %s", kind, got))
		}
		switch data := e.Data.(type) {
		case *events.IncomingCall:
			x.offers = append(x.offers, data)
		case *events.RecordingFileStatusUpdated:
			x.files = append(x.files, data)
		default:
			kinds.Store(kind, true)
			x.events = append(x.events, e)
		}
	}
}

func (x *fixture) receiveStream(w http.ResponseWriter, r *http.Request) {
	connection, err := websocket.Accept(w, r, nil)
	if err != nil {
		x.fault("WebSocket: %v", err)
		return
	}
	defer connection.CloseNow()
	for {
		_, content, err := connection.Read(r.Context())
		if err != nil {
			return
		}
		if _, err := acs.ParseFrame(content); err != nil {
			x.fault("frame: %v", err)
		}
		x.mu.Lock()
		x.frames++
		x.mu.Unlock()
	}
}

// wait waits for d, and until all goroutines wait.
func (x *fixture) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// must fails the test if an operation was refused.
func (x *fixture) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Errorf("%v", err)
	}
}

// offered rings the line and returns the incomingCallContext of the offer.
func (x *fixture) offered(script string) string {
	x.t.Helper()
	n := len(x.offers)
	if _, err := x.sim.Ring(acssim.Caller{From: "+12065550100", To: line, Script: script}); err != nil {
		x.t.Fatal(err)
	}
	x.wait(time.Second)
	if len(x.offers) != n+1 {
		x.t.Fatalf("%d offers, want %d", len(x.offers), n+1)
	}
	return x.offers[n].IncomingCallContext
}

// answered rings the line, answers, and returns the call connection id.
func (x *fixture) answered(script string) string {
	x.t.Helper()
	answer, err := x.client.AnswerCall(x.t.Context(), x.offered(script), app+"/callbacks", &acs.AnswerCallOptions{
		CallIntelligenceOptions: &acs.CallIntelligenceOptions{CognitiveServicesEndpoint: "https://speech.example"},
	})
	x.must(err)
	x.wait(time.Second)
	return answer.CallConnectionID
}

// saw reports whether the simulator has executed an operation.
func (x *fixture) saw(operation string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.ContainsFunc(x.log, func(l string) bool { return strings.HasPrefix(l, "request "+operation+": 2") })
}
