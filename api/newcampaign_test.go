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

// monday is the id of the campaign that is ordered with the key "monday".
var monday = campaign.NewID("", "monday")

func TestACampaignIsCreatedAndStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice()
		body := `{"name":"Reminders","flow":"reminder","lines":["+12065550100","` + testLine + `"],"attempts":3,"ring":"20s",
			"contacts":[{"number":"+12065550181"},{"number":"+12065550182"}]}`
		got := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", body)
		want := `{"id":"` + string(monday) + `","name":"Reminders","state":"running",` +
			`"flow":{"name":"reminder","version":"v1"},"lines":["4:+12065550100","` + testLine + `"],` +
			`"attempts":3,"ring":"20s","contacts":2,"created":"2000-01-01T00:00:00Z"}`
		if got.Code != http.StatusCreated || got.Body.String() != want {
			t.Errorf("%d, body (-want +got):\n%s", got.Code, cmp.Diff(want, got.Body.String()))
		}
		if at := got.Header().Get("Location"); at != campaignsPath+"/"+string(monday) {
			t.Errorf("Location: %q", at)
		}
		if kind := got.Header().Get("Content-Type"); kind != "application/json" {
			t.Errorf("Content-Type: %q", kind)
		}
		contacts, _, err := o.Campaigns.Contacts(t.Context(), o.campaign(t), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range contacts {
			if c.Budget != 3 || c.State != campaign.ContactWaiting || !c.Due.Equal(time.Now()) {
				t.Errorf("contact = %+v", c)
			}
		}
		if !slices.Equal(o.begun, []campaign.ID{monday}) {
			t.Errorf("begun: %q", o.begun)
		}
	})
}

// campaign is the one that was ordered with the key "monday".
func (o *office) campaign(t *testing.T) campaign.Campaign {
	t.Helper()
	c, err := o.Campaigns.Campaign(t.Context(), monday)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnOrderThatCannotBeTakenIsRefused(t *testing.T) {
	good := orderOf("+12065550181")
	with := func(edit func(*http.Request)) *http.Request {
		r := httptest.NewRequest(http.MethodPost, campaignsPath, strings.NewReader(good))
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
		{"with too long a key", key(strings.Repeat("k", 129)), 400, noKey},
		{"with a blank in the key", key("mon day"), 400, noKey},
		{"with a key in another alphabet", key("montag–"), 400, noKey},
		{"in no format", with(func(r *http.Request) { r.Header.Del("Content-Type") }), 415, `must be application/json`},
		{"in another format", with(func(r *http.Request) { r.Header.Set("Content-Type", "text/json") }), 415, `must be application/json`},
		{"that is not JSON", body(`number=5`), 400, `"errors":[{"field":"$","detail":"is not JSON: `},
		{"that is too large", body(strings.Repeat(" ", 1<<20) + good), 413, `1 MiB at most`},
		{"with a number that is none", body(orderOf("+12065550181", "+1206555")), 400,
			`"errors":[{"field":"contacts.1.number","detail":"cannot be a telephone number: `},
		{"with a number that is a member", body(changed("contacts", `[{"number":"+12065550181","+12065550182":1}]`)), 400,
			`"errors":[{"field":"contacts.0.•••","detail":"is not known"}]`},
		{"for lines that are not ours", body(changed("lines", `["28:orgid:x","`+testLine+`","+12065550199"]`)), 400,
			`"errors":[{"field":"lines.0","detail":"is none of the setting LINES"},{"field":"lines.2","detail":"is none of the setting LINES"}]`},
		{"for a line that is not ours, by a name that is missing", body(strings.Replace(changed("lines", `["28:orgid:x"]`), `"Reminders"`, `""`, 1)), 400,
			`"detail":"Nothing was done. Faults: 2.","errors":[{"field":"name","detail":"is missing"},{"field":"lines.0","detail":"is none of the setting LINES"}]`},
		{"for a flow that is not there", body(changed("flow", `"nowhere"`)), 400,
			`"errors":[{"field":"flow","detail":"there is no such flow"}]`},
		{"for a flow with faults", body(changed("flow", `"faulty"`)), 400,
			`"errors":[{"field":"flow","detail":"name: is missing"},{"field":"flow","detail":"nodes.end: cannot be reached from the start"}]`},
		{"while the flows cannot be had", body(changed("flow", `"away"`)), 503, `"title":"Service Unavailable"`},
	}
	for _, tt := range tests {
		t.Run("an order "+tt.name, func(t *testing.T) {
			o := newOffice()
			got := send(t, o.Handler, tt.request)
			if got.Code != tt.status || !strings.Contains(got.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d with %s", got.Code, got.Body, tt.status, tt.want)
			}
			for _, table := range o.tables {
				if rows := table.Entities(); len(rows) > 0 {
					t.Errorf("%d rows were written", len(rows))
				}
			}
		})
	}
}

func TestWithoutLinesThereIsNoCampaign(t *testing.T) {
	o := newOffice()
	o.Lines = nil
	got := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", orderOf("+12065550181"))
	want := `"errors":[{"field":"lines","detail":"cannot be used: the setting LINES must name the lines of this app"}]`
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), want) {
		t.Errorf("%d %s, want 400 with %s", got.Code, got.Body, want)
	}
}

