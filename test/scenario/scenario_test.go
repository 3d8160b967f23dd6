package scenario

import (
	"strings"
	"testing"
	"testing/synctest"

	"switchboard/handler/store"
	"switchboard/handler/table/tabletest"
	"switchboard/test/acssim"
)

// TestAStoryThatFailsSaysWhere runs stories in a world where nobody answers.
func TestAStoryThatFailsSaysWhere(t *testing.T) {
	const head = "name ann +12065550100\nname desk 28:orgid:1\ncall one ann > desk: wait prompt\n"
	tests := []struct {
		name, lines, want string
	}{
		{"a call that nobody answers", "expect one state=ended within 40s",
			"story.txt:4: expect one state=ended within 40s: the exchange has not answered it, after 40s"},
		{"a telephone that does not ring", "expect rings ann=1 within 1s",
			"story.txt:4: expect rings ann=1 within 1s: ann rang 0 times, after 1s"},
		{"a caller who is not let in", "wait 1s\nexpect joins ann=1 within 1s",
			"story.txt:5: expect joins ann=1 within 1s: ann came in 0 times, after 1s"},
		{"an expectation without a bound of its own", "expect worklist=1", "story.txt:4: expect worklist=1: worklist is 0, after 2m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := &acssim.Server{Strict: true}
				defer sim.Close()
				w := World{ACS: sim, Calls: store.NewCalls(tabletest.NewMemory(), tabletest.NewMemory())}
				s, err := Parse("story.txt", []byte(head+tt.lines))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Run(t.Context(), w); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("err = %v, want %s", err, tt.want)
				}
			})
		})
	}
}
