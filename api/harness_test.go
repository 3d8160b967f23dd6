package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/campaign"
	"switchboard/handler/catalog"
	"switchboard/handler/dialler"
	"switchboard/handler/faulttest"
	"switchboard/handler/flow"
	"switchboard/handler/invoke"
	"switchboard/handler/problem"
	"switchboard/handler/store"
	"switchboard/handler/table/tabletest"
)

// testLine is a line of the setting LINES.
const testLine = "28:orgid:cd7b6a0c-6b1b-4a54-8f0e-2f6a3a1f7c11"

// ask sends a request, as JSON if it has a key, and returns the reply; see send.
func ask(t *testing.T, h *Handler, method, path, key, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if key != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
	}
	return send(t, h, r)
}

// send sends a request and returns the reply. It checks that each error is a problem document, and that
// neither errors nor the log have a telephone number.
func send(t *testing.T, h *Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	var log bytes.Buffer
	server := invoke.New(zerolog.New(&log).Level(zerolog.TraceLevel))
	server.Handle(h.Routes())
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	if kind := w.Header().Get("Content-Type"); w.Code >= 400 && kind != "application/problem+json" {
		t.Errorf("the reply with status %d has the type %q, want a problem document", w.Code, kind)
	}
	number := regexp.MustCompile(`[0-9]{8}`)
	if w.Code >= 400 && number.MatchString(w.Body.String()) || number.MatchString(log.String()) {
		t.Errorf("the reply is\n%s\nand the log\n%s\nwant no number in them", w.Body, &log)
	}
	return w
}

// fixture is a Handler with campaigns in memory, whose storage can fail.
type fixture struct {
	*Handler
	tables [4]*tabletest.Memory

	// fail returns the fault of the n-th operation on the tables, from 1 on; nil: none fails.
	fail func(n int, op tabletest.Op) faulttest.Fault

	mu    sync.Mutex
	ops   int              // operations on the tables
	flows map[string]error // results of Pin, by the name of the flow
	begun []campaign.ID    // calls of Begin
	pins  int              // successful calls of Pin; each returns another version
}

// newFixture returns a fixture without campaigns.
func newFixture() *fixture {
	f := &fixture{flows: map[string]error{
		"reminder": nil,
		"faulty": fmt.Errorf("flow: %w", problem.Faults{
			{Path: "name", Text: "is missing"}, {Path: "nodes.end", Text: "cannot be reached from the start"},
		}),
		"away": errors.New("no answer from the catalog"),
	}}
	for i := range f.tables {
		f.tables[i] = tabletest.NewMemory()
		f.tables[i].Fail = func(op tabletest.Op) faulttest.Fault {
			f.mu.Lock()
			f.ops++
			n, fail := f.ops, f.fail
			f.mu.Unlock()
			if fail == nil {
				return faulttest.FaultNone
			}
			return fail(n, op)
		}
	}
	ledger := store.NewLedger(f.tables[0], f.tables[1], f.tables[2], f.tables[3])
	f.Handler = &Handler{
		Campaigns: ledger,
		Creator:   &dialler.Campaigns{Ledger: ledger, Flows: f, Begin: f.Begin},
		Lines:     []string{testLine, "4:+12065550100"},
		Ring:      45 * time.Second,
	}
	return f
}

// Begin records a hint, instead of the dialler.
func (f *fixture) Begin(_ context.Context, id campaign.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun = append(f.begun, id)
}

// Pin pins a flow, instead of the catalog.
func (f *fixture) Pin(_ context.Context, name string) (flow.Ref, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err, ok := f.flows[name]
	if !ok {
		err = fmt.Errorf("flow %q: %w", name, catalog.ErrNotFound)
	}
	if err != nil {
		return flow.Ref{}, err
	}
	f.pins++
	return flow.Ref{Name: name, Version: fmt.Sprint("v", f.pins)}, nil
}

// requestFor returns the body of a request for a campaign with contacts of these numbers.
func requestFor(numbers ...string) string {
	contacts := make([]string, len(numbers))
	for i, n := range numbers {
		contacts[i] = `{"number":"` + n + `"}`
	}
	return changed("contacts", "["+strings.Join(contacts, ",")+"]")
}

// manyNumbers returns n different numbers.
func manyNumbers(n int) []string {
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+1206%07d", 5_550_000+i)
	}
	return numbers
}