func TestAKeyIsForOneRequest(t *testing.T) {
	o := newOffice()
	order := orderOf("+12065550181")
	first := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", order)

	other := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", orderOf("+12065550182"))
	if want := "The Idempotency-Key was used for another request."; other.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(other.Body.String(), want) {
		t.Errorf("another order with the key: %d %s, want 422 with %q", other.Code, other.Body, want)
	}
	if n := o.campaign(t).Contacts; n != 1 {
		t.Errorf("%d contacts, want 1", n)
	}

	// What was true when it was ordered need not be true any more.
	o.Lines, o.Ring, o.flows = nil, time.Minute, nil
	again := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", order)
	if d := cmp.Diff(first.Result().Header, again.Result().Header); d != "" || again.Code != first.Code ||
		again.Body.String() != first.Body.String() {
		t.Errorf("again: %d %s %s, want %d %s", again.Code, again.Body, d, first.Code, first.Body)
	}
}

// whole checks that the campaign runs, with each contact once and counted.
func (o *office) whole(t *testing.T, contacts int, replied string) {
	t.Helper()
	c := o.campaign(t)
	if c.State != campaign.StateRunning || c.Contacts != contacts {
		t.Errorf("the campaign is %s with %d contacts", c.State, c.Contacts)
	}
	var shown Campaign
	if err := json.Unmarshal([]byte(replied), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Flow != showFlow(c.Flow) || !shown.Created.Equal(c.Created) || shown.ID != c.ID {
		t.Errorf("the reply speaks of another campaign than the one that is there:\n%s\n%+v", replied, c)
	}
	counts, err := o.Campaigns.Counters(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if counts.Contacts != contacts || counts.Waiting != contacts {
		t.Errorf("counters = %+v", counts)
	}
	got, next, err := o.Campaigns.Contacts(t.Context(), c, "", contacts+1)
	if err != nil || len(got) != contacts || next != "" {
		t.Errorf("%d contacts, next %q, %v", len(got), next, err)
	}
}

// crashing is enough contacts for several transactions.
const crashing = 120

// TestACrashInTheMiddleIsMended lets the program die at every operation on storage
// in turn: once before it happens, once before its answer comes. Nothing more happens
// then, until the client sends its order again.
func TestACrashInTheMiddleIsMended(t *testing.T) {
	order := orderOf(manyNumbers(crashing)...)
	for _, fate := range []faulttest.Fault{faulttest.NotApplied, faulttest.Lost} {
		moments := 0
		for died := true; died; moments++ {
			t.Run(fmt.Sprintf("at operation %d, %s", moments+1, fate), func(t *testing.T) {
				o := newOffice()
				o.fail = func(n int, _ tabletest.Op) faulttest.Fault {
					switch {
					case n == moments+1:
						return fate
					case n > moments+1:
						return faulttest.NotApplied
					}
					return faulttest.None
				}
				first := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", order)
				if died = o.ops > moments; died != (first.Code == http.StatusServiceUnavailable) {
					t.Errorf("the order got %d, and was cut short: %t", first.Code, died)
				}
				o.fail = nil
				second := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", order)
				third := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", order)
				if second.Code != http.StatusCreated || third.Code != http.StatusCreated || second.Body.String() != third.Body.String() {
					t.Errorf("%d %s, then %d %s", second.Code, second.Body, third.Code, third.Body)
				}
				o.whole(t, crashing, third.Body.String())
			})
		}
		if moments < 15 {
			t.Errorf("%d moments are too few to have been all", moments)
		}
	}
}

// TestOneOrderSentTwiceAtOnceIsOneCampaign sends the order again at every operation
// of the first sending in turn.
func TestOneOrderSentTwiceAtOnceIsOneCampaign(t *testing.T) {
	order := orderOf(manyNumbers(crashing)...)
	for moment, met := 1, true; met; moment++ {
		t.Run(fmt.Sprintf("before operation %d", moment), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice()
				var second *httptest.ResponseRecorder
				o.fail = func(n int, _ tabletest.Op) faulttest.Fault {
					if n == moment {
						time.Sleep(time.Minute) // a campaign of its own would be another one now
						second = ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", order)
					}
					return faulttest.None
				}
				first := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", order)
				if met = second != nil; !met {
					return
				}
				if first.Code != http.StatusCreated || second.Code != http.StatusCreated || first.Body.String() != second.Body.String() {
					t.Errorf("%d %s, and %d %s", first.Code, first.Body, second.Code, second.Body)
				}
				o.whole(t, crashing, first.Body.String())
			})
		})
	}
}

func TestManySendingsAtOnceAreOneCampaign(t *testing.T) {
	o := newOffice()
	order := orderOf(manyNumbers(crashing)...)
	var replies [4]*httptest.ResponseRecorder
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() { replies[i] = ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", order) })
	}
	all.Wait()
	for _, r := range replies {
		if r.Code != http.StatusCreated || r.Body.String() != replies[0].Body.String() {
			t.Errorf("%d %s, want the same of all: %s", r.Code, r.Body, replies[0].Body)
		}
	}
	o.whole(t, crashing, replies[0].Body.String())
}

func TestNobodyIsDialledBeforeAllContactsAreThere(t *testing.T) {
	o := newOffice()
	o.fail = func(_ int, op tabletest.Op) faulttest.Fault {
		if op.Kind == tabletest.Apply && len(op.Writes) > 2 { // contacts
			return faulttest.NotApplied
		}
		return faulttest.None
	}
	if got := ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", orderOf("+12065550181")); got.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s, want 503", got.Code, got.Body)
	}
	if c := o.campaign(t); c.State != campaign.StateDraft {
		t.Errorf("the campaign is %s", c.State)
	}
}
