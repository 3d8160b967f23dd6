package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// roundPrices are prices with which a cost can be computed by hand.
const roundPrices = `{"date":"2026-01-02","region":"here","currency":"USD","prices":{
	"onDemandTime":            {"price":0.00001,"per":1,"unit":"GB-s","documented":true,"source":"x"},
	"onDemandExecutions":      {"price":1,"per":1000,"unit":"executions","documented":true,"source":"x"},
	"onDemandTimeGrant":       {"amount":100000,"unit":"GB-s","documented":false,"source":"x"},
	"onDemandExecutionsGrant": {"amount":10000,"unit":"executions","documented":true,"source":"x"},
	"alwaysReadyBaseline":     {"price":0.000001,"per":1,"unit":"GB-s","documented":true,"source":"x"},
	"alwaysReadyTime":         {"price":0.000005,"per":1,"unit":"GB-s","documented":true,"source":"x"},
	"alwaysReadyExecutions":   {"price":2,"per":1000,"unit":"executions","documented":true,"source":"x"},
	"tableOperations":         {"price":1,"per":100,"unit":"operations","documented":true,"source":"x"},
	"queueOperations":         {"price":2,"per":100,"unit":"operations","documented":true,"source":"x"},
	"blobReads":               {"price":3,"per":100,"unit":"operations","documented":true,"source":"x"},
	"blobWrites":              {"price":5,"per":100,"unit":"operations","documented":true,"source":"x"},
	"blobOthers":              {"price":7,"per":100,"unit":"operations","documented":false,"source":"x"}}}`

func TestTheCostOfAMonth(t *testing.T) {
	p, err := parsePrices([]byte(roundPrices))
	if err != nil {
		t.Fatal(err)
	}
	// The sweep runs once a minute, and a call is followed by no timer: 43,800 executions of a second. The HTTP functions
	// execute all the time while they have calls: 40 executions of 1 s each second is e to the power of -40, which is 0.
	groups := map[string]groupRates{
		groupHTTP: {rates{4, 0}, rates{0.01, 0}, rates{4, 0}},
		"sweep":   {rates{0, 1.0 / 60}, rates{0, 0.01 / 60}, rates{0, 1.0 / 60}},
	}
	storage := map[kind]rates{
		kindTableRead: {1, 0}, kindTableWrite: {2, 0}, kindTableTransaction: {3, 0}, kindQueue: {4, 0},
		kindBlobRead: {5, 0}, kindBlobWrite: {6, 0}, kindBlobOther: {0, 1.0 / 3600},
	}
	const (
		hours = 100
		calls = hours * 3600 * 10 // ten a second: 3,600,000
	)
	tests := []struct {
		name  string
		calls float64
		ready map[string]int
		want  map[string]float64
	}{
		{"idle: 87,600 GB-s are below the grant, 33,800 executions above", 0, nil, map[string]float64{
			costTime: 0, costExecutions: 33.8, costBlobs: 51.1, // 730 operations
		}},
		{"idle with two instances ready, for another group: no grants", 0, map[string]int{groupHTTP: 2}, map[string]float64{
			costTime: 0.876, costExecutions: 43.8, costBaseline: 2 * 2 * 2.628, costBlobs: 51.1,
		}},
		{"calls: 360,000 s of HTTP and 43,800 s of the sweep are 807,600 GB-s", calls, nil, map[string]float64{
			costTime: 7.076, costExecutions: 14_433.8,
			costTables: 216_000, costQueues: 288_000, costBlobs: 540_000 + 1_080_000 + 51.1,
		}},
		{"calls on an instance that is ready", calls, map[string]int{groupHTTP: 1}, map[string]float64{
			costTime: 720_000*0.000005 + 0.876, costExecutions: 2*14_400 + 43.8, costBaseline: 5.256,
			costTables: 216_000, costQueues: 288_000, costBlobs: 540_000 + 1_080_000 + 51.1,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBill(groups, storage, tt.calls, hours, 2, tt.ready, p)
			var sum float64
			for _, name := range costNames {
				if d := cmp.Diff(tt.want[name], b.Costs[name], nearly); d != "" {
					t.Errorf("%s (-want +got):\n%s", name, d)
				}
				sum += tt.want[name]
			}
			if d := cmp.Diff(sum, b.Total, nearly); d != "" {
				t.Errorf("total (-want +got):\n%s", d)
			}
		})
	}
}

