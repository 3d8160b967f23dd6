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

// soon are deadlines that bring a call back on its way within seconds of a crash.
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

// host says on which Functions host a test of the built program runs: on the
// func of that path, or on funcsim if it is empty.
type host string

const onFuncsim host = ""

// onFunc is the host that FUNC names. A test that wants it is skipped if there
// is none.
func onFunc(t *testing.T) host {
	t.Helper()
	path := os.Getenv("FUNC")
	if path == "" {
		t.Skip("FUNC does not name a Functions host (the func of Azure Functions Core Tools)")
	}
	return host(path)
}

// start sets up a rig that ends with the test. Env adds settings. Tests on rigs
// wait more than they work, so they run side by side.
func (h host) start(t *testing.T, sim *acssim.Server, hook *faultproxy.Hook, env map[string]string) (*rig.Rig, *logBuffer) {
	t.Helper()
	all := map[string]string{"LOG_LEVEL": "debug"}
	maps.Copy(all, env)
	log := &logBuffer{}
	sim.OnEvent = func(e acssim.Entry) { log.add(e.Kind + ": " + e.Text) }
	r, err := rig.Start(t.Context(), rig.Options{
		Func: string(h), Settings: all, ACS: sim, Azurite: azurite.ForTest(t), Hook: hook, Log: log.add,
	})
	if err != nil {
		t.Fatalf("%v\n\n%s", err, log)
	}
	t.Cleanup(r.Close)
	r.Env.Timeout = 3 * time.Minute // there may be many of us on one machine
	return r, log
}

// together is how many rigs a test has at once. They wait more than they work.
const parallelTests = 6

// playOn plays a story on a rig, and then checks what holds after every story.
func runOnRig(t *testing.T, r *rig.Rig, log *logBuffer, file string) {
	t.Helper()
	played, err := readScenario(t, file).Run(t.Context(), r.Env)
	if err == nil {
		err = r.Env.Verify(t.Context(), played)
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

// entries are the handler's lines in the log. A real host puts its own words
// around them, and now and then two lines into one.
func (j *logBuffer) entries() []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []entry
	for _, line := range j.lines {
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

// mustBeClean fails the test for each line of the handler that somebody must
// look at.
func (j *logBuffer) mustHaveNoWarnings(t *testing.T) {
	t.Helper()
	for _, e := range j.entries() {
		if e.Level != "debug" && e.Level != "info" {
			t.Errorf("the handler logged %+v", e)
		}
	}
}

// starts are the requests with which the handler makes what is missing, once it
// has started: tables, containers and queues.
var startRequest = regexp.MustCompile(`^POST /\w+/Tables$|^PUT /\w+/\w+$`)

// polls are the timers' questions for what is due, which come every few seconds
// whatever else happens.
var pollRequest = regexp.MustCompile(`^GET /\w+/\w+(worklist|campaigns)\(\)$`)

// counts reports a request of the handler that belongs to what it does: not those
// at its start, nor those that come with the clock.
func counts(method, path string) bool {
	request := method + " " + path
	return rig.FromHandler(method, path) && !startRequest.MatchString(request) && !pollRequest.MatchString(request)
}
