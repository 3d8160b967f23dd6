package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/store/storetest"
)

// number is the n-th number of the tests.
func number(n int) string { return fmt.Sprintf("+1206555%04d", n) }

// people are telephones that all have the same script.
func people(n int, script ...manner) map[string][]manner {
	all := map[string][]manner{}
	for i := range n {
		all[number(i)] = script
	}
	return all
}

func TestWholeCampaign(t *testing.T) {
	tests := []struct {
		name     string
		script   []manner
		attempts int
		result   string
		rings    int
	}{
		{"who presses 1 was reached", []manner{pressesOne}, 3, "completed", 1},
		{"who opts out was reached", []manner{pressesNine}, 3, "completed", 1},
		{"who is busy is rung as often as may be", []manner{busyTone}, 3, "busy", 3},
		{"who was busy is rung again", []manner{busyTone, pressesOne}, 3, "completed", 2},
		{"who does not answer is rung as often as may be", []manner{silence}, 2, "noAnswer", 2},
		{"a number that nobody has is tried once", []manner{nobodys}, 3, "invalidNumber", 1},
		{"a request that comes too soon is made again", []manner{throttled, pressesOne}, 1, "completed", 1},
		{"a call that is too much for the line is no attempt", []manner{lineFull, lineFull, busyTone}, 1, "busy", 1},
		{"who is never heard of counts as rung", []manner{unheard}, 2, "unknown", 0},
		{"who was not heard of is rung again", []manner{unheard, pressesOne}, 2, "completed", 1},
		{"who answers though ACS does not was reached", []manner{unheardOne}, 2, "completed", 1},
		{"who answers when the call was given up is not rung again", []manner{unheardLate}, 1, "unknown", 1},
	}
	all := map[string][]manner{}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t, map[string][]manner{number(i): tt.script})
				c := w.order("notice", tt.attempts, desk)
				w.play(3 * time.Hour)
				rings := slices.Collect(maps.Values(w.telephones[number(i)].rings))
				if got := w.results(c)[number(i)]; got != tt.result || len(rings) != tt.rings {
					t.Errorf("result %q after %d rings, want %q after %d", got, len(rings), tt.result, tt.rings)
				}
			})
		})
		all[number(i)] = tt.script
	}
	t.Run("all of them in one campaign", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			delete(all, number(len(tests)-1)) // who answers late takes a place that is given away
			w := newTown(t, all)
			c := w.order("notice", 3, desk)
			w.play(4 * time.Hour)
			want := map[string]string{}
			for i, tt := range tests[:len(tests)-1] {
				want[number(i)] = tt.result
			}
			want[number(8)] = "unknown"
			if d := cmp.Diff(want, w.results(c)); d != "" {
				t.Errorf("results (-want +got):\n%s", d)
			}
		})
	})
}

func TestCampaignWhateverGoesWrong(t *testing.T) {
	everyMoment(t, 80, everyKind, func(t *testing.T, wrong fault) moments {
		w := newTown(t, map[string][]manner{number(1): {pressesNine}, number(2): {busyTone}})
		c := w.order("notice", 1, desk)
		w.fault = wrong
		w.play(time.Hour)
		for _, result := range w.results(c) {
			if wrong == (fault{}) && result == "unknown" {
				t.Errorf("results %v", w.results(c))
			}
		}
		return w.moments
	})
}

func TestAttemptThatIsHeldUpWhateverGoesWrong(t *testing.T) {
	everyMoment(t, 40, everyKind, func(t *testing.T, wrong fault) moments {
		w := newTown(t, map[string][]manner{number(1): {throttled, lineFull, nobodys}})
		w.order("notice", 1, desk)
		w.fault = wrong
		w.play(time.Hour)
		return w.moments
	})
}

// The call of an attempt may have been buried before the attempt was claimed: some
// process has listed it, and died.
func TestCallThatWasBuriedBeforeWhateverGoesWrong(t *testing.T) {
	everyMoment(t, 15, everyKind, func(t *testing.T, wrong fault) moments {
		w := newTown(t, people(1, pressesOne))
		id, dial := theDial(
			campaign.Campaign{ID: "notice", Lines: []string{desk}, Shards: 2}, campaign.NewContact(number(0), 1, time.Now()))
		if err := w.engines[0].bury(t.Context(), id, dial); err != nil {
			t.Fatal(err)
		}
		c := w.order("notice", 1, desk)
		w.background.Wait()
		w.moments, w.fault = moments{}, wrong
		w.everybody(func(e *instance) error { return e.Dial(t.Context()) })
		w.background.Wait()
		first := w.moments
		w.play(time.Hour)
		if got := w.results(c)[number(0)]; got != "completed" && got != "unknown" {
			t.Errorf("result %q", got)
		}
		return first
	})
}

func TestPlaceOfAnEndedCallIsGivenAwayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, people(9, pressesOne))
		c := w.order("notice", 1, desk)
		began := time.Now()
		w.everybody(func(e *instance) error { return e.Dial(t.Context()) }) // and no other round
		w.background.Wait()
		w.audit()
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
	play := func(t *testing.T, processes int, wrong fault) {
		synctest.Test(t, func(t *testing.T) {
			w := newTown(t, people(4, busyTone, pressesOne))
			for range processes - 1 {
				w.start()
			}
			c := w.order("notice", 2, desk)
			w.fault = wrong
			w.play(time.Hour)
			for number, result := range w.results(c) {
				if result != "completed" && wrong.moment == 0 {
					t.Errorf("%s: %q", number, result)
				}
			}
		})
	}
	for _, processes := range []int{2, 3} {
		t.Run(fmt.Sprintf("%d of them", processes), func(t *testing.T) { play(t, processes, fault{}) })
	}
	for moment := 1; moment < 300; moment += 13 {
		t.Run(fmt.Sprintf("and one of two dies at moment %d", moment), func(t *testing.T) {
			t.Parallel()
			play(t, 2, fault{crashBefore, moment})
		})
	}
}

