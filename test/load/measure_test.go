package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"switchboard/test/acssim"
	"switchboard/test/scenario"
)

// stub is an application without a process, which answers requests of the simulator as a
// function says.
type stub struct {
	network *network
	fault   error // of every call
}

func (s stub) telephones() *network                                  { return s.network }
func (s stub) usage() (usage, error)                                 { return usage{}, nil }
func (s stub) settle(context.Context) error                          { return nil }
func (s stub) verify(context.Context, acssim.CallInfo) error         { return s.fault }
func (s stub) lastWords() string                                     { return "" }
func (s stub) work() (operations, operations, map[string]executions) { return nil, nil, nil }

// startStub starts an application that consents to Event Grid's events and answers
// everything else with a status.
func startStub(t *testing.T, status int) stub {
	t.Helper()
	n := newNetwork(100, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var events []struct {
			Data struct{ ValidationCode string }
		}
		if err == nil && json.Unmarshal(body, &events) == nil && len(events) == 1 && events[0].Data.ValidationCode != "" {
			_ = json.NewEncoder(w).Encode(map[string]string{"validationResponse": events[0].Data.ValidationCode})
			return
		}
		w.WriteHeader(status)
	}))
	n.sim.EventGridURL = server.URL + "/api/incomingCall"
	t.Cleanup(func() {
		n.sim.Close()
		server.Close()
	})
	return stub{network: n}
}

func TestCallsThatAreNotAnsweredFailTheRun(t *testing.T) {
	a := startStub(t, http.StatusOK)
	_, err := inbound{3, 2}.measure(t.Context(), a, scenario.Line)
	if want := "ended without the agent, and 2 other faults"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

func TestCallsEndWithTheRun(t *testing.T) {
	a := startStub(t, http.StatusOK)
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	time.AfterFunc(10*time.Millisecond, func() { cancel(interrupted) })
	if _, err := (inbound{1000, 2}).measure(ctx, a, scenario.Line); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestCallsAreVerified(t *testing.T) {
	ended := time.Now()
	with := []acssim.Presence{{RawID: "4:+12065550100"}, {RawID: agentID}}
	tests := []struct {
		name  string
		info  acssim.CallInfo
		fault error // what the application has noted
		want  string
	}{
		{"it ended with the agent", acssim.CallInfo{EndedAt: ended, Participants: with}, nil, ""},
		{"it has not ended", acssim.CallInfo{Participants: with}, nil, "has not ended"},
		{"the agent was not in it", acssim.CallInfo{EndedAt: ended, Participants: with[:1]}, nil, "without the agent"},
		{"the application knows another end", acssim.CallInfo{EndedAt: ended, Participants: with}, errors.New("is failed"), "is failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := verifyCall(t.Context(), stub{fault: tt.fault}, tt.info)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestTheFirstOfManyFaultsIsReportedWithTheirNumber(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	for _, tt := range []struct {
		faults []error
		want   string
	}{
		{[]error{nil, nil}, ""},
		{[]error{nil, two}, "two"},
		{[]error{one, nil, two, two}, "one, and 2 other faults"},
	} {
		got := ""
		if err := firstOf(tt.faults); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
