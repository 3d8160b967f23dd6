package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/store"
	"switchboard/handler/table/tabletest"
)

func TestCampaignsAreListedNewestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		if got := ask(t, f.Handler, http.MethodGet, campaignsPath, "", ""); got.Body.String() != `{"campaigns":[]}` {
			t.Errorf("without campaigns: %d %s, want an empty list", got.Code, got.Body)
		}
		keys := []string{"c", "a", "d", "b"}
		for _, key := range keys {
			time.Sleep(time.Second)
			ask(t, f.Handler, http.MethodPost, campaignsPath, key, requestFor("+12065550181"))
		}
		var got struct{ Campaigns []Campaign }
		if err := json.Unmarshal(ask(t, f.Handler, http.MethodGet, campaignsPath, "", "").Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		var ids, want []campaign.ID
		for i := range got.Campaigns {
			ids = append(ids, got.Campaigns[i].ID)
			want = append(want, campaign.NewID(keys[len(keys)-1-i]))
		}
		if d := cmp.Diff(want, ids); d != "" {
			t.Errorf("ids (-want +got):\n%s", d)
		}
	})
}

func TestCampaignIsShownWithItsCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", requestFor("+12065550181", "+12065550182"))
		got := ask(t, f.Handler, http.MethodGet, campaignsPath+"/"+string(monday), "", "")
		want := `{"id":"` + string(monday) + `","name":"Reminders","state":"running",` +
			`"flow":{"name":"reminder","version":"v1"},"lines":["` + testLine + `"],"attempts":1,"ring":"45s","contacts":2,` +
			`"created":"2000-01-01T00:00:00Z","started":"2000-01-01T00:00:00Z",` +
			`"counts":{"contacts":2,"waiting":2,"dialling":0,"ended":0,"attempts":0}}`
		if d := cmp.Diff(want, got.Body.String()); d != "" {
			t.Errorf("%d, body (-want +got):\n%s", got.Code, d)
		}
	})
}

func TestEveryContactIsOnOnePage(t *testing.T) {
	f := newFixture()
	numbers := manyNumbers(page*12 + 34)
	ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", requestFor(numbers...))
	left := map[string]bool{}
	for _, n := range numbers {
		left[n] = true
	}
	path := campaignsPath + "/" + string(monday) + "/contacts"
	for after, pages := "", 1; ; pages++ {
		reply := ask(t, f.Handler, http.MethodGet, path+"?after="+url.QueryEscape(after), "", "")
		var got struct {
			Contacts []Contact
			Next     string
		}
		if err := json.Unmarshal(reply.Body.Bytes(), &got); err != nil || reply.Code != http.StatusOK {
			t.Fatalf("%d %s: %v, want %d with JSON", reply.Code, reply.Body, err, http.StatusOK)
		}
		for _, c := range got.Contacts {
			if !left[c.Number] {
				t.Errorf("%s is on two pages, or was not in the request, want each contact once", c.Number)
			}
			delete(left, c.Number)
		}
		if after = got.Next; after == "" {
			break
		}
		if len(got.Contacts) != page {
			t.Errorf("page %d has %d contacts, want %d", pages, len(got.Contacts), page)
		}
	}
	if len(left) > 0 {
		t.Errorf("%d contacts are on no page, want 0", len(left))
	}
}

func TestContactIsShownWithItsResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		ledger := f.Campaigns.(*store.Ledger)
		ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", requestFor("+12065550181"))
		c := f.campaign(t)
		due, err := ledger.Due(t.Context(), c, 0, time.Now(), 1)
		if err != nil || len(due) != 1 {
			t.Fatalf("due: %v, %v, want one", due, err)
		}
		_, attempt, err := ledger.Claim(t.Context(), c, due[0], campaign.AttemptStart{
			Line: testLine, Began: time.Now(), CheckAt: time.Now().Add(time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
		show := func() string {
			reply := ask(t, f.Handler, http.MethodGet, campaignsPath+"/"+string(monday)+"/contacts", "", "")
			return strings.ReplaceAll(reply.Body.String(), string(attempt.Call), "CALL")
		}
		id := campaign.NewContactID("+12065550181")
		want := fmt.Sprintf(`{"contacts":[{"id":%q,"number":"+12065550181","state":"dialling","attempts":0,"call":"CALL",`+
			`"due":"2000-01-01T00:01:00Z"}]}`, id)
		if d := cmp.Diff(want, show()); d != "" {
			t.Errorf("contact during its attempt (-want +got):\n%s", d)
		}
		_, err = ledger.Settle(t.Context(), monday, campaign.Settlement{
			Contact: id, Claim: 1, Outcome: call.OutcomeCompleted, Values: map[string]string{"answer": "confirmed"}, At: time.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
		want = fmt.Sprintf(`{"contacts":[{"id":%q,"number":"+12065550181","state":"ended","result":"completed",`+
			`"outcome":"completed","attempts":1,"call":"CALL","values":{"answer":"confirmed"}}]}`, id)
		if d := cmp.Diff(want, show()); d != "" {
			t.Errorf("contact after its attempt (-want +got):\n%s", d)
		}
	})
}

func TestCampaignsThatCannotBeShown(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		down   bool           // storage does not answer
		fails  tabletest.Kind // the operations that it does not answer, if down
		status int
		want   string // in the reply
	}{
		{name: "an unknown campaign", path: "/ca-unknown", status: 404, want: `There is no such campaign.`},
		{name: "the contacts of an unknown campaign", path: "/ca-unknown/contacts", status: 404, want: `There is no such campaign.`},
		{name: "an invalid id of a campaign", path: "/a%23b", status: 404, want: `There is no such campaign.`},
		{name: "an invalid page token", path: "/" + string(monday) + "/contacts?after=x", status: 400,
			want: `"errors":[{"field":"after","detail":"is not the next of another page"}]`},
		{name: "all campaigns when storage does not answer", path: "", fails: tabletest.KindList, down: true, status: 503},
		{name: "one campaign when storage does not answer", path: "/" + string(monday), fails: tabletest.KindGet, down: true, status: 503},
		{name: "contacts when storage does not answer", path: "/" + string(monday) + "/contacts",
			fails: tabletest.KindList, down: true, status: 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture()
			ask(t, f.Handler, http.MethodPost, campaignsPath, "monday", requestFor("+12065550181"))
			f.fail = func(_ int, op tabletest.Op) faulttest.Fault {
				if tt.down && op.Kind == tt.fails {
					return faulttest.FaultNotApplied
				}
				return faulttest.FaultNone
			}
			got := ask(t, f.Handler, http.MethodGet, campaignsPath+tt.path, "", "")
			if got.Code != tt.status || !strings.Contains(got.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d with %s", got.Code, got.Body, tt.status, tt.want)
			}
		})
	}
}
