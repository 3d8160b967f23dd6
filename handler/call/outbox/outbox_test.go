package outbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var t0 = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// describe returns each action with its send and its owner, in one line.
func describe(o Outbox) string {
	var actions []string
	for _, a := range o {
		owner := a.Owner
		if owner == "" {
			owner = "-"
		}
		actions = append(actions, fmt.Sprintf("%s %s %s", a.Verb, a.Ref, owner))
	}
	return strings.Join(actions, ", ")
}

// free returns an action that has no owner.
func free(op int, v Verb) Action { return Action{Ref: Ref{Op: op, Send: 1}, Verb: v} }

// waiting returns an action that has no owner and may be leased 5 s after t0.
func waiting(op int, v Verb) Action {
	a := free(op, v)
	a.NotBefore = t0.Add(5 * time.Second)
	return a
}

// held returns an action that the tests of Lease hold.
func held(op int, v Verb) Action {
	a := free(op, v)
	a.Target = "held"
	return a
}

// leased returns an action whose first lease ends at the given time after t0.
func leased(op int, v Verb, owner string, until time.Duration) Action {
	a := free(op, v)
	a.Owner, a.LeaseUntil, a.Leases, a.FirstSent = owner, t0.Add(until), 1, t0.Add(-time.Minute)
	return a
}

// leaseAll leases the actions to "new" at t0, for a minute.
func leaseAll(o Outbox) (resent []Ref) {
	return o.Lease("new", t0, func(a Action) bool { return a.Target == "held" },
		func(Verb) time.Time { return t0.Add(time.Minute) })
}

func TestLeaseKeepsTheOrderOfEachLane(t *testing.T) {
	tests := []struct {
		name    string
		pending Outbox
		want    string
	}{
		{"an empty outbox stays empty", nil, ""},
		{"all actions of a lane are leased together",
			Outbox{free(1, VerbPlay), free(2, VerbCancelMedia), free(3, VerbRecognize)},
			"play 1.1 new, cancelMedia 2.1 new, recognize 3.1 new"},
		{"actions of several lanes are leased together",
			Outbox{free(1, VerbPlay), free(2, VerbAdd), free(3, VerbHangUp), free(4, VerbStartRecording), free(5, VerbSettle)},
			"play 1.1 new, add 2.1 new, hangUp 3.1 new, startRecording 4.1 new, settle 5.1 new"},
		{"an action that must wait holds back those behind it in its lane",
			Outbox{free(1, VerbPlay), waiting(2, VerbCancelMedia), free(3, VerbRecognize)},
			"play 1.1 new, cancelMedia 2.1 -, recognize 3.1 -"},
		{"an action that must wait does not hold back other lanes",
			Outbox{waiting(1, VerbPlay), free(2, VerbAdd)},
			"play 1.1 -, add 2.1 new"},
		{"an action that another run has leased holds back those behind it in its lane",
			Outbox{leased(1, VerbSettle, "old", time.Second), free(2, VerbRelease)},
			"settle 1.1 old, release 2.1 -"},
		{"an action that another run has leased does not hold back other lanes",
			Outbox{leased(1, VerbSettle, "old", time.Second), free(2, VerbHangUp)},
			"settle 1.1 old, hangUp 2.1 new"},
		{"a lease of the same owner that has not ended holds back those behind it",
			Outbox{leased(1, VerbSettle, "new", time.Second), free(2, VerbRelease)},
			"settle 1.1 new, release 2.1 -"},
		{"an action behind one whose lease has ended is leased with it",
			Outbox{leased(1, VerbSettle, "old", 0), free(2, VerbRelease)},
			"settle 1.1 new, release 2.1 new"},
		{"a held action is not leased, and holds back those behind it in its lane",
			Outbox{free(1, VerbCheckParticipants), held(2, VerbCreate), free(3, VerbCheckParticipants)},
			"checkParticipants 1.1 new, create 2.1 -, checkParticipants 3.1 -"},
		{"a held action does not hold back other lanes",
			Outbox{held(1, VerbCreate), free(2, VerbBackOff)},
			"create 1.1 -, backOff 2.1 new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leaseAll(tt.pending)
			if got := describe(tt.pending); got != tt.want {
				t.Errorf("outbox = %s\n    want %s", got, tt.want)
			}
		})
	}
}

