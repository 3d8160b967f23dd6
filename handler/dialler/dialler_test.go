package dialler_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/cluster"
)

// people are telephones that all have the same script.
func callees(n int, script ...calleeScript) map[string][]calleeScript {
	all := map[string][]calleeScript{}
	for i := range n {
		all[cluster.Number(i)] = script
	}
	return all
}

func TestWholeCampaign(t *testing.T) {
	tests := []struct {
		name     string
		script   []calleeScript
		attempts int
		result   string
		rings    int
	}{
		{"who presses 1 was reached", []calleeScript{pressesOne}, 3, "completed", 1},
		{"who opts out was reached", []calleeScript{pressesNine}, 3, "completed", 1},
		{"who is busy is rung as often as may be", []calleeScript{busyTone}, 3, "busy", 3},
		{"who was busy is rung again", []calleeScript{busyTone, pressesOne}, 3, "completed", 2},
		{"who does not answer is rung as often as may be", []calleeScript{silence}, 2, "noAnswer", 2},
		{"a number that nobody has is tried once", []calleeScript{invalidNumber}, 3, "invalidNumber", 1},
		{"a request that comes too soon is made again", []calleeScript{throttled, pressesOne}, 1, "completed", 1},
		{"a call that is too much for the line is no attempt", []calleeScript{lineFull, lineFull, busyTone}, 1, "busy", 1},
		{"who is never heard of counts as rung", []calleeScript{noResponse}, 2, "unknown", 0},
		{"who was not heard of is rung again", []calleeScript{noResponse, pressesOne}, 2, "completed", 1},
		{"who answers though ACS does not was reached", []calleeScript{noResponseAnswers}, 2, "completed", 1},
		{"who answers when the call was given up is not rung again", []calleeScript{noResponseAnswersLate}, 1, "unknown", 1},
	}
	all := map[string][]calleeScript{}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newDialSim(t, map[string][]calleeScript{cluster.Number(i): tt.script})
				c := w.order("notice", tt.attempts, cluster.Line)
				w.play(3 * time.Hour)
				rings := slices.Collect(maps.Values(w.telephones[cluster.Number(i)].rings))
				if got := w.results(c)[cluster.Number(i)]; got != tt.result || len(rings) != tt.rings {
					t.Errorf("result %q after %d rings, want %q after %d", got, len(rings), tt.result, tt.rings)
				}
			})
		})
		all[cluster.Number(i)] = tt.script
	}
	t.Run("all of them in one campaign", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			delete(all, cluster.Number(len(tests)-1)) // who answers late takes a place that is given away
			w := newDialSim(t, all)
			c := w.order("notice", 3, cluster.Line)
			w.play(4 * time.Hour)
			want := map[string]string{}
			for i, tt := range tests[:len(tests)-1] {
				want[cluster.Number(i)] = tt.result
			}
			want[cluster.Number(8)] = "unknown"
			if d := cmp.Diff(want, w.results(c)); d != "" {
				t.Errorf("results (-want +got):\n%s", d)
			}
		})
	})
}

func TestCampaignWhateverGoesWrong(t *testing.T) {
	cluster.ForEachFaultPoint(t, 80, cluster.AllFaults, func(t *testing.T, wrong cluster.Fault) cluster.FaultPoints {
		w := newDialSim(t, map[string][]calleeScript{cluster.Number(1): {pressesNine}, cluster.Number(2): {busyTone}})
		c := w.order("notice", 1, cluster.Line)
		w.Fault = wrong
		w.play(time.Hour)
		for _, result := range w.results(c) {
			if wrong == (cluster.Fault{}) && result == "unknown" {
				t.Errorf("results %v", w.results(c))
			}
		}
		return w.Points
	})
}

func TestAttemptThatIsHeldUpWhateverGoesWrong(t *testing.T) {
	cluster.ForEachFaultPoint(t, 40, cluster.AllFaults, func(t *testing.T, wrong cluster.Fault) cluster.FaultPoints {
		w := newDialSim(t, map[string][]calleeScript{cluster.Number(1): {throttled, lineFull, invalidNumber}})
		w.order("notice", 1, cluster.Line)
		w.Fault = wrong
		w.play(time.Hour)
		return w.Points
	})
}

