package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/rs/zerolog"

	"switchboard/handler/acs"
	"switchboard/handler/app"
	"switchboard/handler/archive/archivetest"
	"switchboard/handler/auth"
	"switchboard/handler/catalog"
	"switchboard/handler/config"
	"switchboard/handler/invoke"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/acssim"
	"switchboard/test/funcsim"
	"switchboard/test/scenario"
)

// inProcess is the whole app in one process: handlers, hosts, telephone network and
// storage communicate in memory, so that all of it can run in a synctest bubble. The
// handler's code is that of the product, without main and the clients of storage.
type inProcess struct {
	t    testing.TB
	env  scenario.Env
	acs  *acssim.Server
	host *funcsim.Host // of the first instance
	log  logBuffer

	tables    map[string]*tabletest.Memory
	documents *documents
	files     *archivetest.Memory
	blobs     *funcsim.MemoryBlobs // of the hosts

	recordingQueue, deadlineQueue *funcsim.MemoryQueue

	ctx    context.Context // of what runs in the background
	cancel context.CancelFunc

	options
	mu        sync.Mutex
	requests  []request // of all handlers so far
	instances []*instance
	turn      int // number of requests that serveRoundRobin has forwarded
	processes sync.WaitGroup
	exchanges atomic.Int64 // requests to handlers, and replies of handlers
}

// instance is one host with a handler.
type instance struct {
	app     *inProcess
	number  int // from 0
	host    *funcsim.Host
	process *process // the handler's current one; guarded by inProcess.mu
}

// options configure an inProcess. The zero value is one instance and no faults.
type options struct {
	fault   func(request) fault // of each request; nil: no faults
	retries int                 // how often a request to storage is repeated if there is no answer

	instanceCount int               // number of instances; 0: one
	settings      map[string]string // of the app, in addition to or instead of the default ones
}

const (
	acsURL   = "http://127.0.0.1:8080"
	frontURL = "http://localhost:7071" // of a funcsim without a socket
)

// defaultSettings are the app's settings.
var defaultSettings = map[string]string{
	"FUNCTIONS_CUSTOMHANDLER_PORT": "8080",
	"AzureWebJobsStorage":          "UseDevelopmentStorage=true",
	"ACS_ENDPOINT":                 acsURL,
	"ACS_ACCESS_KEY":               acssim.DevelopmentKey,
	"ACS_RESOURCE_ID":              acssim.DevelopmentResourceID,
	"ACS_ISSUER":                   acsURL,
	"ACS_JWKS_URL":                 acsURL + "/calling/keys",
	"CALLBACK_BASE_URL":            frontURL,
	"CALLBACK_KEYS":                "test:c3dpdGNoYm9hcmQtZGV2ZWxvcG1lbnQtb25seS1jYWxsYmFjay1rZXk=",
	"COGNITIVE_SERVICES_ENDPOINT":  "https://speech.example",
	"RECORDING_HOSTS":              "127.0.0.1",
	"LINES":                        scenario.Line,
	"RECORDING_TIMEOUT":            "5m",
	"LOG_LEVEL":                    "debug",
}

// startInProcess starts an app for a simulator whose knobs are set. It must be called
// in a synctest bubble and closed in it.
func startInProcess(t testing.TB, sim *acssim.Server, o options) *inProcess {
	t.Helper()
	a := &inProcess{
		t: t, acs: sim, options: o, documents: &documents{}, files: &archivetest.Memory{},
		recordingQueue: &funcsim.MemoryQueue{}, deadlineQueue: &funcsim.MemoryQueue{}, blobs: &funcsim.MemoryBlobs{}, tables: map[string]*tabletest.Memory{},
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	for _, name := range app.Tables {
		a.tables[name] = tabletest.NewMemory()
	}
	sim.OnEvent = func(e acssim.Entry) { a.log.add(e.Kind + ": " + e.Text) }
	for range max(o.instanceCount, 1) {
		a.startInstance()
	}
	a.host = a.instances[0].host
	sim.Endpoint = acsURL
	sim.EventGridURL = frontURL + "/runtime/webhooks/eventgrid?functionName=incomingcall"
	if len(sim.Subscriptions) == 0 {
		sim.Subscriptions = []acssim.Subscription{{Types: []string{"RecordingFileStatusUpdated"}, Queue: a.recordingQueue}}
	}
	sim.Transport = acssim.InProcess(http.HandlerFunc(a.serveRoundRobin))
	sim.Start()
	a.env = scenario.Env{
		ACS:     sim,
		Host:    a.host.Client(),
		URL:     a.host.URL(),
		Catalog: catalog.New(a.documents),
		Calls:   store.NewCalls(a.tables[store.TableCalls], a.tables[store.TableWorklist]),
		Ledger: store.NewLedger(a.tables[store.TableCampaigns], a.tables[store.TableContacts],
			a.tables[store.TableNumbers], a.tables[store.TableLines]),
		Recordings: store.NewRecordings(a.tables[store.TableRecordings], a.tables[store.TableWorklist]),
		Files:      a.files,
		Contacts:   a.tables[store.TableContacts],
		// The longest recovery waits for a prompt's deadline and a check of participants.
		Timeout: 10 * time.Minute,
	}
	return a
}

// close stops everything and returns when nothing of it runs any more.
func (a *inProcess) close() {
	a.acs.Close()
	for _, in := range a.instances {
		in.host.Stop()
	}
	a.processes.Wait()
	a.cancel()
}

// startInstance starts one more host, with a handler of its own, on the same storage.
func (a *inProcess) startInstance() {
	in := &instance{app: a, number: len(a.instances)}
	in.restart()
	in.host = &funcsim.Host{
		Root:   "../..",
		Queues: map[string]funcsim.Queue{app.RecordingQueue: a.recordingQueue, app.DeadlineQueue: a.deadlineQueue},
		Blobs:  a.blobs,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			server := in.process.server
			a.mu.Unlock()
			a.exchanges.Add(1)
			defer a.exchanges.Add(1)
			server.ServeHTTP(w, r)
		}),
	}
	if err := in.host.Start(a.ctx); err != nil {
		a.t.Fatal(err)
	}
	a.instances = append(a.instances, in)
}

