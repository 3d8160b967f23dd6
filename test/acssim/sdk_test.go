package acssim

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"switchboard/test"
	"switchboard/test/nodejs"
)

// sdkClient is a process with the official JavaScript SDK, in the version of test/package.json.
type sdkClient struct {
	*exec.Cmd
	stdin  io.WriteCloser
	lines  *bufio.Scanner // of its output
	stderr strings.Builder
}

// startSDKClient starts sdk/client.mjs with the arguments that follow the folder of packages.
func startSDKClient(t *testing.T, args ...string) *sdkClient {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no Node.js")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not here, https://nodejs.org")
	}
	packages, err := nodejs.Install(t.Context(), test.NodePackages, func(what string) { t.Log(what) })
	if errors.Is(err, nodejs.ErrNoNode) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	client := &sdkClient{Cmd: exec.CommandContext(t.Context(), node, append([]string{"sdk/client.mjs", packages}, args...)...)}
	client.Stderr = &client.stderr
	if client.stdin, err = client.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := client.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	client.lines = bufio.NewScanner(stdout)
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	return client
}

// address returns the address that the client prints first.
func (c *sdkClient) address(t *testing.T) string {
	t.Helper()
	if !c.lines.Scan() {
		_ = c.Wait()
		t.Fatalf("the client did not start: %s", &c.stderr)
	}
	return c.lines.Text()
}

// proceed lets the client make its calls, and returns the error with which it ends.
func (c *sdkClient) proceed(t *testing.T) error {
	t.Helper()
	if _, err := io.WriteString(c.stdin, "go\n"); err != nil {
		t.Fatal(err)
	}
	for c.lines.Scan() {
		t.Log(c.lines.Text())
	}
	return c.Wait()
}

// The official SDK calls all operations and parses all callbacks.
func TestOfficialSDKAsClient(t *testing.T) {
	streams := &application{t: t}
	webSocket := httptest.NewServer(http.HandlerFunc(streams.receiveStream))
	defer webSocket.Close()

	var mu sync.Mutex
	var log []string
	sim := &Server{Strict: true, Speed: 10, ContentURL: "https://us-storage.asm.skype.com", OnEvent: func(e Entry) {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, e.Call+" "+e.Kind+" "+e.Text)
	}}
	simServer := httptest.NewUnstartedServer(sim)
	sim.Endpoint = "http://" + simServer.Listener.Addr().String()
	streams.sim = sim

	client := startSDKClient(t, sim.Endpoint, DevelopmentKey, strings.Replace(webSocket.URL, "http", "ws", 1))
	sim.EventGridURL = client.address(t) + "/eventgrid"
	sim.Subscriptions = []Subscription{{Types: []string{"RecordingFileStatusUpdated"}, URL: sim.EventGridURL}}
	simServer.Start()
	defer simServer.Close()
	defer sim.Close()
	sim.Start()
	if err := client.proceed(t); err != nil {
		mu.Lock()
		defer mu.Unlock()
		t.Fatalf("%v\n%s\n%s", err, &client.stderr, strings.Join(log, "\n"))
	}
	for _, f := range streams.faults {
		t.Error(f)
	}
	mu.Lock()
	defer mu.Unlock()
	whole := strings.Join(log, "\n")
	for _, op := range operations {
		if !strings.Contains(whole, " request "+op.name+": 2") {
			t.Errorf("the SDK did not call %s with success, want it to call all", op.name)
		}
	}
}
