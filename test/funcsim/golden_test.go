package funcsim

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var goldenDir = flag.String("golden", "testdata/host-golden", "compare with the recordings in `DIR`")

// recording is one file of recordings.
type recording struct {
	HostJSON struct{ FunctionTimeout string }
	Cases    []recordedCase
}

type recordedCase struct {
	Name    string
	Request struct {
		Line    string
		Headers []string
		Body    string
	}
	HandlerReceives      []received
	HandlerReceivesCount int
	TookSeconds          int
	Response             struct {
		Status  string
		Headers map[string]any // a string, or a list of them
		Body    string
	}
}

func TestAnswersAndInvocationsAreThoseOfTheRealHost(t *testing.T) {
	for _, file := range []string{"eventgrid", "http-proxying", "failures", "webhost"} {
		t.Run(file, func(t *testing.T) {
			var rec recording
			readGolden(t, file, &rec)
			for _, c := range rec.Cases {
				t.Run(c.Name, func(t *testing.T) {
					if c.concernsOthers() {
						t.Logf("not compared: no function of the app has that kind") // see the package comment
						return
					}
					synctest.Test(t, func(t *testing.T) { playCase(t, rec, c, file != "webhost") })
				})
			}
		})
	}
}

// concernsOthers reports whether the case concerns a function that funcsim refuses,
// or depends on a run of one.
func (c recordedCase) concernsOthers() bool {
	return strings.Contains(c.Request.Line, "EventGridMany") || strings.Contains(c.Request.Line, "/api/json") ||
		strings.HasPrefix(c.Response.Status, "ERROR")
}

func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(*goldenDir, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

var goldenKeys = Keys{Master: "the-master-key", Function: "the-function-key", EventGrid: "the-system-key"}

// fill replaces the placeholders of a request with the values of the test.
var fill = strings.NewReplacer("{host}", "localhost:7071", "{master key}", goldenKeys.Master,
	"{function key}", goldenKeys.Function, "{system key}", goldenKeys.EventGrid,
	"{3000000 characters}", strings.Repeat("x", 3_000_000))

func playCase(t *testing.T, rec recording, c recordedCase, coreTools bool) {
	handler := &recorder{}
	h := &Host{
		Root: "testdata/golden-app", Handler: handler, CoreTools: coreTools,
		AuthOn: !coreTools, Keys: goldenKeys,
		Queues: map[string]Queue{"texts": &MemoryQueue{}},
		Env:    map[string]string{"AzureFunctionsJobHost__functionTimeout": rec.HostJSON.FunctionTimeout},
		Log:    func(e Entry) { t.Logf("%s %s: %s", e.Level, e.Source, e.Text) },
	}
	// Start in mid-minute, so that no timer runs meanwhile.
	time.Sleep(3 * time.Second)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer h.Stop()
	synctest.Wait() // until the timers have their records
	began := time.Now()
	status, headers, body := send(t, h, c)
	if took := time.Since(began).Seconds(); c.TookSeconds != 0 && abs(took-float64(c.TookSeconds)) > 1 {
		t.Errorf("took %.1f s, want %d", took, c.TookSeconds)
	}
	time.Sleep(time.Second) // for what the host does after its answer

	if status != c.Response.Status {
		t.Errorf("status = %q, want %q", status, c.Response.Status)
	}
	compareHeaders(t, "response", headers, flat(c.Response.Headers), !strings.Contains(c.Response.Body, "{"+"time"))
	match(t, "response body", body, c.Response.Body)

	seen := withoutTimers(handler.all())
	if len(seen) != c.HandlerReceivesCount {
		t.Errorf("handler received %d requests, want %d", len(seen), c.HandlerReceivesCount)
	}
	compareReceived(t, seen, c.HandlerReceives)
}

// withoutTimers returns seen without the scheduled runs of timers.
func withoutTimers(seen []received) []received {
	return slices.DeleteFunc(seen, func(r received) bool {
		return strings.HasPrefix(r.Line, "POST /Timer") && !strings.Contains(r.Body, `"timer":"`)
	})
}

// send sends a case's request and returns the answer, both byte by byte.
func send(t *testing.T, h *Host, c recordedCase) (status string, headers map[string]string, body string) {
	t.Helper()
	conn, err := h.instance().listener.(*memoryListener).dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := append([]string{c.Request.Line}, c.Request.Headers...)
	go func() {
		_, _ = io.WriteString(conn, fill.Replace(strings.Join(lines, "\r\n")+"\r\n\r\n"+c.Request.Body))
	}()
	r := bufio.NewReader(conn)
	first, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	mime, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Date", "Server", "Connection"} {
		mime.Del(name)
	}
	headers = map[string]string{}
	for name, values := range mime {
		headers[name] = strings.Join(values, " | ")
	}
	const patience = 5 * time.Second
	if !slices.Contains(c.Request.Headers, "Connection: close") {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
	}
	rest, err := io.ReadAll(r)
	body = string(rest)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		body += fmt.Sprintf("\n<<no end of response within %d ms>>", patience.Milliseconds())
	} else if err != nil {
		t.Fatal(err)
	}
	_, status, _ = strings.Cut(strings.TrimSpace(first), " ")
	return status, headers, body
}

