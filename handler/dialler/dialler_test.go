package dialler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/faulttest"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/cluster"
)

// callees returns n numbers that all have the same scripts.
func callees(n int, script ...calleeScript) map[string][]calleeScript {
	all := map[string][]calleeScript{}
	for i := range n {
		all[cluster.Number(i)] = script
	}
	return all
}

func TestCampaignReachesItsResults(t *testing.T) {
	tests := []struct {
		name     string
		script   []calleeScript
		attempts int
		result   string
		rings    int
	}{
		{"a callee who presses 1 is reached", []calleeScript{calleePressesOne}, 3, "completed", 1},
		{"a callee who opts out is reached", []calleeScript{calleePressesNine}, 3, "completed", 1},
		{"a busy callee is rung within the budget", []calleeScript{calleeBusy}, 3, "busy", 3},
		{"a busy callee is rung again", []calleeScript{calleeBusy, calleePressesOne}, 3, "completed", 2},
		{"a callee who does not answer is rung within the budget", []calleeScript{calleeSilent}, 2, "noAnswer", 2},
		{"an invalid number is tried once", []calleeScript{calleeInvalidNumber}, 3, "invalidNumber", 1},
		{"a throttled request is repeated", []calleeScript{calleeThrottled, calleePressesOne}, 1, "completed", 1},
		{"a call above the line's limit is no attempt", []calleeScript{calleeLineFull, calleeLineFull, calleeBusy}, 1, "busy", 1},
		{"an attempt without any report counts", []calleeScript{calleeNoResponse}, 2, "unknown", 0},
		{"an attempt without any report is followed by another one", []calleeScript{calleeNoResponse, calleePressesOne}, 2, "completed", 1},
		{"a callee who answers without a response of ACS is reached", []calleeScript{calleeNoResponseAnswers}, 2, "completed", 1},
		{"a callee who answers too late is not rung again", []calleeScript{calleeNoResponseAnswersLate}, 1, "unknown", 1},
	}
	all := map[string][]calleeScript{}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newDialSim(t, map[string][]calleeScript{cluster.Number(i): tt.script})
				c := s.startCampaign("notice", tt.attempts, cluster.Line)
				s.run(3 * time.Hour)
				rings := slices.Collect(maps.Values(s.telephones[cluster.Number(i)].rings))
				if got := s.results(c)[cluster.Number(i)]; got != tt.result || len(rings) != tt.rings {
					t.Errorf("result %q after %d rings, want %q after %d", got, len(rings), tt.result, tt.rings)
				}
			})
		})
		all[cluster.Number(i)] = tt.script
	}
	t.Run("all of them in one campaign", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			delete(all, cluster.Number(len(tests)-1)) // the late call takes a place that was released
			s := newDialSim(t, all)
			c := s.startCampaign("notice", 3, cluster.Line)
			s.run(4 * time.Hour)
			want := map[string]string{}
			for i, tt := range tests[:len(tests)-1] {
				want[cluster.Number(i)] = tt.result
			}
			want[cluster.Number(8)] = "unknown"
			if d := cmp.Diff(want, s.results(c)); d != "" {
				t.Errorf("results (-want +got):\n%s", d)
			}
		})
	})
}

func TestCampaignEndsUnderEveryFault(t *testing.T) {
	cluster.ForEachFaultPoint(t, 80, cluster.AllFaults, func(t *testing.T, fault cluster.Fault) cluster.FaultPoints {
		s := newDialSim(t, map[string][]calleeScript{cluster.Number(1): {calleePressesNine}, cluster.Number(2): {calleeBusy}})
		c := s.startCampaign("notice", 1, cluster.Line)
		s.Fault = fault
		s.run(time.Hour)
		for _, result := range s.results(c) {
			if fault == (cluster.Fault{}) && result == "unknown" {
				t.Errorf("results %v without a fault, want none unknown", s.results(c))
			}
		}
		return s.Points
	})
}

