package campaign

import (
	"fmt"
	"testing"
	"time"
)

var t0 = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func TestCampaignStartAndFinish(t *testing.T) {
	draft := Campaign{ID: "c1", State: StateDraft, Contacts: 2}
	running := draft.Start(t0)
	finished := running.Finish(2, t0.Add(time.Hour))
	tests := []struct {
		name              string
		got               Campaign
		state             State
		started, finished time.Time
	}{
		{"a draft is started", running, StateRunning, t0, time.Time{}},
		{"a second start changes nothing", running.Start(t0.Add(time.Minute)), StateRunning, t0, time.Time{}},
		{"a draft is not finished", draft.Finish(2, t0), StateDraft, time.Time{}, time.Time{}},
		{"it runs while a contact has not ended", running.Finish(1, t0), StateRunning, t0, time.Time{}},
		{"it is done when all contacts have ended", finished, StateDone, t0, t0.Add(time.Hour)},
		{"a second end changes nothing", finished.Finish(2, t0.Add(2*time.Hour)), StateDone, t0, t0.Add(time.Hour)},
		{"a campaign that is done is not started", finished.Start(t0.Add(2 * time.Hour)), StateDone, t0, t0.Add(time.Hour)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got.State != tt.state || !tt.got.Started.Equal(tt.started) || !tt.got.Finished.Equal(tt.finished) {
				t.Errorf("it is %s, started %v, finished %v, want %s, %v, %v",
					tt.got.State, tt.got.Started, tt.got.Finished, tt.state, tt.started, tt.finished)
			}
		})
	}
}

func TestShards(t *testing.T) {
	for contacts, want := range map[int]int{
		0: 1, 1: 1, 500: 1, 501: 2, 1000: 2, 7500: 15, 7501: 16, 8001: 16, 1_000_000: 16,
	} {
		if got := Shards(contacts); got != want {
			t.Errorf("%d contacts are spread over %d partitions, want %d", contacts, got, want)
		}
	}
}

func TestContactsAreSpreadOverAllShards(t *testing.T) {
	const contacts = 4000
	for _, shards := range []int{1, 3, 16} {
		in := make([]int, shards)
		for n := range contacts {
			id := NewContactID(fmt.Sprintf("+1206555%04d", n))
			in[id.Shard(shards)]++
		}
		for shard, n := range in {
			if even := contacts / shards; n < even/2 || n > even*2 {
				t.Errorf("%d of %d contacts in shard %d of %d, want about %d", n, contacts, shard, shards, even)
			}
		}
	}
}

func TestContactIDDependsOnTheNumberAlone(t *testing.T) {
	id := NewContactID("+12065550100")
	if id != NewContactID("+12065550100") {
		t.Errorf("one number has the ids %s and %s, want one", id, NewContactID("+12065550100"))
	}
	if id == NewContactID("+12065550101") {
		t.Errorf("two numbers have the id %s, want two", id)
	}
	if len(id) != 32 {
		t.Errorf("id = %s, want 32 characters", id)
	}
}
