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

const testLine = "28:orgid:cd7b6a0c-6b1b-4a54-8f0e-2f6a3a1f7c11"

// ask sends a request, with the key and as JSON if it has a key, and looks at what
// must hold for every reply: problems are problem documents, and neither they nor
// the log hold a telephone number.
func ask(t *testing.T, h *Handler, method, path, key, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if key != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
	}
	return send(t, h, r)
}

func send(t *testing.T, h *Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	var log bytes.Buffer
	server := invoke.New(zerolog.New(&log).Level(zerolog.TraceLevel))
	server.Handle(h.Routes())
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	if kind := w.Header().Get("Content-Type"); w.Code >= 400 && kind != "application/problem+json" {
		t.Errorf("%d is of type %q, want a problem document", w.Code, kind)
	}
	number := regexp.MustCompile(`[0-9]{8}`)
	if w.Code >= 400 && number.MatchString(w.Body.String()) || number.MatchString(log.String()) {
		t.Errorf("a number is in the reply or the log:\n%s\n%s", w.Body, &log)
	}
	return w
}

// office is where campaigns are kept, with what can go wrong in it.
type office struct {
	*Handler
	tables [4]*tabletest.Memory

	// fail is asked before every operation on a table, the n-th from 1 on.
	fail func(n int, op tabletest.Op) faulttest.Fault

	mu    sync.Mutex
	ops   int
	flows map[string]error // what comes of pinning them
	begun []campaign.ID    // what was to be dialled soon
	pins  int              // each gives another version, as if somebody changed the flow all the time
}

func newOffice() *office {
	o := &office{flows: map[string]error{
		"reminder": nil,
		"faulty": fmt.Errorf("flow: %w", problem.Faults{
			{Path: "name", Text: "is missing"}, {Path: "nodes.end", Text: "cannot be reached from the start"},
		}),
		"away": errors.New("no answer from the catalog"),
	}}
	for i := range o.tables {
		o.tables[i] = tabletest.NewMemory()
		o.tables[i].Fail = func(op tabletest.Op) faulttest.Fault {
			o.mu.Lock()
			o.ops++
			n, fail := o.ops, o.fail
			o.mu.Unlock()
			if fail == nil {
				return faulttest.None
			}
			return fail(n, op)
		}
	}
	ledger := store.NewLedger(o.tables[0], o.tables[1], o.tables[2], o.tables[3])
	o.Handler = &Handler{
		Campaigns: ledger,
		Creator:   &dialler.Campaigns{Ledger: ledger, Flows: o, Begin: o.Begin},
		Lines:     []string{testLine, "4:+12065550100"},
		Ring:      45 * time.Second,
	}
	return o
}

// Begin is the dialler's.
func (o *office) Begin(_ context.Context, id campaign.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun = append(o.begun, id)
}

// Pin is the catalog's.
func (o *office) Pin(_ context.Context, name string) (flow.Ref, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	err, ok := o.flows[name]
	if !ok {
		err = fmt.Errorf("flow %q: %w", name, catalog.ErrNotFound)
	}
	if err != nil {
		return flow.Ref{}, err
	}
	o.pins++
	return flow.Ref{Name: name, Version: fmt.Sprint("v", o.pins)}, nil
}

// orderOf is an order for the numbers.
func orderOf(numbers ...string) string {
	contacts := make([]string, len(numbers))
	for i, n := range numbers {
		contacts[i] = `{"number":"` + n + `"}`
	}
	return changed("contacts", "["+strings.Join(contacts, ",")+"]")
}

// manyNumbers are so many different ones.
func manyNumbers(n int) []string {
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+1206%07d", 5_550_000+i)
	}
	return numbers
}