func TestThrottledAttemptEndsUnderEveryFault(t *testing.T) {
	cluster.ForEachFaultPoint(t, 40, cluster.AllFaults, func(t *testing.T, fault cluster.Fault) cluster.FaultPoints {
		s := newDialSim(t, map[string][]calleeScript{cluster.Number(1): {calleeThrottled, calleeLineFull, calleeInvalidNumber}})
		s.startCampaign("notice", 1, cluster.Line)
		s.Fault = fault
		s.run(time.Hour)
		return s.Points
	})
}

// The call of an attempt may have a tombstone before the attempt is claimed: a process has scheduled it, and
// crashed.
func TestAttemptWhoseCallHasATombstoneEndsUnderEveryFault(t *testing.T) {
	cluster.ForEachFaultPoint(t, 15, cluster.AllFaults, func(t *testing.T, fault cluster.Fault) cluster.FaultPoints {
		s := newDialSim(t, callees(1, calleePressesOne))
		planned := campaign.Campaign{ID: "notice", Lines: []string{cluster.Line}, Shards: 2}
		id, dial := cluster.NextDial(planned, campaign.NewContact(cluster.Number(0), 1, time.Now()))
		if err := s.Instances[0].Tombstone(t.Context(), id, dial); err != nil {
			t.Fatal(err)
		}
		c := s.startCampaign("notice", 1, cluster.Line)
		s.Background.Wait()
		s.Points, s.Fault = cluster.FaultPoints{}, fault
		s.dialRound()
		s.Background.Wait()
		first := s.Points
		s.run(time.Hour)
		if got := s.results(c)[cluster.Number(0)]; got != "completed" && got != "unknown" {
			t.Errorf("result %q, want completed or unknown", got)
		}
		return first
	})
}

func TestPlaceOfAnEndedCallIsRefilledAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSim(t, callees(9, calleePressesOne))
		c := s.startCampaign("notice", 1, cluster.Line)
		began := time.Now()
		s.dialRound() // the only round
		s.Background.Wait()
		s.checkInvariants()
		// Two calls at the same time, each of less than 6 s.
		if took := time.Since(began); took > 5*6*time.Second {
			t.Errorf("it took %v, want at most 30 s", took)
		}
		for number, result := range s.results(c) {
			if result != "completed" {
				t.Errorf("%s: result %q, want completed", number, result)
			}
		}
	})
}

func TestInstancesDialOneCampaign(t *testing.T) {
	run := func(t *testing.T, instances int, fault cluster.Fault) {
		synctest.Test(t, func(t *testing.T) {
			s := newDialSim(t, callees(4, calleeBusy, calleePressesOne))
			for range instances - 1 {
				s.Start()
			}
			c := s.startCampaign("notice", 2, cluster.Line)
			s.Fault = fault
			s.run(time.Hour)
			for number, result := range s.results(c) {
				if result != "completed" && fault.Point == 0 {
					t.Errorf("%s: result %q, want completed", number, result)
				}
			}
		})
	}
	for _, instances := range []int{2, 3} {
		t.Run(fmt.Sprintf("%d of them", instances), func(t *testing.T) { run(t, instances, cluster.Fault{}) })
	}
	for point := 1; point < 300; point += 13 {
		t.Run(fmt.Sprintf("and one of two crashes at point %d", point), func(t *testing.T) {
			t.Parallel()
			run(t, 2, cluster.Fault{Kind: cluster.FaultCrashBefore, Point: point})
		})
	}
}

func TestCampaignsShareNumbersAndALine(t *testing.T) {
	for _, instances := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d instances", instances), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newDialSim(t, map[string][]calleeScript{
					cluster.Number(0): {calleePressesOne}, cluster.Number(1): {calleeBusy},
					cluster.Number(2): {calleePressesNine}, cluster.Number(3): {calleePressesOne},
				})
				if instances > 1 {
					s.Start()
				}
				a, b := s.startCampaign("a", 1, cluster.Line), s.startCampaign("b", 1, cluster.Line)
				s.run(time.Hour)
				first, second := s.results(a), s.results(b)
				want := map[string]string{
					cluster.Number(0): "completed", cluster.Number(1): "busy", cluster.Number(3): "completed",
				}
				optOuts := []string{first[cluster.Number(2)], second[cluster.Number(2)]}
				slices.Sort(optOuts)
				if d := cmp.Diff([]string{"completed", "optedOut"}, optOuts); d != "" {
					t.Errorf("results of the callee who opts out (-want +got):\n%s", d)
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
		s := newDialSim(t, callees(4, calleePressesOne))
		s.startCampaign("notice", 1, cluster.Line, other)
		s.dialRound()
		for _, line := range []string{cluster.Line, other} {
			if l, err := s.ledger().Line(t.Context(), line); err != nil || len(l.Holders) != 2 {
				t.Errorf("line %+v, error %v, want 2 holders", l, err)
			}
		}
		s.run(time.Hour)
	})
}