// The call of an attempt may have been buried before the attempt was claimed: some
// process has listed it, and died.
func TestCallThatWasBuriedBeforeWhateverGoesWrong(t *testing.T) {
	cluster.ForEachFaultPoint(t, 15, cluster.AllFaults, func(t *testing.T, wrong cluster.Fault) cluster.FaultPoints {
		w := newDialSim(t, callees(1, pressesOne))
		id, dial := cluster.NextDial(
			campaign.Campaign{ID: "notice", Lines: []string{cluster.Line}, Shards: 2}, campaign.NewContact(cluster.Number(0), 1, time.Now()))
		if err := w.Instances[0].Tombstone(t.Context(), id, dial); err != nil {
			t.Fatal(err)
		}
		c := w.order("notice", 1, cluster.Line)
		w.Background.Wait()
		w.Points, w.Fault = cluster.FaultPoints{}, wrong
		w.ForEach(func(e *cluster.Instance) error { return e.Dial(t.Context()) })
		w.Background.Wait()
		first := w.Points
		w.play(time.Hour)
		if got := w.results(c)[cluster.Number(0)]; got != "completed" && got != "unknown" {
			t.Errorf("result %q", got)
		}
		return first
	})
}

func TestPlaceOfAnEndedCallIsGivenAwayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDialSim(t, callees(9, pressesOne))
		c := w.order("notice", 1, cluster.Line)
		began := time.Now()
		w.ForEach(func(e *cluster.Instance) error { return e.Dial(t.Context()) }) // and no other round
		w.Background.Wait()
		w.checkInvariants()
		// Two calls at once, each of less than 6 s.
		if took := time.Since(began); took > 5*6*time.Second {
			t.Errorf("it took %v", took)
		}
		for number, result := range w.results(c) {
			if result != "completed" {
				t.Errorf("%s: %q", number, result)
			}
		}
	})
}

func TestProcessesDialTogether(t *testing.T) {
	play := func(t *testing.T, processes int, wrong cluster.Fault) {
		synctest.Test(t, func(t *testing.T) {
			w := newDialSim(t, callees(4, busyTone, pressesOne))
			for range processes - 1 {
				w.Start()
			}
			c := w.order("notice", 2, cluster.Line)
			w.Fault = wrong
			w.play(time.Hour)
			for number, result := range w.results(c) {
				if result != "completed" && wrong.Point == 0 {
					t.Errorf("%s: %q", number, result)
				}
			}
		})
	}
	for _, processes := range []int{2, 3} {
		t.Run(fmt.Sprintf("%d of them", processes), func(t *testing.T) { play(t, processes, cluster.Fault{}) })
	}
	for moment := 1; moment < 300; moment += 13 {
		t.Run(fmt.Sprintf("and one of two dies at moment %d", moment), func(t *testing.T) {
			t.Parallel()
			play(t, 2, cluster.Fault{Kind: cluster.CrashBefore, Point: moment})
		})
	}
}

func TestCampaignsShareNumbersAndALine(t *testing.T) {
	for _, processes := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d processes", processes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newDialSim(t, map[string][]calleeScript{
					cluster.Number(0): {pressesOne}, cluster.Number(1): {busyTone}, cluster.Number(2): {pressesNine}, cluster.Number(3): {pressesOne},
				})
				if processes > 1 {
					w.Start()
				}
				a, b := w.order("a", 1, cluster.Line), w.order("b", 1, cluster.Line)
				w.play(time.Hour)
				first, second := w.results(a), w.results(b)
				want := map[string]string{cluster.Number(0): "completed", cluster.Number(1): "busy", cluster.Number(3): "completed"}
				optOuts := []string{first[cluster.Number(2)], second[cluster.Number(2)]}
				slices.Sort(optOuts)
				if d := cmp.Diff([]string{"completed", "optedOut"}, optOuts); d != "" {
					t.Errorf("who opted out (-want +got):\n%s", d)
				}
				delete(first, cluster.Number(2))
				delete(second, cluster.Number(2))
				if d := cmp.Diff([]map[string]string{want, want}, []map[string]string{first, second}); d != "" {
					t.Errorf("results (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestCampaignWithTwoLinesUsesBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const other = "28:orgid:22222222-2222-3333-4444-555555555555"
		w := newDialSim(t, callees(4, pressesOne))
		w.order("notice", 1, cluster.Line, other)
		w.ForEach(func(e *cluster.Instance) error { return e.Dial(t.Context()) })
		for _, line := range []string{cluster.Line, other} {
			if l, err := w.ledger().Line(t.Context(), line); err != nil || len(l.Holders) != 2 {
				t.Errorf("line %+v, %v", l, err)
			}
		}
		w.play(time.Hour)
	})
}

