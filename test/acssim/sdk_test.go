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

// The official JavaScript SDK, in the version of test/package.json, calls all
// operations and parses all callbacks.
func TestOfficialSDKAsClient(t *testing.T) {
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

	client := exec.CommandContext(t.Context(), node, "sdk/client.mjs", packages, sim.Endpoint, DevelopmentKey,
		strings.Replace(webSocket.URL, "http", "ws", 1))
	var stderr strings.Builder
	client.Stderr = &stderr
	stdin, err := client.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := client.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		_ = client.Wait()
		t.Fatalf("the client did not start: %s", &stderr)
	}
	sim.EventGridURL = lines.Text() + "/eventgrid"
	sim.Subscriptions = []Subscription{{Types: []string{"RecordingFileStatusUpdated"}, URL: sim.EventGridURL}}
	simServer.Start()
	defer simServer.Close()
	defer sim.Close()
	sim.Start()
	if _, err := io.WriteString(stdin, "go\n"); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		t.Log(lines.Text())
	}
	if err := client.Wait(); err != nil {
		mu.Lock()
		defer mu.Unlock()
		t.Fatalf("%v\n%s\n%s", err, &stderr, strings.Join(log, "\n"))
	}
	for _, f := range streams.faults {
		t.Error(f)
	}
	mu.Lock()
	defer mu.Unlock()
	whole := strings.Join(log, "\n")
	for _, op := range operations {
		if !strings.Contains(whole, " request "+op.name+": 2") {
			t.Errorf("the SDK did not call %s with success", op.name)
		}
	}
}