func TestDialReturnsTheErrorsOfStorage(t *testing.T) {
	cluster.Run(t, "when campaigns cannot be listed", func(t *testing.T, h *cluster.Harness) {
		h.OtherRows.Fail = func(tabletest.Op) faulttest.Fault { return faulttest.FaultNotApplied }
		if err := h.Dial(t.Context()); !errors.Is(err, faulttest.ErrNoAnswer) {
			t.Errorf("dial: %v, want %v", err, faulttest.ErrNoAnswer)
		}
	})
	cluster.Run(t, "of one campaign, and dials the others", func(t *testing.T, h *cluster.Harness) {
		h.StartCampaign(t, "a", 1, cluster.Number(1))
		h.StartCampaign(t, "b", 1, cluster.Number(2))
		h.OtherRows.Fail = func(op tabletest.Op) faulttest.Fault {
			if op.Kind == tabletest.KindList && op.Query.Partition == "a|00" {
				return faulttest.FaultNotApplied
			}
			return faulttest.FaultNone
		}
		h.DialCampaign(t.Context(), "a")
		h.WantSent(t)
		h.DialCampaign(t.Context(), "b")
		h.WantSent(t, outbox.VerbCreate)
	})
}

func TestTheTimerSendsAMessageForEachRunningCampaign(t *testing.T) {
	cluster.Run(t, "and dials none itself", func(t *testing.T, h *cluster.Harness) {
		h.StartCampaign(t, "a", 1, cluster.Number(1))
		h.StartCampaign(t, "b", 1, cluster.Number(2))
		if err := h.Dial(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.WantSent(t)
		h.WantRounds(t, "a", "b")
	})
	cluster.Run(t, "and dials a campaign itself whose message cannot be sent", func(t *testing.T, h *cluster.Harness) {
		h.StartCampaign(t, "a", 1, cluster.Number(1))
		h.Engine.Queue = brokenQueue{}
		if err := h.Dial(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.WantSent(t, outbox.VerbCreate)
	})
	cluster.Run(t, "and a round announces the next one, when a contact comes due", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "a", 2, cluster.Number(1))
		id := h.Contact(t, c).NextCall(c.ID)
		h.DialRound(t)
		h.WantSent(t, outbox.VerbCreate)
		h.ApplyTo(t, id, call.Event{Body: call.CreateCallFailed{}, Result: call.Result{Code: 429}}) // it does not count
		h.Background.Wait()
		h.WantRounds(t, "a")
	})
}

// brokenQueue is a queue that takes no message.
type brokenQueue struct{}

func (brokenQueue) Send(context.Context, string, time.Duration) error { return faulttest.ErrNoAnswer }

