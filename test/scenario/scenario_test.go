package scenario

import (
	"strings"
	"testing"
	"testing/synctest"

	"switchboard/handler/store"
	"switchboard/handler/table/tabletest"
	"switchboard/test/acssim"
)

// TestAScenarioThatFailsNamesTheLine runs scenarios without a handler that would
// answer calls.
func TestAScenarioThatFailsNamesTheLine(t *testing.T) {
	const head = "name ann +12065550100\nname desk 28:orgid:1\ncall one ann > desk: wait prompt\n"
	tests := []struct {
		name, lines, want string
	}{
		{"a call that is not answered", "expect one state=ended within 40s",
			"scenario.txtar:4: expect one state=ended within 40s: the handler has not answered it, after 40s"},
		{"a telephone that does not ring", "expect rings ann=1 within 1s",
			"scenario.txtar:4: expect rings ann=1 within 1s: ann rang 0 times, after 1s"},
		{"a caller who does not join", "wait 1s\nexpect joins ann=1 within 1s",
			"scenario.txtar:5: expect joins ann=1 within 1s: ann joined 0 times, after 1s"},
		{"an expectation without a bound of its own", "expect worklist=1", "scenario.txtar:4: expect worklist=1: worklist is 0, after 2m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := &acssim.Server{Strict: true}
				defer sim.Close()
				e := Env{ACS: sim, Calls: store.NewCalls(tabletest.NewMemory(), tabletest.NewMemory())}
				s, err := Parse("scenario.txtar", []byte(head+tt.lines))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Run(t.Context(), e); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("err = %v, want %s", err, tt.want)
				}
			})
		})
	}
}