// compareReceived looks for each recorded request among those seen, in any order.
func compareReceived(t *testing.T, seen, want []received) {
	t.Helper()
	byContent := func(a, b received) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(rank(a), rank(b))) }
	slices.SortStableFunc(seen, byContent)
	want = slices.Clone(want)
	slices.SortStableFunc(want, byContent)
	for i, w := range want {
		w.Body = retryContext.ReplaceAllString(w.Body, "")
		if i >= len(seen) {
			t.Errorf("the handler received %d requests, want %s among them", len(seen), w.Line)
			continue
		}
		got := seen[i]
		match(t, "line", got.Line, fillKeys(w.Line))
		match(t, "host", got.Host, w.Host)
		compareHeaders(t, "invocation", got.Headers, w.Headers, !strings.Contains(w.Body, "{utc}"))
		if got.TransferEncoding != w.TransferEncoding {
			t.Errorf("transfer encoding = %q, want %q", got.TransferEncoding, w.TransferEncoding)
		}
		match(t, "body", got.Body, w.Body)
		if a, b := got.Headers["X-Ms-Invocation-Id"], got.Headers["X-Azure-Functions-Invocationid"]; a != "" && a != b {
			t.Errorf("X-Ms-Invocation-Id %s, want the invocation's id %s", a, b)
		}
	}
}

// retryContext matches a member of Metadata of functions with a retry policy. The app has none.
var retryContext = regexp.MustCompile(`,"RetryContext":\{.*?\{\}\}`)

var eventID = regexp.MustCompile(`"id":"(\w+)"`)

// rank returns the key by which the events of a batch are sorted.
func rank(r received) string { return strings.Join(eventID.FindStringSubmatch(r.Body), "") }

func fillKeys(s string) string { return fill.Replace(s) }

func compareHeaders(t *testing.T, what string, got, want map[string]string, lengthMatters bool) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if canonical == "Content-Length" && !lengthMatters {
			continue
		}
		match(t, what+" header "+name, got[canonical], fillKeys(want[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(w string) bool { return strings.EqualFold(w, name) }) {
			t.Errorf("%s has a header %s: %s, want only those of the recording", what, name, got[name])
		}
	}
}

func flat(headers map[string]any) map[string]string {
	out := map[string]string{}
	for name, v := range headers {
		if list, ok := v.([]any); ok {
			var texts []string
			for _, e := range list {
				texts = append(texts, fmt.Sprint(e))
			}
			out[name] = strings.Join(texts, " | ")
			continue
		}
		out[name] = fmt.Sprint(v)
	}
	return out
}

var placeholders = map[string]string{
	"handler": `127\.0\.0\.1:\d+`, "host": `localhost:7071`,
	"invocation": guidPattern, "guid": guidPattern,
	"utc":           `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z`,
	"time":          `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`,
	"time.fraction": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?`,
	"traceparent":   `00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]`,
	"receipt":       `[^"\\]+`,
}

const guidPattern = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

var placeholder = regexp.MustCompile(`\\\{(\w+(?:\\\.\w+)?)\\\}`)

// match compares a text with a recorded one, in which a placeholder stands for any
// text that matches its pattern.
func match(t *testing.T, what, got, want string) {
	t.Helper()
	pattern := placeholder.ReplaceAllStringFunc(regexp.QuoteMeta(want), func(m string) string {
		name := strings.ReplaceAll(placeholder.FindStringSubmatch(m)[1], `\.`, ".")
		if p, ok := placeholders[name]; ok {
			return p
		}
		return m
	})
	if !regexp.MustCompile(`(?s)^` + pattern + `$`).MatchString(got) {
		t.Errorf("%s:\n got %s\nwant %s", what, strconv.Quote(got), strconv.Quote(want))
	}
}

func abs(f float64) float64 { return max(f, -f) }
