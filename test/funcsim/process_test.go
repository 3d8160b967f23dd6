package funcsim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// lines collects a host's log.
type lines struct {
	mu  sync.Mutex
	all []Entry
}

func (l *lines) add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
}

// maxWait is how long a test waits for what must happen. Only a test that fails waits so
// long.
const maxWait = 3 * time.Minute

// wait waits for an entry whose text contains want, and returns it.
func (l *lines) wait(t *testing.T, want string) Entry {
	t.Helper()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		all := slices.Clone(l.all)
		l.mu.Unlock()
		if i := slices.IndexFunc(all, func(e Entry) bool { return strings.Contains(e.Text, want) }); i >= 0 {
			return all[i]
		}
		if time.Since(began) > maxWait {
			t.Fatalf("the log has %+v, want an entry with %q", all, want)
		}
	}
}

// startProcessHost starts a host that runs the test binary as its handler. It checks
// that no goroutine is left after Stop. (Tests in a synctest bubble need no such
// check.)
func startProcessHost(t *testing.T, part string, change func(*Host)) (*Host, *lines) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	log := &lines{}
	h := &Host{
		Root: "testdata/golden-app", Env: processEnv(part), Log: log.add,
		Queues: map[string]Queue{"texts": &MemoryQueue{}}, Blobs: &MemoryBlobs{},
	}
	if change != nil {
		change(h)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Stop()
		goleak.VerifyNone(t, before)
	})
	return h, log
}

