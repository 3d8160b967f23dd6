package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/rs/zerolog"

	"switchboard/handler/acs"
	"switchboard/handler/archive/archivetest"
	"switchboard/handler/auth"
	"switchboard/handler/catalog"
	"switchboard/handler/config"
	"switchboard/handler/exchange"
	"switchboard/handler/invoke"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/acssim"
	"switchboard/test/funcsim"
	"switchboard/test/scenario"
)

// memory is the whole exchange in one process: handler, host, telephone network
// and storage talk to each other through memory, so that all of it can run in a
// synctest bubble. It is the product's own code but for main, and for storage.
type inProcess struct {
	t     testing.TB
	env scenario.Env
	acs   *acssim.Server
	host  *funcsim.Host // of the first machine
	log   logBuffer

	tables    map[string]*tabletest.Memory
	documents *documents
	files     *archivetest.Memory
	queue     *funcsim.MemoryQueue // of recordings
	blobs     *funcsim.MemoryBlobs // of the hosts

	ctx    context.Context // of everything that is fetched in the background
	cancel context.CancelFunc

	options
	mu       sync.Mutex
	requests []request // of the handlers, so far
	instances []*instance
	turn     int // of the machines
	processes    sync.WaitGroup
}

// machine is one host with a handler on it.
type instance struct {
	app *inProcess
	number int // from 0
	host   *funcsim.Host
	process   *process // the present one of the handler; guarded by memory.mu
}

// conditions are what the handler's requests meet on their way. The zero value
// is fair weather.
type options struct {
	fault    func(request) fault // of each request; nil: all go through
	retries int                // how often a request to storage is repeated when no answer comes

	instanceCount int               // how many; 0: one
	settings map[string]string // of the app, over those that it always has
}

const (
	acsURL   = "http://127.0.0.1:8080"
	frontURL = "http://localhost:7071" // of a funcsim without a socket
)