func TestDialTellsWhatItCouldNotDo(t *testing.T) {
	cluster.Run(t, "when nobody knows the campaigns", func(t *testing.T, q *cluster.Harness) {
		q.OtherRows.Fail = func(tabletest.Op) faulttest.Fault { return faulttest.NotApplied }
		if err := q.Dial(t.Context()); !errors.Is(err, faulttest.ErrNoAnswer) {
			t.Errorf("dial: %v", err)
		}
	})
	cluster.Run(t, "and dials the other campaigns", func(t *testing.T, q *cluster.Harness) {
		q.StartCampaign(t, "a", 1, cluster.Number(1))
		q.StartCampaign(t, "b", 1, cluster.Number(2))
		q.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Kind == tabletest.List && op.Query.Partition == "a|00" {
				return faulttest.NotApplied
			}
			return faulttest.None
		}
		if err := q.Dial(t.Context()); !errors.Is(err, faulttest.ErrNoAnswer) {
			t.Errorf("dial: %v", err)
		}
		if got := q.SentVerbs(); !slices.Equal(got, []outbox.Verb{outbox.VerbCreate}) {
			t.Errorf("asked %v", got)
		}
	})
}

func TestDialLeavesAloneWhatALaterVersionHasWritten(t *testing.T) {
	later := map[string]any{"schema": campaign.Schema + 1, "state": 7}
	for name, key := range map[string]func(campaign.Contact) table.Key{
		"a contact": func(c campaign.Contact) table.Key {
			return table.Key{Partition: "notice|00", Row: "c|" + string(c.ID)}
		},
		"a number": func(c campaign.Contact) table.Key { return table.Key{Partition: c.Number, Row: "number"} },
	} {
		cluster.Run(t, name+", and dials the others", func(t *testing.T, q *cluster.Harness) {
			c := q.StartCampaign(t, "notice", 1, cluster.Number(1), cluster.Number(2), cluster.Number(3))
			for _, n := range []int{1, 2} { // whichever comes first
				k := key(cluster.LoadContact(t, q.Ledger, c, cluster.Number(n)))
				if err := table.NewTable[map[string]any](q.OtherRows).Put(t.Context(), k, later); err != nil {
					t.Fatal(err)
				}
			}
			q.DialRound(t)
			if got := q.SentVerbs(); !slices.Equal(got, createdOnce) {
				t.Errorf("asked %v", got)
			}
		})
	}
	cluster.Run(t, "a line", func(t *testing.T, q *cluster.Harness) {
		q.StartCampaign(t, "notice", 1, cluster.Number(1))
		k := table.Key{Partition: cluster.Line, Row: "line"}
		if err := table.NewTable[map[string]any](q.OtherRows).Put(t.Context(), k, later); err != nil {
			t.Fatal(err)
		}
		before := q.OtherRows.Entities()
		q.DialRound(t)
		if d := cmp.Diff(before, q.OtherRows.Entities()); d != "" || q.SentVerbs() != nil {
			t.Errorf("rows (-before +after):\n%s", d)
		}
	})
}

func TestBegin(t *testing.T) {
	cluster.Run(t, "dials a campaign without waiting for the next round", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1, cluster.Number(1))
		q.StartCampaign(t, "another", 1, cluster.Number(2))
		q.Begin(t.Context(), c.ID)
		if got := q.SentVerbs(); !slices.Equal(got, createdOnce) {
			t.Errorf("asked %v", got)
		}
	})
	cluster.Run(t, "does nothing for a campaign that is not dialled", func(t *testing.T, q *cluster.Harness) {
		c := q.StartCampaign(t, "notice", 1)
		q.DialRound(t)
		if done, err := q.Ledger.Campaign(t.Context(), c.ID); err != nil || done.State != campaign.StateDone {
			t.Errorf("campaign without contacts: %+v, %v", done, err)
		}
		before := q.OtherRows.Entities()
		q.Begin(t.Context(), c.ID)
		q.Begin(t.Context(), "nothing of the kind")
		q.Background.Wait()
		if d := cmp.Diff(before, q.OtherRows.Entities()); d != "" {
			t.Errorf("rows (-before +after):\n%s", d)
		}
	})
}