func TestDialDoesNotTouchRowsOfALaterVersion(t *testing.T) {
	later := map[string]any{"schema": campaign.Schema + 1, "state": 7}
	for name, key := range map[string]func(campaign.Contact) table.Key{
		"a contact": func(c campaign.Contact) table.Key {
			return table.Key{Partition: "notice|00", Row: "c|" + string(c.ID)}
		},
		"a number": func(c campaign.Contact) table.Key { return table.Key{Partition: c.Number, Row: "number"} },
	} {
		cluster.Run(t, name+", and dials the others", func(t *testing.T, h *cluster.Harness) {
			c := h.StartCampaign(t, "notice", 1, cluster.Number(1), cluster.Number(2), cluster.Number(3))
			for _, n := range []int{1, 2} { // of three, in any order
				k := key(cluster.LoadContact(t, h.Ledger, c, cluster.Number(n)))
				if err := table.NewTable[map[string]any](h.OtherRows).Put(t.Context(), k, later); err != nil {
					t.Fatal(err)
				}
			}
			h.DialRound(t)
			h.WantSent(t, outbox.VerbCreate)
		})
	}
	cluster.Run(t, "a line", func(t *testing.T, h *cluster.Harness) {
		h.StartCampaign(t, "notice", 1, cluster.Number(1))
		k := table.Key{Partition: cluster.Line, Row: "line"}
		if err := table.NewTable[map[string]any](h.OtherRows).Put(t.Context(), k, later); err != nil {
			t.Fatal(err)
		}
		before := h.OtherRows.Entities()
		h.DialRound(t)
		if d := cmp.Diff(before, h.OtherRows.Entities()); d != "" {
			t.Errorf("rows (-before +after):\n%s", d)
		}
		h.WantSent(t)
	})
}

func TestRowsThatCannotBeReadDoNotStopTheOthers(t *testing.T) {
	unreadable := map[string]any{"schema": campaign.Schema, "state": 7, "contacts": "many", "calls": "none", "spent": "x", "call": 7}
	put := func(t *testing.T, h *cluster.Harness, k table.Key) {
		t.Helper()
		row := table.Entity{Key: k, Doc: cluster.Must(json.Marshal(unreadable)), Columns: map[string]any{"State": string(campaign.StateRunning)}}
		if _, err := h.OtherRows.Apply(t.Context(), table.Write{Kind: table.WritePut, Entity: row}); err != nil {
			t.Fatal(err)
		}
	}
	for name, key := range map[string]func(campaign.Contact) table.Key{
		"contacts": func(c campaign.Contact) table.Key {
			return table.Key{Partition: "notice|00", Row: "c|" + string(c.ID)}
		},
		"numbers": func(c campaign.Contact) table.Key { return table.Key{Partition: c.Number, Row: "number"} },
	} {
		cluster.Run(t, name, func(t *testing.T, h *cluster.Harness) {
			var numbers []string
			for n := range 8 {
				numbers = append(numbers, cluster.Number(n+1))
			}
			c := h.StartCampaign(t, "notice", 1, numbers...)
			for _, number := range numbers[:7] { // more than may fail before a partition is given up
				put(t, h, key(cluster.LoadContact(t, h.Ledger, c, number)))
			}
			h.DialRound(t)
			h.WantSent(t, outbox.VerbCreate)
		})
	}
	cluster.Run(t, "a campaign", func(t *testing.T, h *cluster.Harness) {
		h.StartCampaign(t, "notice", 1, cluster.Number(1))
		put(t, h, table.Key{Partition: "campaign", Row: "c|another"})
		h.DialRound(t)
		h.WantSent(t, outbox.VerbCreate)
	})
}

func TestBegin(t *testing.T) {
	cluster.Run(t, "dials a campaign without waiting for the next round", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1, cluster.Number(1))
		h.StartCampaign(t, "another", 1, cluster.Number(2))
		h.Begin(t.Context(), c.ID)
		h.WantSent(t, outbox.VerbCreate)
	})
	cluster.Run(t, "does nothing for a campaign that is done, or does not exist", func(t *testing.T, h *cluster.Harness) {
		c := h.StartCampaign(t, "notice", 1)
		h.DialRound(t)
		if done, err := h.Ledger.Campaign(t.Context(), c.ID); err != nil || done.State != campaign.StateDone {
			t.Errorf("campaign without contacts: %+v, error %v, want it %s", done, err, campaign.StateDone)
		}
		before := h.OtherRows.Entities()
		h.Begin(t.Context(), c.ID)
		h.Begin(t.Context(), "no such campaign")
		h.Background.Wait()
		if d := cmp.Diff(before, h.OtherRows.Entities()); d != "" {
			t.Errorf("rows (-before +after):\n%s", d)
		}
	})
}
