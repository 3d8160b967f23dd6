package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchboard/handler/auth"
	"switchboard/test/acssim"
	"switchboard/test/azurite"
	"switchboard/test/rig"
	"switchboard/test/scenario"
)

// emptyHandler is the source of a handler that answers each request with an empty object.
const emptyHandler = `package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	err := http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"),
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, "{}")
		}))
	println(err.Error())
	os.Exit(1)
}
`

const (
	concurrency    = 16  // requests at a time
	warmUpRequests = 500 // requests after which a host has compiled its code
)

// BenchmarkUnderFunc sends the same requests to a real host with our handler and to one
// with an empty handler. The metric ratio is the rate of the first divided by that of
// the second. Storage is Azurite, which is slower than the service.
func BenchmarkUnderFunc(b *testing.B) {
	path := os.Getenv("FUNC")
	if path == "" {
		b.Skip("FUNC does not name a Functions host (the func of Azure Functions Core Tools)")
	}
	start := func(app string) (*rig.Rig, *tokenRecorder) {
		recorder := &tokenRecorder{}
		r, err := rig.Start(b.Context(), rig.Options{
			Func: path, App: app, ACS: &acssim.Server{Strict: true, Transport: recorder}, Azurite: azurite.ForTest(b),
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(r.Close)
		return r, recorder
	}
	ours, recorder := start("")
	empty, _ := start(stageEmptyHandler(b))
	// This run creates the flow, and makes the simulator send a token for the callbacks.
	s, err := scenario.Read(scenario.Files, "leaves-in-menu.txtar")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Run(b.Context(), ours.Env); err != nil {
		b.Fatal(err)
	}
	signer := auth.NewSigner([]auth.Key{{ID: "rig", Secret: []byte("switchboard-development-only-callback-key")}})
	callback := "/api/callbacks/" + unknownCall + "?t=" + signer.Sign(auth.CallbackSubject(unknownCall, 0))
	var offers atomic.Int64
	for _, load := range []struct {
		name    string
		request func() (path string, header http.Header, body string)
	}{
		{"events of another kind", func() (string, http.Header, string) {
			return webhook + "incomingcall", http.Header{"Aeg-Event-Type": {"Notification"}}, "[" + unknownTypeEvent(1) + "]"
		}},
		{"late offers, each a new row", func() (string, http.Header, string) {
			return webhook + "incomingcall", http.Header{"Aeg-Event-Type": {"Notification"}}, lateOffer(int(offers.Add(1)))
		}},
		{"callbacks of an unknown call, each a read", func() (string, http.Header, string) {
			return callback, http.Header{"Authorization": {"Bearer " + recorder.latest()}}, connected
		}},
	} {
		rate := func(b *testing.B, r *rig.Rig, n int) float64 {
			began := time.Now()
			drive(b, n, func() (*http.Request, error) {
				path, header, body := load.request()
				q, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.Env.URL+path, strings.NewReader(body))
				if err != nil {
					return nil, err
				}
				q.Header = header
				q.Header.Set("Content-Type", "application/json")
				return q, nil
			})
			return float64(n) / time.Since(began).Seconds()
		}
		for _, r := range []*rig.Rig{empty, ours} {
			rate(b, r, warmUpRequests)
		}
		b.Run(load.name, func(b *testing.B) {
			without, with := rate(b, empty, b.N), rate(b, ours, b.N)
			b.ReportMetric(without, "empty/s")
			b.ReportMetric(with, "ours/s")
			b.ReportMetric(with/without, "ratio")
			b.ReportMetric(0, "ns/op") // would be the sum of both
		})
	}
}

// drive sends n requests, several at a time. Each must succeed.
func drive(b *testing.B, n int, request func() (*http.Request, error)) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var all sync.WaitGroup
	for range concurrency {
		all.Go(func() {
			for next.Add(1) <= int64(n) {
				q, err := request()
				if err != nil {
					b.Error(err)
					return
				}
				resp, err := client.Do(q)
				if err != nil {
					b.Error(err)
					return
				}
				text, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode/100 != 2 {
					b.Errorf("%s: %s %s, %v, want success", q.URL.Path, resp.Status, text, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// lateOffer returns a delivery with the offer of a call that rang long ago.
func lateOffer(n int) string {
	return fmt.Sprintf(`[{"id":"late%[1]d","subject":"s","eventType":"Microsoft.Communication.IncomingCall","dataVersion":"1.0",
		"eventTime":"2026-01-02T03:04:05Z","data":{"to":{"kind":"unknown","rawId":"%[2]s"},
		"from":{"kind":"phoneNumber","rawId":"4:+12065550100","phoneNumber":{"value":"+12065550100"}},
		"serverCallId":"bGF0ZQ%[1]d","callerDisplayName":"","incomingCallContext":"bGF0ZQ","correlationId":"late-%[1]d"}}]`,
		n, scenario.Line)
}

// stageEmptyHandler makes a copy of our app with the empty handler, and returns its folder.
func stageEmptyHandler(b *testing.B) string {
	b.Helper()
	app := b.TempDir()
	files, err := filepath.Glob("../../*/function.json")
	if err != nil {
		b.Fatal(err)
	}
	for _, from := range append(files, "../../host.json") {
		content, err := os.ReadFile(from)
		if err != nil {
			b.Fatal(err)
		}
		to := filepath.Join(app, strings.TrimPrefix(from, "../../"))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(to, content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	source := filepath.Join(b.TempDir(), "nothing.go")
	if err := os.WriteFile(source, []byte(emptyHandler), 0o644); err != nil {
		b.Fatal(err)
	}
	runCommand(b, ".", "go", "build", "-o", filepath.Join(app, "handler", "handler"), source)
	return app
}