func TestLeaseAtTheEndOfAWait(t *testing.T) {
	o := Outbox{waiting(1, VerbPlay)}
	now := o[0].NotBefore.Add(900 * time.Millisecond)
	o.Lease("new", now, func(Action) bool { return false }, func(Verb) time.Time { return now.Add(time.Minute) })
	want := Outbox{{
		Ref: Ref{Op: 1, Send: 1}, Verb: VerbPlay, Owner: "new", LeaseUntil: now.Add(time.Minute), Leases: 1,
		FirstSent: t0.Add(5 * time.Second), // in whole seconds
	}}
	if d := cmp.Diff(want, o); d != "" {
		t.Errorf("outbox (-want +got):\n%s", d)
	}
}

func TestLeaseOfAnActionWhoseLeaseHasEnded(t *testing.T) {
	tests := []struct {
		name       string
		verb       Verb
		want       Action
		wantResent []Ref
	}{
		{"of the class Repeatable keeps its send and its pair", VerbAnswer, Action{
			Ref: Ref{Op: 1, Send: 1}, Leases: 2, FirstSent: t0.Add(-time.Minute),
		}, nil},
		{"of the class AtLeastOnce becomes a new send", VerbPlay, Action{
			Ref: Ref{Op: 1, Send: 2}, Leases: 1, FirstSent: t0, MaybeSent: true,
		}, []Ref{{Op: 1, Send: 2}}},
		{"of the class Local keeps its send", VerbSettle, Action{
			Ref: Ref{Op: 1, Send: 1}, Leases: 2, FirstSent: t0.Add(-time.Minute),
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Outbox{leased(1, tt.verb, "old", 0)}
			resent := leaseAll(o)
			tt.want.Verb, tt.want.Owner, tt.want.LeaseUntil = tt.verb, "new", t0.Add(time.Minute)
			if d := cmp.Diff(Outbox{tt.want}, o); d != "" {
				t.Errorf("outbox (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.wantResent, resent); d != "" {
				t.Errorf("resent (-want +got):\n%s", d)
			}
		})
	}
}

func TestLeasedReturnsTheOwnersActionsByLane(t *testing.T) {
	play, add, recognize := leased(1, VerbPlay, "a", 1), leased(2, VerbAdd, "a", 1), leased(3, VerbRecognize, "a", 1)
	o := Outbox{play, add, leased(4, VerbSettle, "b", 1), recognize, free(5, VerbHangUp)}
	want := map[Lane][]Action{LaneMedia: {play, recognize}, LaneParticipants: {add}}
	if d := cmp.Diff(want, o.Leased("a")); d != "" {
		t.Errorf("leased (-want +got):\n%s", d)
	}
}

func TestOwnsIsOfOneSendAndItsOwner(t *testing.T) {
	play := leased(1, VerbPlay, "a", 1)
	o := Outbox{play, free(2, VerbAdd)}
	tests := []struct {
		name   string
		owner  string
		action Action
		want   bool
	}{
		{"the owner owns its send", "a", play, true},
		{"another run does not", "b", play, false},
		{"an earlier send is not owned any more", "a", Action{Ref: Ref{Op: 1, Send: 0}}, false},
		{"an action without an owner is not owned", "a", o[1], false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := o.Owns(tt.owner, tt.action); got != tt.want {
				t.Errorf("Owns = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSendingIsTheFirstOfALaneWhileItsLeaseLasts(t *testing.T) {
	o := Outbox{
		leased(1, VerbPlay, "a", time.Second), leased(2, VerbRecognize, "a", time.Second),
		leased(3, VerbAdd, "a", 0), free(4, VerbHangUp),
	}
	// The second waits for the first, the lease of the third has ended, the fourth has none.
	want := []bool{true, false, false, false}
	for i := range o {
		if got := o.Sending(i, t0); got != want[i] {
			t.Errorf("Sending(%d) = %v, want %v: %s", i, got, want[i], describe(o[i:i+1]))
		}
	}
}

func TestUnleaseBehind(t *testing.T) {
	all := func() Outbox {
		return Outbox{
			leased(1, VerbPlay, "a", 1), leased(2, VerbAdd, "a", 1), leased(3, VerbCancelMedia, "a", 1),
			free(4, VerbRecognize), leased(5, VerbPlay, "a", 1),
		}
	}
	tests := []struct {
		name string
		i    int
		want string
	}{
		{"ends the leases behind the first action of the lane", 0,
			"play 1.1 a, add 2.1 a, cancelMedia 3.1 -, recognize 4.1 -, play 5.1 -"},
		{"keeps the leases before the action", 2,
			"play 1.1 a, add 2.1 a, cancelMedia 3.1 a, recognize 4.1 -, play 5.1 -"},
		{"keeps the leases of other lanes", 1,
			"play 1.1 a, add 2.1 a, cancelMedia 3.1 a, recognize 4.1 -, play 5.1 a"},
		{"does nothing behind the last action", 4,
			"play 1.1 a, add 2.1 a, cancelMedia 3.1 a, recognize 4.1 -, play 5.1 a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := all()
			o.UnleaseBehind(tt.i)
			if got := describe(o); got != tt.want {
				t.Errorf("outbox = %s\n    want %s", got, tt.want)
			}
		})
	}
}

func TestTimesAtWhichAnOutboxMustBeLookedAt(t *testing.T) {
	never := time.Duration(-1)
	tests := []struct {
		name      string
		pending   Outbox
		wake      time.Duration // after t0
		nextRetry time.Duration
	}{
		{"an empty outbox waits for no time", nil, never, never},
		{"an action that may be leased waits for no time", Outbox{free(1, VerbPlay)}, never, never},
		{"a lease ends", Outbox{leased(1, VerbPlay, "a", 3*time.Second)}, 3 * time.Second, never},
		{"a wait ends", Outbox{waiting(1, VerbPlay)}, 5 * time.Second, 5 * time.Second},
		{"the earliest time counts", Outbox{
			leased(1, VerbPlay, "a", 9*time.Second), waiting(2, VerbAdd), leased(3, VerbSettle, "a", 8*time.Second),
		}, 5 * time.Second, 5 * time.Second},
		{"a lease that ends before a wait wakes, but is no retry", Outbox{
			waiting(1, VerbAdd), leased(2, VerbPlay, "a", 4*time.Second),
		}, 4 * time.Second, 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after := func(at time.Time) time.Duration {
				if at.IsZero() {
					return never
				}
				return at.Sub(t0)
			}
			if got := after(tt.pending.Wake()); got != tt.wake {
				t.Errorf("Wake = %v, want %v", got, tt.wake)
			}
			if got := after(tt.pending.NextRetry()); got != tt.nextRetry {
				t.Errorf("NextRetry = %v, want %v", got, tt.nextRetry)
			}
		})
	}
}

func TestRemovalLeavesTheReceiverAsItWas(t *testing.T) {
	o := Outbox{free(1, VerbPlay), free(2, VerbAdd), free(3, VerbPlay)}
	const all = "play 1.1 -, add 2.1 -, play 3.1 -"
	tests := []struct {
		name string
		got  Outbox
		want string
	}{
		{"the send with the reference is removed", o.Without(Ref{Op: 2, Send: 1}), "play 1.1 -, play 3.1 -"},
		{"another send of the operation is not", o.Without(Ref{Op: 2, Send: 2}), all},
		{"all actions of the verb are removed", o.WithoutVerb(VerbPlay), "add 2.1 -"},
		{"a verb that is not pending removes nothing", o.WithoutVerb(VerbHangUp), all},
		{"the receiver keeps its actions", o, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := describe(tt.got); got != tt.want {
				t.Errorf("outbox = %s\n    want %s", got, tt.want)
			}
		})
	}
}

func TestIndexIsOfTheFirstMatch(t *testing.T) {
	o := Outbox{free(1, VerbPlay), free(2, VerbAdd), free(3, VerbPlay)}
	tests := []struct {
		name      string
		got, want int
	}{
		{"of a send", o.Index(Ref{Op: 2, Send: 1}), 1},
		{"of another send of the operation", o.Index(Ref{Op: 2, Send: 2}), -1},
		{"of a verb", o.IndexVerb(VerbPlay), 0},
		{"of a verb that is not pending", o.IndexVerb(VerbHangUp), -1},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("index %s = %d, want %d", tt.name, tt.got, tt.want)
		}
	}
	if !o.Has(VerbAdd) || o.Has(VerbHangUp) {
		t.Errorf("Has(add) = %v, Has(hangUp) = %v, want true and false", o.Has(VerbAdd), o.Has(VerbHangUp))
	}
}
