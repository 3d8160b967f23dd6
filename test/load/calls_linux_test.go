package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"switchboard/test"
	"switchboard/test/nodejs"
	"switchboard/test/scenario"
)

// needsNode skips the test where there is no Node.js, and with -short.
func needsNode(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts Node.js")
	}
	if _, err := nodejs.Install(t.Context(), test.NodePackages, nil); errors.Is(err, nodejs.ErrNoNode) {
		t.Skip(err)
	}
}

// TestTheSmallestRunFillsEveryColumn runs two calls through the built handler, on funcsim and on real storage, and two
// through the sample.
func TestTheSmallestRunFillsEveryColumn(t *testing.T) {
	needsNode(t)
	onFuncsim := func(string) string { return "" }
	var out, notes strings.Builder
	e := environment{onFuncsim, strings.NewReader(""), &out, &notes}
	args := []string{"calls", "-n", "2", "-at", "1", "-rounds", "2", "-speed", "20", "-idle", "1s", "-json"}
	if err := run(t.Context(), args, e); err != nil {
		t.Fatalf("%v\n%s", err, &notes)
	}
	var r callsReport
	if err := decodeStrictly([]byte(out.String()), &r); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if r.Calls != 2 || r.AtATime != 1 || r.Direct {
		t.Errorf("%d calls, %d at a time, direct %t", r.Calls, r.AtATime, r.Direct)
	}
	mustBeFilledReport(t, r)
	if _, err := parseCounts([]byte(out.String())); err == nil || !strings.Contains(err.Error(), "-idle") {
		t.Errorf("as counts for a cost: error %v, want only that the app was idle for too short a time", err)
	}
	mustPrint(t, r.print, "ratio", "CPU per callback", "most resident memory", "p99", "table transaction", "recording", "The idle app")
}

// mustBeFilledReport fails the test for each part of a report that has no figure.
func mustBeFilledReport(t *testing.T, r callsReport) {
	t.Helper()
	for name, part := range map[string]any{"about": r.About, "ratios": r.Ratios} {
		mustBeFilled(t, name, part, "Commit") // there need be no git
	}
	mustBeFilled(t, "app", r.App)
	mustBeFilled(t, "sample", r.Sample, "Handler", "Host", "Executions") // it has no storage and no host
	if idle := r.IdleApp; idle.Seconds < 1 || idle.PeakBytes == 0 || idle.Callbacks > 0 {
		t.Errorf("idle app: %+v", idle)
	}
	for _, k := range []kind{kindTableRead, kindTableWrite, kindTableTransaction, kindBlobWrite} {
		if c := r.App.Handler[k]; c.Operations == 0 || c.Sent+c.Received == 0 {
			t.Errorf("%s of the handler: %+v", k, c)
		}
	}
	if r.App.Host[kindQueue].Operations == 0 {
		t.Error("the host has received no message")
	}
	for _, function := range []string{"incomingcall", "callbacks", "recording"} {
		if x := r.App.Executions[function]; x.Count == 0 || x.BilledSeconds < float64(x.Count) {
			t.Errorf("%s: %+v", function, x)
		}
	}
}

// mustPrint fails the test for each text that is not in what print prints.
func mustPrint(t *testing.T, print func(io.Writer) error, texts ...string) {
	t.Helper()
	var table strings.Builder
	if err := print(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range texts {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, &table)
		}
	}
}

func TestTheSmallestCampaignFillsEveryColumn(t *testing.T) {
	needsNode(t)
	onFuncsim := func(string) string { return "" }
	var out, notes strings.Builder
	e := environment{onFuncsim, strings.NewReader(""), &out, &notes}
	if err := run(t.Context(), []string{"campaign", "-n", "3", "-places", "2", "-json"}, e); err != nil {
		t.Fatalf("%v\n%s", err, &notes)
	}
	var r campaignReport
	if err := decodeStrictly([]byte(out.String()), &r); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if r.Attempts != 3 || r.Places != 2 || r.Direct {
		t.Errorf("%d attempts, %d places, direct %t", r.Attempts, r.Places, r.Direct)
	}
	mustBeFilled(t, "app", r.App)
	mustPrint(t, r.print, "CPU per attempt", "operations per attempt", "executions per attempt")
}

// mustBeFilled fails the test for each field of a struct that has no value, except those that are named.
func mustBeFilled(t *testing.T, name string, part any, except ...string) {
	t.Helper()
	text, err := json.Marshal(part)
	if err != nil {
		t.Fatal(err) // not a number
	}
	v := reflect.ValueOf(part)
	for i := range v.NumField() {
		field := v.Type().Field(i).Name
		if v.Field(i).IsZero() && !strings.Contains(" "+strings.Join(except, " ")+" ", " "+field+" ") {
			t.Errorf("%s: %s has no value in %s", name, field, text)
		}
	}
}

func TestAnInterruptedRunLeavesNoSampleBehind(t *testing.T) {
	needsNode(t)
	ctx, cancel := context.WithCancel(t.Context())
	n := newNetwork(1, 10)
	s, err := startSample(ctx, n, agentID, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for requests, _ := n.done(); requests["AnswerCall"] == 0; requests, _ = n.done() {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	if _, err := (inbound{5, 1}).measure(ctx, s, scenario.Line); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	s.close()
	if u, err := s.usage(); err == nil {
		t.Errorf("the process is still there, and has used %+v", u)
	}
	if words := s.lastWords(); words != "" {
		t.Errorf("it was not in order:%s", words)
	}
}