func TestAFileOfPricesIsReadStrictly(t *testing.T) {
	tests := []struct {
		name     string
		old, new string
		want     string // in the error
	}{
		{"all is there", "", "", ""},
		{"a price is missing", `"tableOperations"`, `"tableoperation"`, "tableoperation"},
		{"a member is unknown", `"date"`, `"extra":1,"date"`, "extra"},
		{"a price is 0", `"price":3,`, `"price":0,`, "blobReads"},
		{"a price is below 0", `"price":3,`, `"price":-3,`, "blobReads"},
		{"a price is for nothing", `"price":5,"per":100`, `"price":5`, "blobWrites"},
		{"a grant is 0", `"amount":10000,`, `"amount":0,`, "onDemandExecutionsGrant"},
		{"a source is missing", `"documented":false,"source":"x"}}}`, `"documented":false,"source":""}}}`, "blobOthers"},
		{"it does not say whether it is documented", `"documented":false,"source":"x"}}}`, `"source":"x"}}}`, "blobOthers"},
		{"the date is none", "2026-01-02", "January", "date"},
		{"no currency", `"USD"`, `""`, "currency"},
		{"it is not JSON", `{"date"`, `"date"`, "json"},
		{"something follows", `"x"}}}`, `"x"}}} {}`, "follows"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := roundPrices
			if tt.old != "" {
				if text = strings.Replace(roundPrices, tt.old, tt.new, 1); text == roundPrices {
					t.Fatalf("%s is not in the file", tt.old)
				}
			}
			p, err := parsePrices([]byte(text))
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want == "" && !cmp.Equal(p.undocumented(), []string{"blobOthers", "onDemandTimeGrant"}):
				t.Errorf("undocumented: %q", p.undocumented())
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestCountsWithoutWhatACostNeedsAreRefused(t *testing.T) {
	good := callsReport{
		Calls:   1,
		App:     figures{Seconds: 1, Handler: operations{kindQueue: {Operations: 1}}, Executions: map[string]executions{"api": {groupHTTP, 1, 1, 1}}},
		IdleApp: figures{Seconds: 60, Executions: map[string]executions{"sweep": {"sweep", 1, 1, 1}}},
	}
	tests := []struct {
		name   string
		change func(*callsReport)
		want   string
	}{
		{"all is there", func(*callsReport) {}, ""},
		{"no calls", func(r *callsReport) { r.Calls = 0 }, "no calls"},
		{"no executions", func(r *callsReport) { r.App.Executions = nil }, "no executions"},
		{"without proxies", func(r *callsReport) { r.Direct = true }, "-direct"},
		{"no operations", func(r *callsReport) { r.App.Handler = nil }, "-direct"},
		{"not idle", func(r *callsReport) { r.IdleApp = figures{} }, "-idle"},
		{"not idle for long", func(r *callsReport) { r.IdleApp.Seconds = 59 }, "-idle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := good
			tt.change(&r)
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			_, err = parseCounts(text)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := parseCounts([]byte(`{"calls":1,"extra":1}`)); err == nil || !strings.Contains(err.Error(), "extra") {
		t.Errorf("error %v, want one about an unknown member", err)
	}
}

func TestTheCostIsPrintedFromTheFilesInTheRepository(t *testing.T) {
	var out, notes strings.Builder
	e := environment{os.Getenv, strings.NewReader(""), &out, &notes}
	if err := run(t.Context(), []string{"cost", "-calls", "1e6", "-ready", "http=2"}, e); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1,000,000 calls", "ready (http=2)", "GB-s", "all, USD", "East US 2", "to be checked: alwaysReadyBaseline"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "NaN") || strings.Contains(out.String(), "Inf") {
		t.Errorf("not a number in\n%s", &out)
	}
}

func TestTheCostIsComputedFromOtherFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prices.json")
	if err := os.WriteFile(file, []byte(roundPrices), 0o644); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	e := environment{os.Getenv, strings.NewReader(string(defaultCounts)), &out, &out}
	if err := run(t.Context(), []string{"cost", "-counts", "-", "-prices", file, "-json"}, e); err != nil {
		t.Fatal(err)
	}
	var r costReport
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatal(err)
	}
	if r.PricesOf != "2026-01-02, here" || len(r.Bills) != 4 {
		t.Errorf("%d bills at prices of %s", len(r.Bills), r.PricesOf)
	}
	for _, b := range r.Bills {
		if b.Total <= 0 || len(b.Operations) != len(kinds) {
			t.Errorf("%s: total %g, operations %v", b.Name, b.Total, maps.Keys(b.Operations))
		}
	}
}

func TestNumbersAreGrouped(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1e6: "1,000,000", 123456.7: "123,457"} {
		if got := grouped(n); got != want {
			t.Errorf("%g is %s, want %s", n, got, want)
		}
	}
}
