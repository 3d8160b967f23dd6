package e2e

import (
	"fmt"
	"testing"

	"switchboard/handler/store"
	"switchboard/test/acssim"
)

// ways are what can go wrong with one request.
var ways = []struct {
	name string
	fate fate
	dies bool
}{
	{"the handler dies before", dieBefore, true},
	{"the handler dies after", dieAfter, true},
	{"nothing comes of", isLost, false},
	{"no answer comes to", answerLost, false},
}

// TestInboundWhenOneRequestGoesWrong lets each request to storage or ACS that
// the story makes the handler send go wrong, in every way there is.
func TestInboundWhenOneRequestGoesWrong(t *testing.T) {
	oneGoesWrong(t, "inbound.txt", func(request) bool { return true })
}

// TestRecordedWhenOneRequestToACSGoesWrong gives the handler the time to make
// good whatever went wrong.
func TestRecordedWhenOneRequestToACSGoesWrong(t *testing.T) {
	oneGoesWrong(t, "recorded.txt", func(r request) bool { return r.to == toACS })
}

func oneGoesWrong(t *testing.T, file string, which func(request) bool) {
	story := read(t, file)
	moments, runs := 0, 0
	for _, r := range play(t, story, &acssim.Server{Strict: true, Seed: 1}, conditions{}).requests {
		if !which(r) {
			continue
		}
		moments++
		for _, way := range ways {
			if !way.dies && r.what == "list "+store.TableLive {
				continue // the next sweep asks the same
			}
			runs++
			t.Run(fmt.Sprintf("%s request %d, %s", way.name, r.n, r.what), func(t *testing.T) {
				t.Parallel()
				play(t, story, &acssim.Server{Strict: true, Seed: 1}, conditions{fate: func(now request) fate {
					if now.n == r.n {
						return way.fate
					}
					return goesThrough
				}})
			})
		}
	}
	t.Logf("%d moments, %d ways to go wrong", moments, runs)
}
