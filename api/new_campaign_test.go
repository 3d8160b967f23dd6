package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/table/tabletest"
)

const campaignsPath = "/api/v1/campaigns"

// monday is the id of the campaign that is requested with the key "monday".
var monday = campaign.NewID("monday")

func TestCampaignIsCreatedAndStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		body := `{"name":"Reminders","flow":"reminder","lines":["+12065550100","` + testLine + `"],"attempts":3,"ring":"20s",
			"contacts":[{"number":"+12065550181"},{"number":"+12065550182"}]}`
		got := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body)
		want := `{"id":"` + string(monday) + `","name":"Reminders","state":"running",` +
			`"flow":{"name":"reminder","version":"v1"},"lines":["4:+12065550100","` + testLine + `"],` +
			`"attempts":3,"ring":"20s","contacts":2,"created":"2000-01-01T00:00:00Z"}`
		if got.Code != http.StatusCreated || got.Body.String() != want {
			t.Errorf("%d, body (-want +got):\n%s", got.Code, cmp.Diff(want, got.Body.String()))
		}
		if at := got.Header().Get("Location"); at != campaignsPath+"/"+string(monday) {
			t.Errorf("Location %q, want %q", at, campaignsPath+"/"+string(monday))
		}
		if kind := got.Header().Get("Content-Type"); kind != "application/json" {
			t.Errorf("Content-Type %q, want application/json", kind)
		}
		contacts, _, err := f.Campaigns.Contacts(t.Context(), f.campaign(t), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range contacts {
			if c.Budget != 3 || c.State != campaign.ContactWaiting || !c.Due.Equal(time.Now()) {
				t.Errorf("contact %+v, want it %s, due now, with a budget of 3", c, campaign.ContactWaiting)
			}
		}
		if !slices.Equal(f.begun, []campaign.ID{monday}) {
			t.Errorf("begun %q, want %q once", f.begun, monday)
		}
	})
}

// campaign returns the campaign that was requested with the key "monday".
func (f *fixture) campaign(t *testing.T) campaign.Campaign {
	t.Helper()
	c, err := f.Campaigns.Campaign(t.Context(), monday)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestInvalidCampaignRequestIsRefused(t *testing.T) {
	valid := requestFor("+12065550181")
	// with returns a valid request after an edit.
	with := func(edit func(*http.Request)) *http.Request {
		r := httptest.NewRequest(http.MethodPost, campaignsPath, strings.NewReader(valid))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		r.Header.Set("Idempotency-Key", "monday")
		edit(r)
		return r
	}
	body := func(doc string) *http.Request {
		return with(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(doc)) })
	}
	key := func(keys ...string) *http.Request {
		return with(func(r *http.Request) { r.Header["Idempotency-Key"] = keys })
	}
	const noKey = `"errors":[{"field":"Idempotency-Key","detail":"must be there once, as a header of 1 to 128 visible ASCII characters"}]`
	tests := []struct {
		name    string
		request *http.Request
		status  int
		want    string // in the reply
	}{
		{"without a key", key(), 400, noKey},
		{"with an empty key", key(""), 400, noKey},
		{"with two keys", key("monday", "tuesday"), 400, noKey},
		{"with a key that is too long", key(strings.Repeat("k", 129)), 400, noKey},
		{"with a blank in the key", key("mon day"), 400, noKey},
		{"with a key in another alphabet", key("montag–"), 400, noKey},
		{"without a content type", with(func(r *http.Request) { r.Header.Del("Content-Type") }), 415, `must be application/json`},
		{"with another content type", with(func(r *http.Request) { r.Header.Set("Content-Type", "text/json") }), 415, `must be application/json`},
		{"that is not JSON", body(`number=5`), 400, `"errors":[{"field":"$","detail":"is not JSON: `},
		{"that is too large", body(strings.Repeat(" ", 1<<20) + valid), 413, `1 MiB at most`},
		{"with an invalid number", body(requestFor("+12065550181", "+1206555")), 400,
			`"errors":[{"field":"contacts.1.number","detail":"cannot be a telephone number: `},
		{"with a number as the name of a member", body(changed("contacts", `[{"number":"+12065550181","+12065550182":1}]`)), 400,
			`"errors":[{"field":"contacts.0.•••","detail":"is not known"}]`},
		{"for lines that are not in LINES", body(changed("lines", `["28:orgid:x","`+testLine+`","+12065550199"]`)), 400,
			`"errors":[{"field":"lines.0","detail":"is none of the setting LINES"},{"field":"lines.2","detail":"is none of the setting LINES"}]`},
		{"for a line that is not in LINES, without a name",
			body(strings.Replace(changed("lines", `["28:orgid:x"]`), `"Reminders"`, `""`, 1)), 400,
			`"detail":"Nothing was done. Faults: 2.","errors":[{"field":"name","detail":"is missing"},{"field":"lines.0","detail":"is none of the setting LINES"}]`},
		{"for an unknown flow", body(changed("flow", `"nowhere"`)), 400,
			`"errors":[{"field":"flow","detail":"there is no such flow"}]`},
		{"for a flow with faults", body(changed("flow", `"faulty"`)), 400,
			`"errors":[{"field":"flow","detail":"name: is missing"},{"field":"flow","detail":"nodes.end: cannot be reached from the start"}]`},
		{"while the catalog does not answer", body(changed("flow", `"away"`)), 503, `"title":"Service Unavailable"`},
	}
	for _, tt := range tests {
		t.Run("a request "+tt.name, func(t *testing.T) {
			f := newFixture()
			got := send(t, f.Handler, tt.request)
			if got.Code != tt.status || !strings.Contains(got.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d with %s", got.Code, got.Body, tt.status, tt.want)
			}
			for _, table := range f.tables {
				if rows := table.Entities(); len(rows) > 0 {
					t.Errorf("%d rows were written, want 0", len(rows))
				}
			}
		})
	}
}

