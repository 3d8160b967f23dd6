package main

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var nearly = cmpopts.EquateApprox(1e-9, 1e-9)

func TestAMonthOfAGroup(t *testing.T) {
	// 36,500 calls in 365 hours are one in 36 s. With a call billed for 36 s times ln 2, half of an instance's time is
	// billed: exp(-ln 2) of it is idle.
	calls := groupRates{
		executions: rates{perCall: 15},
		seconds:    rates{perCall: 0.5},
		billed:     rates{perCall: 36 * math.Ln2},
	}
	// A timer that fires once a minute and is billed for a second.
	timer := groupRates{
		executions: rates{perSecond: 1.0 / 60},
		seconds:    rates{perSecond: 0.02 / 60},
		billed:     rates{perSecond: 1.0 / 60},
	}
	busyHour := 3600 * (1 - 59.0/60*0.5) // a group with both, in an hour with calls
	busy := calls
	busy.seconds.perCall = 36 * 2 * perInstance // 32 executions at a time, on two instances
	endless := groupRates{billed: rates{perSecond: 3}}
	tests := []struct {
		name         string
		group        groupRates
		calls, hours float64
		want         work
	}{
		{"calls in half of the hours", calls, 36_500, 365, work{547_500, 3600 * 365 * 0.5, 36_500 * 36 * math.Ln2}},
		{"no calls", calls, 0, 730, work{}},
		{"a timer", timer, 0, 730, work{43_800, 43_800, 43_800}},
		{"a timer is idle in all hours", timer, 36_500, 365, work{43_800, 43_800, 43_800}},
		{"a group with both", calls.plus(timer), 36_500, 365, work{
			547_500 + 43_800, busyHour*365 + 365*60, 36_500*36*math.Ln2 + 43_800,
		}},
		{
			"calls on two instances", busy, 36_500, 365,
			work{547_500, 3600 * 365 * 2 * (1 - math.Sqrt(0.5)), 36_500 * 36 * math.Ln2},
		},
		{"a timer that never pauses", endless, 0, 730, work{0, monthSeconds, 3 * monthSeconds}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.group.month(tt.calls, tt.hours)
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(work{}), nearly); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestWhatTheIdleAppDoesIsNotTheCallsOwn(t *testing.T) {
	r := callsReport{
		Calls: 10,
		App: figures{
			Seconds: 20,
			Handler: operations{kindTableRead: {Operations: 160}, kindQueue: {Operations: 1}},
			Host:    operations{kindQueue: {Operations: 24}},
			Executions: map[string]executions{
				"callbacks": {groupHTTP, 150, 3, 150},
				"api":       {groupHTTP, 10, 1, 10},
				"sweep":     {"sweep", 4, 8, 8},
			},
		},
		IdleApp: figures{
			Seconds: 60,
			Handler: operations{kindTableRead: {Operations: 180}},
			Host:    operations{kindQueue: {Operations: 60}},
			Executions: map[string]executions{
				"sweep":    {"sweep", 6, 0.6, 6},
				"outbound": {"outbound", 3, 0.3, 3},
			},
		},
	}
	// Of the 20 s with calls, a third of an idle minute is not the calls' own.
	wantGroups := map[string]groupRates{
		groupHTTP: {rates{16, 0}, rates{0.4, 0}, rates{16, 0}},
		"sweep": {
			rates{(4 - 2) / 10.0, 6 / 60.0},
			rates{(8 - 0.2) / 10, 0.6 / 60},
			rates{(8 - 2) / 10.0, 6 / 60.0},
		},
		"outbound": {rates{0, 3 / 60.0}, rates{0, 0.3 / 60}, rates{0, 3 / 60.0}},
	}
	unexported := cmp.AllowUnexported(groupRates{}, rates{})
	if d := cmp.Diff(wantGroups, r.groupsOf(), unexported, nearly); d != "" {
		t.Errorf("groups (-want +got):\n%s", d)
	}
	wantStorage := map[kind]rates{
		kindTableRead: {(160 - 60) / 10.0, 3},
		kindQueue:     {(25 - 20) / 10.0, 1},
	}
	for _, k := range kinds {
		if d := cmp.Diff(wantStorage[k], r.storageOf()[k], unexported, nearly); d != "" {
			t.Errorf("%s (-want +got):\n%s", k, d)
		}
	}
}