// serveRoundRobin forwards the requests of ACS and Event Grid to one instance after the
// other.
func (a *inProcess) serveRoundRobin(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	in := a.instances[a.turn%len(a.instances)]
	a.turn++
	a.mu.Unlock()
	in.host.ServeHTTP(w, r)
}

// restart gives the instance a new handler process.
func (in *instance) restart() {
	a := in.app
	p := &process{app: a, instance: in}
	log := zerolog.New(&a.log).Level(zerolog.DebugLevel)
	p.server = invoke.New(log)
	c, err := config.Load(func(name string) string { return cmp.Or(a.settings[name], defaultSettings[name]) })
	if err != nil {
		a.t.Fatal(err)
	}
	network := &http.Client{Transport: acssim.InProcess(a.acs)}
	client, err := acs.NewClientWithKey(c.ACS.Endpoint, string(c.ACS.AccessKey), &acs.ClientOptions{
		ClientOptions:  azcore.ClientOptions{Transport: &faultyACS{p, network}},
		RecordingHosts: c.RecordingHosts,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	p.server.Handle(app.New(app.Parts{
		Config:    c,
		Tables:    func(name string) table.Rows { return &faultyTable{p, name, a.tables[name]} },
		Documents: &faultyDocuments{p, a.documents},
		Files:     &faultyFiles{p, a.files},
		ACS:       client,

		RecordingQueue: &faultyQueue{p, a.recordingQueue},
		DeadlineQueue:  &faultyQueue{p, a.deadlineQueue},
		Verifier: auth.NewVerifier(a.ctx, auth.TokenConfig{
			Issuer: c.ACS.Issuer, Audience: c.ACS.ResourceID, JWKSURL: c.ACS.JWKSURL,
		}, network),
		Go: func(ctx context.Context, f func(context.Context)) {
			a.processes.Add(1)
			p.server.Go(ctx, func(ctx context.Context) {
				defer a.processes.Done()
				f(ctx)
			})
		},
	}))
	a.mu.Lock()
	defer a.mu.Unlock()
	in.process = p
}

// countRequest numbers a request and records it.
func (a *inProcess) countRequest(from *instance, to dependency, what string) request {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := request{
		n: len(a.requests) + 1, from: from.number, to: to, what: what, at: time.Now(), exchanges: a.exchanges.Load(),
	}
	a.requests = append(a.requests, r)
	return r
}

// documents is a container of blobs, in memory.
type documents struct {
	mu   sync.Mutex
	docs map[string][]byte
}

func (d *documents) Get(_ context.Context, name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	doc, ok := d.docs[name]
	if !ok {
		return nil, catalog.ErrNotFound
	}
	return bytes.Clone(doc), nil
}

func (d *documents) Put(_ context.Context, name string, doc []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.docs == nil {
		d.docs = map[string][]byte{}
	}
	d.docs[name] = bytes.Clone(doc)
	return nil
}

func (d *documents) PutNew(ctx context.Context, name string, doc []byte) error {
	if _, err := d.Get(ctx, name); err == nil {
		return nil
	}
	return d.Put(ctx, name, doc)
}

// logBuffer collects the handler's log and the simulator's timeline, each line with the
// time since the first one.
type logBuffer struct {
	mu    sync.Mutex
	began time.Time
	lines []string
}

// Write adds one line of the handler's log.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.add(strings.TrimSpace(string(line)))
	return len(line), nil
}

func (b *logBuffer) add(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.began.IsZero() {
		b.began = time.Now()
	}
	b.lines = append(b.lines, fmt.Sprintf("%9.3f %s", time.Since(b.began).Seconds(), text))
}

// atLevel returns the handler's lines of a level.
func (b *logBuffer) atLevel(level zerolog.Level) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, line := range b.lines {
		if strings.Contains(line, `"level":"`+level.String()+`"`) {
			found = append(found, line)
		}
	}
	return found
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.lines, "\n")
}