func TestCampaignRequestIsRefusedWithoutLINES(t *testing.T) {
	f := newFixture()
	f.Lines = nil
	got := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", requestFor("+12065550181"))
	want := `"errors":[{"field":"lines","detail":"cannot be used: the setting LINES must name the lines of this app"}]`
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), want) {
		t.Errorf("%d %s, want 400 with %s", got.Code, got.Body, want)
	}
}

func TestKeyIsForOneRequest(t *testing.T) {
	f := newFixture()
	body := requestFor("+12065550181")
	first := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body)

	other := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", requestFor("+12065550182"))
	if want := "The Idempotency-Key was used for another request."; other.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(other.Body.String(), want) {
		t.Errorf("another request with the key: %d %s, want 422 with %q", other.Code, other.Body, want)
	}
	if n := f.campaign(t).Contacts; n != 1 {
		t.Errorf("%d contacts, want 1", n)
	}

	// The settings and flows of the first request have changed.
	f.Lines, f.Ring, f.flows = nil, time.Minute, nil
	again := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body)
	if d := cmp.Diff(first.Result().Header, again.Result().Header); d != "" || again.Code != first.Code ||
		again.Body.String() != first.Body.String() {
		t.Errorf("again: %d %s %s, want %d %s", again.Code, again.Body, d, first.Code, first.Body)
	}
}