// settings are the app's settings, as a host would hand them over.
var settings = map[string]string{
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

// startMemory starts an exchange around a simulator whose knobs are set. It is
// to be called in a bubble, and closed in it.
func startInProcess(t testing.TB, sim *acssim.Server, c options) *inProcess {
	t.Helper()
	m := &inProcess{
		t: t, acs: sim, options: c, documents: &documents{}, files: &archivetest.Memory{},
		queue: &funcsim.MemoryQueue{}, blobs: &funcsim.MemoryBlobs{}, tables: map[string]*tabletest.Memory{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	for _, name := range exchange.Tables {
		m.tables[name] = tabletest.NewMemory()
	}
	sim.OnEvent = func(e acssim.Entry) { m.log.add(e.Kind + ": " + e.Text) }
	for range max(c.instanceCount, 1) {
		m.startInstance()
	}
	m.host = m.instances[0].host
	sim.Endpoint = acsURL
	sim.EventGridURL = frontURL + "/runtime/webhooks/eventgrid?functionName=incomingcall"
	if len(sim.Subscriptions) == 0 {
		sim.Subscriptions = []acssim.Subscription{{Types: []string{"RecordingFileStatusUpdated"}, Queue: m.queue}}
	}
	sim.Transport = acssim.InProcess(http.HandlerFunc(m.serveRoundRobin))
	sim.Start()
	m.env = scenario.Env{
		ACS:     sim,
		Host:    m.host.Client(),
		URL:     m.host.URL(),
		Catalog: catalog.New(m.documents),
		Calls:   store.NewCalls(m.tables[store.TableCalls], m.tables[store.TableWorklist]),
		Ledger: store.NewLedger(m.tables[store.TableCampaigns], m.tables[store.TableContacts],
			m.tables[store.TableNumbers], m.tables[store.TableLines]),
		Recordings: store.NewRecordings(m.tables[store.TableRecordings], m.tables[store.TableWorklist]),
		Files:      m.files,
		// The longest way back leads over a prompt's deadline and a look.
		Timeout: 10 * time.Minute,
	}
	return m
}

// close ends everything and returns when nothing of it runs any more.
func (m *inProcess) close() {
	m.acs.Close()
	for _, on := range m.instances {
		on.host.Stop()
	}
	m.processes.Wait()
	m.cancel()
}

// startMachine starts one more host, with a handler of its own, on the same storage.
func (m *inProcess) startInstance() {
	on := &instance{app: m, number: len(m.instances)}
	on.restart()
	on.host = &funcsim.Host{
		Root:   "../..",
		Queues: map[string]funcsim.Queue{exchange.RecordingQueue: m.queue},
		Blobs:  m.blobs,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			m.mu.Lock()
			server := on.process.server
			m.mu.Unlock()
			server.ServeHTTP(w, r)
		}),
	}
	if err := on.host.Start(m.ctx); err != nil {
		m.t.Fatal(err)
	}
	m.instances = append(m.instances, on)
}

// serveInTurn hands what ACS and Event Grid send to one machine after the other.
func (m *inProcess) serveRoundRobin(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	on := m.instances[m.turn%len(m.instances)]
	m.turn++
	m.mu.Unlock()
	on.host.ServeHTTP(w, r)
}

// begin gives the handler a new life: a process that knows nothing.
func (on *instance) restart() {
	m := on.app
	l := &process{app: m, instance: on}
	log := zerolog.New(&m.log).Level(zerolog.DebugLevel)
	l.server = invoke.New(log)
	c, err := config.Load(func(name string) string { return cmp.Or(m.settings[name], settings[name]) })
	if err != nil {
		m.t.Fatal(err)
	}
	network := &http.Client{Transport: acssim.InProcess(m.acs)}
	client, err := acs.NewClientWithKey(c.ACS.Endpoint, string(c.ACS.AccessKey), &acs.ClientOptions{
		ClientOptions:  azcore.ClientOptions{Transport: &faultyACS{l, network}},
		RecordingHosts: c.RecordingHosts,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	l.server.Handle(exchange.New(exchange.Parts{
		Config:    c,
		Tables:    func(name string) table.Rows { return &faultyTable{l, name, m.tables[name]} },
		Documents: &faultyDocuments{l, m.documents},
		Files:     &faultyFiles{l, m.files},
		Queue:     &faultyQueue{l, m.queue},
		ACS:       client,
		Verifier: auth.NewVerifier(m.ctx, auth.TokenConfig{
			Issuer: c.ACS.Issuer, Audience: c.ACS.ResourceID, JWKSURL: c.ACS.JWKSURL,
		}, network),
		Go: func(ctx context.Context, f func(context.Context)) {
			m.processes.Add(1)
			l.server.Go(ctx, func(ctx context.Context) {
				defer m.processes.Done()
				f(ctx)
			})
		},
	}))
	m.mu.Lock()
	defer m.mu.Unlock()
	on.process = l
}

// request counts one more request.
func (m *inProcess) countRequest(from *instance, to dependency, what string) request {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := request{len(m.requests) + 1, from.number, to, what}
	m.requests = append(m.requests, r)
	return r
}

// documents is a container of blobs in memory.
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

// journal is what happened, for people: the handler's log and the simulator's
// timeline, with the time since the beginning.
type logBuffer struct {
	mu    sync.Mutex
	began time.Time
	lines []string
}

// Write takes one line of the handler's log.
func (j *logBuffer) Write(line []byte) (int, error) {
	j.add(strings.TrimSpace(string(line)))
	return len(line), nil
}

func (j *logBuffer) add(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.began.IsZero() {
		j.began = time.Now()
	}
	j.lines = append(j.lines, fmt.Sprintf("%9.3f %s", time.Since(j.began).Seconds(), text))
}

// at is the handler's lines of a level.
func (j *logBuffer) atLevel(level zerolog.Level) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []string
	for _, line := range j.lines {
		if strings.Contains(line, `"level":"`+level.String()+`"`) {
			found = append(found, line)
		}
	}
	return found
}

func (j *logBuffer) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}