func TestCampaignsShareNumbersAndALine(t *testing.T) {
	for _, processes := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d processes", processes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t, map[string][]manner{
					number(0): {pressesOne}, number(1): {busyTone}, number(2): {pressesNine}, number(3): {pressesOne},
				})
				if processes > 1 {
					w.start()
				}
				a, b := w.order("a", 1, desk), w.order("b", 1, desk)
				w.play(time.Hour)
				first, second := w.results(a), w.results(b)
				want := map[string]string{number(0): "completed", number(1): "busy", number(3): "completed"}
				optOuts := []string{first[number(2)], second[number(2)]}
				slices.Sort(optOuts)
				if d := cmp.Diff([]string{"completed", "optedOut"}, optOuts); d != "" {
					t.Errorf("who opted out (-want +got):\n%s", d)
				}
				delete(first, number(2))
				delete(second, number(2))
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
		w := newTown(t, people(4, pressesOne))
		w.order("notice", 1, desk, other)
		w.everybody(func(e *instance) error { return e.Dial(t.Context()) })
		for _, line := range []string{desk, other} {
			if l, err := w.ledger().Line(t.Context(), line); err != nil || len(l.Holders) != 2 {
				t.Errorf("line %+v, %v", l, err)
			}
		}
		w.play(time.Hour)
	})
}

func TestDialTellsWhatItCouldNotDo(t *testing.T) {
	inQuiet(t, "when nobody knows the campaigns", func(t *testing.T, q *quiet) {
		q.others.Fail = func(storetest.Op) storetest.Fault { return storetest.NotApplied }
		if err := q.Dial(t.Context()); !errors.Is(err, storetest.ErrNoAnswer) {
			t.Errorf("dial: %v", err)
		}
	})
	inQuiet(t, "and dials the other campaigns", func(t *testing.T, q *quiet) {
		q.order(t, "a", 1, number(1))
		q.order(t, "b", 1, number(2))
		q.others.Fail = func(op storetest.Op) storetest.Fault {
			if op.Kind == storetest.List && op.Query.Partition == "a|00" {
				return storetest.NotApplied
			}
			return storetest.None
		}
		if err := q.Dial(t.Context()); !errors.Is(err, storetest.ErrNoAnswer) {
			t.Errorf("dial: %v", err)
		}
		if got := q.verbs(); !slices.Equal(got, []call.Verb{call.Create}) {
			t.Errorf("asked %v", got)
		}
	})
}

func TestDialLeavesAloneWhatALaterVersionHasWritten(t *testing.T) {
	later := map[string]any{"schema": campaign.Schema + 1, "state": 7}
	for name, key := range map[string]func(campaign.Contact) store.Key{
		"a contact": func(c campaign.Contact) store.Key {
			return store.Key{Partition: "notice|00", Row: "c|" + string(c.ID)}
		},
		"a number": func(c campaign.Contact) store.Key { return store.Key{Partition: c.Number, Row: "number"} },
	} {
		inQuiet(t, name+", and dials the others", func(t *testing.T, q *quiet) {
			c := q.order(t, "notice", 1, number(1), number(2), number(3))
			for _, n := range []int{1, 2} { // whichever comes first
				k := key(theContact(t, q.Ledger, c, number(n)))
				if err := store.NewTable[map[string]any](q.others).Put(t.Context(), k, later); err != nil {
					t.Fatal(err)
				}
			}
			q.dials(t)
			if got := q.verbs(); !slices.Equal(got, createdOnce) {
				t.Errorf("asked %v", got)
			}
		})
	}
	inQuiet(t, "a line", func(t *testing.T, q *quiet) {
		q.order(t, "notice", 1, number(1))
		k := store.Key{Partition: desk, Row: "line"}
		if err := store.NewTable[map[string]any](q.others).Put(t.Context(), k, later); err != nil {
			t.Fatal(err)
		}
		before := q.others.Entities()
		q.dials(t)
		if d := cmp.Diff(before, q.others.Entities()); d != "" || q.verbs() != nil {
			t.Errorf("rows (-before +after):\n%s", d)
		}
	})
}

func TestBegin(t *testing.T) {
	inQuiet(t, "dials a campaign without waiting for the next round", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 1, number(1))
		q.order(t, "another", 1, number(2))
		q.Begin(t.Context(), c.ID)
		if got := q.verbs(); !slices.Equal(got, createdOnce) {
			t.Errorf("asked %v", got)
		}
	})
	inQuiet(t, "does nothing for a campaign that is not dialled", func(t *testing.T, q *quiet) {
		c := q.order(t, "notice", 1)
		q.dials(t)
		if done, err := q.Ledger.Campaign(t.Context(), c.ID); err != nil || done.State != campaign.Done {
			t.Errorf("campaign without contacts: %+v, %v", done, err)
		}
		before := q.others.Entities()
		q.Begin(t.Context(), c.ID)
		q.Begin(t.Context(), "nothing of the kind")
		q.background.Wait()
		if d := cmp.Diff(before, q.others.Entities()); d != "" {
			t.Errorf("rows (-before +after):\n%s", d)
		}
	})
}
