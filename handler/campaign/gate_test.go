package campaign

import "testing"

func TestGate(t *testing.T) {
	running, draft, finished := Campaign{State: StateRunning}, Campaign{State: StateDraft}, Campaign{State: StateDone}
	fresh, spent := Contact{Budget: 2, Spent: 1}, Contact{Budget: 2, Spent: 2}
	free, optedOut := Number{}, Number{OptOuts: []OptOut{{At: t0, Call: "out-1"}}}
	tests := []struct {
		name     string
		campaign Campaign
		contact  Contact
		number   Number
		want     Rule
		final    bool
	}{
		{"a contact with attempts left is dialled", running, fresh, free, MayDial, false},
		{"nobody is dialled before the start", draft, fresh, free, RuleNotRunning, false},
		{"nobody is dialled after the end", finished, fresh, free, RuleNotRunning, false},
		{"nobody is dialled who does not want to be, ever", running, fresh, optedOut, RuleOptedOut, true},
		{"nobody is dialled more often than they may be", running, spent, free, RuleBudgetSpent, true},
		{"a campaign that does not run decides nothing for good", draft, spent, optedOut, RuleNotRunning, false},
		{"whether a number is being dialled is for its reservation to say", running, fresh, Number{Call: "out-1"},
			MayDial, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Gate(tt.campaign, tt.contact, tt.number)
			if got != tt.want || got.Final() != tt.final {
				t.Errorf("%s, final %v; want %s, %v", got, got.Final(), tt.want, tt.final)
			}
		})
	}
}
