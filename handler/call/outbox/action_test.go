package outbox

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestResend(t *testing.T) {
	later := t0.Add(5 * time.Second)
	lease := func(leases int, maybeSent bool) Action {
		a := leased(1, VerbPlay, "a", time.Second)
		a.Leases, a.MaybeSent = leases, maybeSent
		return a
	}
	tests := []struct {
		name          string
		action        Action
		resend        func(Action, time.Time) Action
		wantMaybeSent bool
	}{
		{"after a refusal of the only request: none was performed", lease(1, false), Action.ResendRefused, false},
		{"after no response: the request may have been performed", lease(1, false), Action.ResendUnconfirmed, true},
		{"after a refusal of a repeat: the first request may have been performed", lease(2, false), Action.ResendRefused, true},
		{"after a refusal: an earlier send may have been performed", lease(1, true), Action.ResendRefused, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.resend(tt.action, later)
			want := Action{Ref: Ref{Op: 1, Send: 2}, Verb: VerbPlay, MaybeSent: tt.wantMaybeSent, NotBefore: later}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("action (-want +got):\n%s", d)
			}
			if got.Sent() != tt.wantMaybeSent || got.Repeated() != tt.wantMaybeSent {
				t.Errorf("Sent = %v, Repeated = %v, want %v", got.Sent(), got.Repeated(), tt.wantMaybeSent)
			}
		})
	}
}

func TestUnlease(t *testing.T) {
	once := leased(1, VerbAnswer, "a", time.Second)
	twice := once
	twice.Leases = 2
	tests := []struct {
		name   string
		action Action
		want   Action
	}{
		{"an action without an owner stays as it is", waiting(1, VerbAnswer), waiting(1, VerbAnswer)},
		{"the first lease is forgotten with its first send", once, free(1, VerbAnswer)},
		{"a further lease is forgotten, the first send is not", twice,
			Action{Ref: Ref{Op: 1, Send: 1}, Verb: VerbAnswer, Leases: 1, FirstSent: once.FirstSent}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.action.Unlease()); d != "" {
				t.Errorf("action (-want +got):\n%s", d)
			}
		})
	}
}

func TestLeasable(t *testing.T) {
	tests := []struct {
		name   string
		action Action
		want   bool
	}{
		{"an action without an owner is leasable", free(1, VerbPlay), true},
		{"one that must wait is not", waiting(1, VerbPlay), false},
		{"one with a lease that lasts is not", leased(1, VerbPlay, "a", time.Nanosecond), false},
		{"one whose lease ends now is", leased(1, VerbPlay, "a", 0), true},
	}
	for _, tt := range tests {
		if got := tt.action.Leasable(t0); got != tt.want {
			t.Errorf("%s: Leasable = %v, want %v", tt.name, got, tt.want)
		}
	}
}
