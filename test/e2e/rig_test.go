package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
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
	r.Env.Timeout = 3 * time.Minute // many rigs may run at the same time
	return r, log
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

// entries returns the handler's lines in the log. A real host adds text around a line,
// and sometimes joins two of them.
func (b *logBuffer) entries() []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []entry
	for _, line := range b.lines {
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

// mustHaveNoWarnings fails the test for each line of the handler above level info.
func (b *logBuffer) mustHaveNoWarnings(t *testing.T) {
	t.Helper()
	for _, e := range b.entries() {
		if e.Level != "debug" && e.Level != "info" {
			t.Errorf("the handler logged %+v", e)
		}
	}
}

// startRequest matches the requests with which a handler that starts creates tables,
// containers and queues.
var startRequest = regexp.MustCompile(`^POST /\w+/Tables$|^PUT /\w+/\w+$`)

// pollRequest matches the queries of the timers, which are sent every few seconds.
var pollRequest = regexp.MustCompile(`^GET /\w+/(worklist|campaigns)\(\)$`)

// counts reports whether a request is one of the handler, but not one at its start or
// of a timer.
func counts(method, path string) bool {
	request := method + " " + path
	return rig.FromHandler(method, path) && !startRequest.MatchString(request) && !pollRequest.MatchString(request)
}