// wantComplete checks that the campaign is running, as in the reply, with each contact once and counted.
func (f *fixture) wantComplete(t *testing.T, contacts int, replied string) {
	t.Helper()
	c := f.campaign(t)
	if c.State != campaign.StateRunning || c.Contacts != contacts {
		t.Errorf("the campaign is %s with %d contacts, want %s with %d", c.State, c.Contacts, campaign.StateRunning, contacts)
	}
	var shown Campaign
	if err := json.Unmarshal([]byte(replied), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Flow != showFlow(c.Flow) || !shown.Created.Equal(c.Created) || shown.ID != c.ID {
		t.Errorf("the reply is %s\nwant that of the stored campaign, %+v", replied, c)
	}
	counts, err := f.Campaigns.Counters(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if counts.Contacts != contacts || counts.Waiting != contacts {
		t.Errorf("counters %+v, want %d contacts, all waiting", counts, contacts)
	}
	got, next, err := f.Campaigns.Contacts(t.Context(), c, "", contacts+1)
	if err != nil || len(got) != contacts || next != "" {
		t.Errorf("%d contacts, next %q, error %v, want %d on one page", len(got), next, err, contacts)
	}
}

// severalTransactions is a number of contacts that are written in several transactions.
const severalTransactions = 120

// TestRepeatCompletesACampaignAfterACrash lets the process crash at each operation on storage in turn, once
// before and once after its effect. Then the client repeats its request.
func TestRepeatCompletesACampaignAfterACrash(t *testing.T) {
	body := requestFor(manyNumbers(severalTransactions)...)
	for _, fault := range []faulttest.Fault{faulttest.FaultNotApplied, faulttest.FaultLost} {
		operations := 0
		for crashed := true; crashed; operations++ {
			t.Run(fmt.Sprintf("at operation %d, %s", operations+1, fault), func(t *testing.T) {
				f := newFixture()
				f.fail = func(n int, _ tabletest.Op) faulttest.Fault {
					switch {
					case n == operations+1:
						return fault
					case n > operations+1:
						return faulttest.FaultNotApplied
					}
					return faulttest.FaultNone
				}
				first := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body)
				if crashed = f.ops > operations; crashed != (first.Code == http.StatusServiceUnavailable) {
					t.Errorf("status %d, want 503 if and only if the process crashed: %t", first.Code, crashed)
				}
				f.fail = nil
				second := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body)
				third := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body)
				if second.Code != http.StatusCreated || third.Code != http.StatusCreated ||
					second.Body.String() != third.Body.String() {
					t.Errorf("%d %s, then %d %s, want 201 with the same body", second.Code, second.Body, third.Code, third.Body)
				}
				f.wantComplete(t, severalTransactions, third.Body.String())
			})
		}
		if operations < 15 {
			t.Errorf("%d operations, want at least 15", operations)
		}
	}
}

// TestRepeatDuringTheFirstRequestCreatesNoSecondCampaign repeats the request at each operation of the first
// one in turn.
func TestRepeatDuringTheFirstRequestCreatesNoSecondCampaign(t *testing.T) {
	body := requestFor(manyNumbers(severalTransactions)...)
	for operation, repeated := 1, true; repeated; operation++ {
		t.Run(fmt.Sprintf("before operation %d", operation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture()
				var second *httptest.ResponseRecorder
				f.fail = func(n int, _ tabletest.Op) faulttest.Fault {
					if n == operation {
						time.Sleep(time.Minute) // a second campaign would have another time
						second = ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body)
					}
					return faulttest.FaultNone
				}
				first := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body)
				if repeated = second != nil; !repeated {
					return
				}
				if first.Code != http.StatusCreated || second.Code != http.StatusCreated ||
					first.Body.String() != second.Body.String() {
					t.Errorf("%d %s, and %d %s, want 201 with the same body", first.Code, first.Body, second.Code, second.Body)
				}
				f.wantComplete(t, severalTransactions, first.Body.String())
			})
		})
	}
}

func TestSimultaneousRequestsCreateOneCampaign(t *testing.T) {
	f := newFixture()
	body := requestFor(manyNumbers(severalTransactions)...)
	var replies [4]*httptest.ResponseRecorder
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() { replies[i] = ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", body) })
	}
	all.Wait()
	for _, r := range replies {
		if r.Code != http.StatusCreated || r.Body.String() != replies[0].Body.String() {
			t.Errorf("%d %s, want 201 with the body of the first reply, %s", r.Code, r.Body, replies[0].Body)
		}
	}
	f.wantComplete(t, severalTransactions, replies[0].Body.String())
}

func TestCampaignIsNotStartedBeforeItsContactsAreWritten(t *testing.T) {
	f := newFixture()
	f.fail = func(_ int, op tabletest.Op) faulttest.Fault {
		if op.Kind == tabletest.KindApply && len(op.Writes) > 2 { // contacts
			return faulttest.FaultNotApplied
		}
		return faulttest.FaultNone
	}
	got := ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", requestFor("+12065550181"))
	if got.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s, want 503", got.Code, got.Body)
	}
	if c := f.campaign(t); c.State != campaign.StateDraft {
		t.Errorf("the campaign is %s, want %s", c.State, campaign.StateDraft)
	}
}
