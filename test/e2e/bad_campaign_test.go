package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"switchboard/handler/campaign"
	"switchboard/test/acssim"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
	"switchboard/test/scenario"
)

func TestCampaignsThatTheBuiltHandlerRefuses(t *testing.T) {
	t.Parallel()
	onFuncsim.refusedCampaigns(t)
}

func TestCampaignsThatTheHandlerRefusesUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).refusedCampaigns(t)
}

// badCampaign is a request for a campaign, and how it is refused.
type badCampaign struct {
	name   string
	key    string
	from   string // the part of a valid request that is replaced
	to     string // the replacement
	status int
	field  string // the field that the problem document names
}

// validKey is the Idempotency-Key with which the scenario creates its campaign.
const validKey = "scenario-appointments"

// refusedCampaigns sends requests for campaigns that are refused, before and after a
// valid one: the handler writes nothing for them, and the valid one is dialled once.
func (h host) refusedCampaigns(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, &faultproxy.Hook{}, nil)
	valid := string(readScenario(t, "campaign.txtar").Document("appointments.json"))
	for _, bad := range []badCampaign{
		{name: "a malformed number", key: "k1", from: "+12065550183", to: "0206 5550183", status: 400, field: "contacts.1.number"},
		{name: "no Idempotency-Key", status: 400, field: "Idempotency-Key"},
		{name: "an unknown line", key: "k2", from: scenario.Line, to: "28:orgid:00000000-0000-4000-8000-000000000000", status: 400, field: "lines.0"},
		{name: "an unknown flow", key: "k3", from: `"notice"`, to: `"no-such-flow"`, status: 400, field: "flow"},
		{name: "no JSON", key: "k4", from: "{", to: "", status: 400, field: "$"},
	} {
		t.Run(bad.name, func(t *testing.T) { bad.send(t, r, valid) })
	}
	runOnRig(t, r, log, "campaign.txtar")
	t.Run("the key of another request", func(t *testing.T) {
		badCampaign{key: validKey, from: `"attempts": 1`, to: `"attempts": 2`, status: 422}.send(t, r, valid)
	})
	t.Run("the same request again is the same campaign", func(t *testing.T) {
		status, body := post(t, r, validKey, valid)
		all, err := r.Env.Ledger.Campaigns(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%d campaigns, %v, want one", len(all), err)
		}
		if status != http.StatusCreated || !strings.Contains(body, string(all[0].ID)) {
			t.Errorf("answered %d %s, want the campaign %s", status, body, all[0].ID)
		}
		if err := r.Env.Verify(t.Context(), scenario.Result{Campaigns: []scenario.Named[campaign.ID]{{ID: all[0].ID}}}); err != nil {
			t.Errorf("%v\n\n%s", err, log)
		}
	})
	log.mustHaveNoWarnings(t)
}

// send sends the request, and checks the reply and that the handler has written nothing.
func (b badCampaign) send(t *testing.T, r *rig.Rig, valid string) {
	before := len(r.Hook.Seen())
	status, body := post(t, r, b.key, strings.Replace(valid, b.from, b.to, 1))
	var problem struct {
		Title  string
		Status int
		Detail string
		Errors []struct{ Field, Detail string }
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if status != b.status || problem.Status != b.status || problem.Title == "" || problem.Detail == "" {
		t.Errorf("answered %d %s, want %d", status, body, b.status)
	}
	if b.field != "" && (len(problem.Errors) != 1 || problem.Errors[0].Field != b.field || problem.Errors[0].Detail == "") {
		t.Errorf("the faults are %+v, want one of %s", problem.Errors, b.field)
	}
	for _, q := range r.Hook.Seen()[before:] {
		if counts(q.Method, q.Path) && q.Method != http.MethodGet {
			t.Errorf("the handler sent %s %s, want no write", q.Method, q.Path)
		}
	}
}

// post sends a request for a campaign, and checks that the reply is JSON or a problem
// document.
func post(t *testing.T, r *rig.Rig, key, document string) (status int, body string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.Env.URL+"/api/v1/campaigns", strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if key != "" {
		q.Header.Set("Idempotency-Key", key)
	}
	reply, err := r.Env.Host.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := "application/json"
	if reply.StatusCode >= 400 {
		want = "application/problem+json"
	}
	if kind := reply.Header.Get("Content-Type"); kind != want {
		t.Errorf("the reply %s is of type %q, want %s", text, kind, want)
	}
	return reply.StatusCode, string(text)
}
