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

func TestCampaignsAreListedTheNewestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice()
		if got := ask(t, o.Handler, http.MethodGet, campaignsPath, "", ""); got.Body.String() != `{"campaigns":[]}` {
			t.Errorf("without campaigns: %d %s", got.Code, got.Body)
		}
		keys := []string{"c", "a", "d", "b"}
		for _, key := range keys {
			time.Sleep(time.Second)
			ask(t, o.Handler, http.MethodPost, campaignsPath, key, orderOf("+12065550181"))
		}
		var got struct{ Campaigns []Campaign }
		if err := json.Unmarshal(ask(t, o.Handler, http.MethodGet, campaignsPath, "", "").Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		var ids, want []campaign.ID
		for i := range got.Campaigns {
			ids = append(ids, got.Campaigns[i].ID)
			want = append(want, campaign.NewID("", keys[len(keys)-1-i]))
		}
		if d := cmp.Diff(want, ids); d != "" {
			t.Errorf("ids (-want +got):\n%s", d)
		}
	})
}

func TestACampaignIsShownWithItsCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice()
		ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", orderOf("+12065550181", "+12065550182"))
		got := ask(t, o.Handler, http.MethodGet, campaignsPath+"/"+string(monday), "", "")
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
	o := newOffice()
	numbers := manyNumbers(page*12 + 34)
	ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", orderOf(numbers...))
	left := map[string]bool{}
	for _, n := range numbers {
		left[n] = true
	}
	path := campaignsPath + "/" + string(monday) + "/contacts"
	for after, pages := "", 1; ; pages++ {
		reply := ask(t, o.Handler, http.MethodGet, path+"?after="+url.QueryEscape(after), "", "")
		var got struct {
			Contacts []Contact
			Next     string
		}
		if err := json.Unmarshal(reply.Body.Bytes(), &got); err != nil || reply.Code != http.StatusOK {
			t.Fatalf("%d %s: %v", reply.Code, reply.Body, err)
		}
		for _, c := range got.Contacts {
			if !left[c.Number] {
				t.Errorf("%s is there twice, or was not ordered", c.Number)
			}
			delete(left, c.Number)
		}
		if after = got.Next; after == "" {
			break
		}
		if len(got.Contacts) != page {
			t.Errorf("page %d has %d contacts", pages, len(got.Contacts))
		}
	}
	if len(left) > 0 {
		t.Errorf("%d contacts are on no page", len(left))
	}
}

func TestAContactIsShownWithWhatBecameOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice()
		ledger := o.Campaigns.(*store.Ledger)
		ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", orderOf("+12065550181"))
		c := o.campaign(t)
		due, err := ledger.Due(t.Context(), c, 0, time.Now(), 1)
		if err != nil || len(due) != 1 {
			t.Fatalf("due: %v, %v", due, err)
		}
		_, attempt, err := ledger.Claim(t.Context(), c, due[0], testLine, time.Now(), time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		show := func() string {
			reply := ask(t, o.Handler, http.MethodGet, campaignsPath+"/"+string(monday)+"/contacts", "", "")
			return strings.ReplaceAll(reply.Body.String(), string(attempt.Call), "CALL")
		}
		id := campaign.NewContactID("+12065550181")
		want := fmt.Sprintf(`{"contacts":[{"id":%q,"number":"+12065550181","state":"dialling","attempts":0,"call":"CALL",`+
			`"due":"2000-01-01T00:01:00Z"}]}`, id)
		if d := cmp.Diff(want, show()); d != "" {
			t.Errorf("while it is dialled (-want +got):\n%s", d)
		}
		err = ledger.Settle(t.Context(), monday, campaign.Settlement{
			Contact: id, Claim: 1, Outcome: call.OutcomeCompleted, Values: map[string]string{"answer": "confirmed"}, At: time.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
		want = fmt.Sprintf(`{"contacts":[{"id":%q,"number":"+12065550181","state":"ended","result":"completed",`+
			`"outcome":"completed","attempts":1,"call":"CALL","values":{"answer":"confirmed"}}]}`, id)
		if d := cmp.Diff(want, show()); d != "" {
			t.Errorf("afterwards (-want +got):\n%s", d)
		}
	})
}

func TestCampaignsThatCannotBeShown(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		fails  tabletest.Kind // what storage does not answer; 0 with down unset: all is well
		down   bool
		status int
		want   string // in the reply
	}{
		{name: "no such campaign", path: "/ca-nobody", status: 404, want: `There is no such campaign.`},
		{name: "its contacts", path: "/ca-nobody/contacts", status: 404, want: `There is no such campaign.`},
		{name: "what cannot be the id of one", path: "/a%23b", status: 404, want: `There is no such campaign.`},
		{name: "a token that no page gave", path: "/" + string(monday) + "/contacts?after=x", status: 400,
			want: `"errors":[{"field":"after","detail":"is not the next of another page"}]`},
		{name: "storage that does not answer, for all", path: "", fails: tabletest.List, down: true, status: 503},
		{name: "storage that does not answer, for one", path: "/" + string(monday), fails: tabletest.Get, down: true, status: 503},
		{name: "storage that does not answer, for contacts", path: "/" + string(monday) + "/contacts",
			fails: tabletest.List, down: true, status: 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice()
			ask(t, o.Handler, http.MethodPost, campaignsPath, "monday", orderOf("+12065550181"))
			o.fail = func(_ int, op tabletest.Op) faulttest.Fault {
				if tt.down && op.Kind == tt.fails {
					return faulttest.NotApplied
				}
				return faulttest.None
			}
			got := ask(t, o.Handler, http.MethodGet, campaignsPath+tt.path, "", "")
			if got.Code != tt.status || !strings.Contains(got.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d with %s", got.Code, got.Body, tt.status, tt.want)
			}
		})
	}
}