// ask sends a request with an instruction for the handler's process, and returns the
// answer.
func ask(t *testing.T, h *Host, do string) (int, string) {
	t.Helper()
	resp, err := h.Client().Post(h.URL()+"/api/echo?do="+do, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// askPID returns the id of the handler's process. It asks until there is an answer: with a
// short function timeout, a request on a busy machine may exceed it.
func askPID(t *testing.T, h *Host) string {
	t.Helper()
	for began := time.Now(); ; {
		status, body := ask(t, h, "pid")
		if status == http.StatusOK {
			return body
		}
		if time.Since(began) > maxWait {
			t.Fatalf("answer %d %s, want %d", status, body, http.StatusOK)
		}
	}
}

// fail invokes a function with an instruction for the handler's process to exit. It
// expects the invocation to fail.
func fail(t *testing.T, h *Host, do string) {
	t.Helper()
	err := h.Invoke(t.Context(), "EventGridOne", `{"id":"e1","subject":"do=`+do+`"}`)
	if _, ok := errors.AsType[*Failure](err); !ok {
		t.Errorf("%s: err = %v, want a failure", do, err)
	}
}

func TestHandlerGetsTheEnvironmentOfACustomHandler(t *testing.T) {
	h, _ := startProcessHost(t, "handler", func(h *Host) { h.CoreTools = true })
	_, body := ask(t, h, "environment")
	var list []string
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	env := environmentOf(list)
	root, err := filepath.Abs(h.Root)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(h.URL(), "http://"), ":")
	for name, want := range map[string]string{
		"FUNCTIONS_HTTPWORKER_PORT":       env["FUNCTIONS_CUSTOMHANDLER_PORT"],
		"FUNCTIONS_HTTPWORKER_ID":         env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"],
		"FUNCTIONS_APP_ROOT_PATH":         root,
		"FUNCTIONS_WORKER_RUNTIME":        "custom", // from local.settings.json
		"AZURE_FUNCTIONS_ENVIRONMENT":     "Development",
		"WEBSITE_HOSTNAME":                "localhost:" + port,
		"FUNCTIONS_CORETOOLS_ENVIRONMENT": "true",
	} {
		if env[name] != want || want == "" {
			t.Errorf("%s = %q, want %q", name, env[name], want)
		}
	}
}

func TestLinesOfTheHandlerGetTheLevelsOfTheRealHost(t *testing.T) {
	h, log := startProcessHost(t, "handler", nil)
	ask(t, h, "print")
	fail(t, h, "exit1")
	for _, want := range []Entry{
		{LevelInformation, FromStdout, "listening"},
		{LevelInformation, FromStdout, "no end of line"},
		{LevelWarning, FromStderr, "a Warning about something"},
		{LevelError, FromStderr, "out of memory"},
	} {
		if got := log.wait(t, want.Text); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestExitCode0LeavesTheHostWithoutAHandler(t *testing.T) {
	h, log := startProcessHost(t, "handler", nil)
	fail(t, h, "exit0")
	log.wait(t, "exit code 0")
	fail(t, h, "nothing")
	if h.Restarts() != 0 || h.PID() != 0 || h.Err() != nil {
		t.Errorf("restarts %d, pid %d, err %v, want none of them", h.Restarts(), h.PID(), h.Err())
	}
}

func TestExitCode200IsNotCounted(t *testing.T) {
	h, _ := startProcessHost(t, "handler", nil)
	for range maxFailures + 1 {
		fail(t, h, "exit200")
	}
	if status, _ := ask(t, h, "pid"); status != http.StatusOK {
		t.Errorf("status after the restarts = %d, want 200", status)
	}
	if got := h.Restarts(); got != maxFailures+1 {
		t.Errorf("restarts = %d, want %d", got, maxFailures+1)
	}
}

func TestTheThirdFailureStopsTheHost(t *testing.T) {
	h, _ := startProcessHost(t, "handler", nil)
	url := h.URL()
	fail(t, h, "exit1")
	h.Kill()
	if status, _ := ask(t, h, "pid"); status != http.StatusOK {
		t.Errorf("status after two failures = %d, want 200", status)
	}
	h.Kill()
	<-h.Stopped()
	if !errors.Is(h.Err(), ErrGaveUp) || !strings.Contains(h.Err().Error(), "Exceeded http worker restart retry count") {
		t.Errorf("err = %v, want %v after three failures", h.Err(), ErrGaveUp)
	}
	if resp, err := h.Client().Get(url); err == nil {
		resp.Body.Close()
		t.Errorf("the front end answers %d, want no answer", resp.StatusCode)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := ask(t, h, "pid"); status != http.StatusOK || h.Err() != nil || h.Restarts() != 0 {
		t.Errorf("started again: status %d, err %v, restarts %d, want 200 and neither", status, h.Err(), h.Restarts())
	}
}

func TestAKilledHandlerIsReplacedAndInvocationsWait(t *testing.T) {
	h, _ := startProcessHost(t, "handler", nil)
	_, first := ask(t, h, "pid")
	if strconv.Itoa(h.PID()) != first {
		t.Errorf("PID = %d, want %s", h.PID(), first)
	}
	h.Kill()
	if !ended(first) {
		t.Errorf("handler %s survived, want it killed", first)
	}
	if err := h.Invoke(t.Context(), "EventGridOne", `{"id":"e1"}`); err != nil {
		t.Error(err)
	}
	_, second := ask(t, h, "pid")
	if second == first || h.Restarts() != 1 {
		t.Errorf("pid %s after %s, restarts %d, want another one, 1", second, first, h.Restarts())
	}
	h.Stop()
	if !ended(second) {
		t.Errorf("handler %s survived the host, want it killed", second)
	}
}

func ended(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil {
		panic(err)
	}
	p, err := os.FindProcess(n)
	return err != nil || p.Signal(syscall.Signal(0)) != nil
}

func TestFunctionTimeoutKillsTheHandlerWithAllItsInvocations(t *testing.T) {
	h, log := startProcessHost(t, "handler", func(h *Host) {
		h.FunctionTimeout, h.TimeoutGrace = 400*time.Millisecond, 100*time.Millisecond
	})
	first := askPID(t, h)
	failed := make(chan error)
	go func() {
		failed <- h.Invoke(t.Context(), "EventGridOne", `{"id":"e1","subject":"reply=empty"}`)
	}()
	log.wait(t, "empty body")
	other := make(chan error)
	go func() {
		other <- h.Invoke(t.Context(), "EventGridOne", `{"id":"e2","subject":"reply=sleep"}`)
	}()
	failure, ok := errors.AsType[*Failure](<-failed)
	if !ok || failure.Error() != "Timeout value of 00:00:00.4000000 was exceeded by function: Functions.EventGridOne" {
		t.Errorf("failure = %v, want a timeout of 0.4 s", failure)
	}
	if err := <-other; err == nil {
		t.Error("the other invocation survived, want it to fail")
	}
	if second := askPID(t, h); second == first {
		t.Errorf("process %s after the timeout, want another one", second)
	}
	for range maxFailures { // these restarts do not count
		if err := h.Invoke(t.Context(), "EventGridOne", `{"id":"e3","subject":"reply=null"}`); err == nil {
			t.Error("a reply of null succeeded, want an error")
		}
	}
	if h.Err() != nil {
		t.Error(h.Err())
	}
}

func TestAHandlerThatNeverAnswersStopsTheHost(t *testing.T) {
	h, _ := startProcessHost(t, "deaf handler", func(h *Host) { h.InitializationTimeout = 50 * time.Millisecond })
	<-h.Stopped()
	if !errors.Is(h.Err(), ErrGaveUp) {
		t.Errorf("err = %v, want %v", h.Err(), ErrGaveUp)
	}
}

func TestAMissingExecutableFailsTheFirstInvocation(t *testing.T) {
	h, log := startProcessHost(t, "handler", func(h *Host) {
		h.InitializationTimeout = 50 * time.Millisecond
		h.Env["AzureFunctionsJobHost__customHandler__description__defaultExecutablePath"] = "no-such-program"
	})
	log.wait(t, "Failed to start Worker Channel. Process fileName: no-such-program")
	if err := h.Invoke(t.Context(), "EventGridOne", `{"id":"e1"}`); err == nil {
		t.Error("an invocation without a handler succeeded, want an error")
	}
	<-h.Stopped()
	if h.Err() == nil || !strings.Contains(h.Err().Error(), "Initialization timed out and host is shutting down") {
		t.Errorf("err = %v, want that the initialization timed out", h.Err())
	}
}
