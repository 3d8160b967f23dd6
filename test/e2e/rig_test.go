package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"switchboard/test/acssim"
	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

// shortTimeouts are settings with which a call recovers within seconds of a crash.
var shortTimeouts = map[string]string{
	"ACS_TIMEOUT":             "2s",
	"CONNECT_TIMEOUT":         "5s",
	"PROMPT_TIMEOUT":          "15s",
	"INVITE_GRACE":            "1s",
	"RECORDING_START_TIMEOUT": "2s",
	"HANGUP_TIMEOUT":          "2s",
	"KEEP_ALIVE_INTERVAL":     "5s",
	"RING_TIMEOUT":            "5s",
	"CONFIRM_TIMEOUT":         "10s",
	"RECORDING_TIMEOUT":       "1m",
	"RECORDING_COPY_TIMEOUT":  "1s",
}

// host is the Functions host on which a test of the built handler runs: the path of a
// func, or empty for funcsim.
type host string

const onFuncsim host = ""

// onFunc returns the host that FUNC names, and skips the test if there is none. Only tests that this skips may be
// skipped in .ci/run, which knows them by the text.
func onFunc(t *testing.T) host {
	t.Helper()
	path := os.Getenv("FUNC")
	if path == "" {
		t.Skip("FUNC does not name a Functions host (the func of Azure Functions Core Tools)")
	}
	return host(path)
}

// start sets up a rig, with additional settings, that is closed when the test ends.
func (h host) start(
	t *testing.T, sim *acssim.Server, hook *faultproxy.Hook, settings map[string]string,
) (*rig.Rig, *logBuffer) {
	t.Helper()
	all := map[string]string{"LOG_LEVEL": "debug"}
	maps.Copy(all, settings)
	log := &logBuffer{}
	sim.OnEvent = func(e acssim.Entry) { log.add(e.Kind + ": " + e.Text) }
	r, err := rig.Start(t.Context(), rig.Options{
		Func: string(h), Settings: all, ACS: sim, Azurite: azurite.ForTest(t), Hook: hook, Log: log.add,
	})
	if err != nil {
		t.Fatalf("%v\n\n%s", err, log)
	}
	t.Cleanup(r.Close)
	r.Env.Timeout = maxWait // many rigs may run at the same time
	log.add(servingLine)
	return r, log
}

// keepRunning starts the host of a rig again whenever it has stopped, as the platform
// does, until the test ends. It returns a channel that is closed at the first start. On a
// busy machine a host may stop more often than the test makes it: a handler that takes
// too long to start has failed, and the third failure stops the host.
func keepRunning(t *testing.T, r *rig.Rig) (restarted <-chan struct{}) {
	first, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-r.Host.Stopped():
			case <-t.Context().Done():
				return
			}
			if n == 0 {
				close(first)
			}
			if err := r.Host.Start(t.Context()); err != nil {
				if t.Context().Err() == nil {
					t.Errorf("start the host again: %v", err)
				}
				return
			}
		}
	}()
	return first
}

// mustHaveRestarted fails the test unless the host of keepRunning has stopped and was
// started again.
func mustHaveRestarted(t *testing.T, restarted <-chan struct{}) {
	t.Helper()
	select {
	case <-restarted:
	case <-time.After(maxWait):
		t.Errorf("the host has not stopped for %v, want it stopped and started again", maxWait)
	}
}

// maxWait is how long a test waits for what must happen. Only a test that fails waits so
// long.
const maxWait = 3 * time.Minute

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > maxWait {
			t.Fatalf("waited %v, want: %s", maxWait, what)
		}
	}
}

// maxRigs is how many rigs the crash matrix runs at a time. There are more of them than
// processors because they are mostly idle.
const maxRigs = 24

// parallelTests is the value of -parallel, and how many rigs any other test runs at a
// time. The matrix runs beside them.
const parallelTests = maxRigs / 4

// runOnRig runs a scenario on a rig, and verifies its result.
func runOnRig(t *testing.T, r *rig.Rig, log *logBuffer, file string) {
	t.Helper()
	result, err := readScenario(t, file).Run(t.Context(), r.Env)
	if err == nil {
		err = r.Env.Verify(t.Context(), result)
	}
	if err != nil {
		t.Errorf("%v\n\n%s", err, log)
	}
}

// entry is a line of the handler's log.
type entry struct {
	Level    string `json:"level"`
	Function string `json:"fn"`
	Message  string `json:"message"`
	Err      string `json:"err"`
}

// servingLine is the line of the log at which the host serves. Before it, a handler may
// report that storage is not open yet.
const servingLine = "the host serves"

// entries returns the handler's lines since the host serves. A real host adds text around
// a line, and sometimes joins two of them.
func (b *logBuffer) entries() []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []entry
	served := slices.IndexFunc(b.lines, func(line string) bool { return strings.HasSuffix(line, servingLine) })
	for _, line := range b.lines[max(served, 0):] {
		for rest := line; ; {
			at := strings.IndexByte(rest, '{')
			if at < 0 {
				break
			}
			var e entry
			text := json.NewDecoder(strings.NewReader(rest[at:]))
			if text.Decode(&e) != nil || e.Level == "" {
				rest = rest[at+1:]
				continue
			}
			all = append(all, e)
			rest = rest[at+int(text.InputOffset()):]
		}
	}
	return all
}

// mustHaveNoWarnings fails the test for each line of the handler above level info. It
// ignores deadlines that have passed: on a busy machine storage may take that long, and the
// work is done later.
func (b *logBuffer) mustHaveNoWarnings(t *testing.T) {
	t.Helper()
	for _, e := range b.entries() {
		if e.Level != "debug" && e.Level != "info" && !strings.Contains(e.Err, context.DeadlineExceeded.Error()) {
			t.Errorf("the handler logged %+v, want no warning", e)
		}
	}
}

// startRequest matches the requests with which a handler that starts creates tables,
// containers and queues.
var startRequest = regexp.MustCompile(`^POST /\w+/Tables$|^PUT /\w+/\w+$`)

// pollRequest matches the queries of the timers and of the function deadline, which depend on the time.
var pollRequest = regexp.MustCompile(`^GET /\w+/(worklist|campaigns)\(\)$`)

// counts reports whether a request is one of the handler, but not one at its start or
// of a timer.
func counts(method, path string) bool {
	request := method + " " + path
	return rig.FromHandler(method, path) && !startRequest.MatchString(request) && !pollRequest.MatchString(request)
}
