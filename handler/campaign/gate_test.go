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
		want     Verdict
		final    bool
	}{
		{"a contact with attempts left is allowed", running, fresh, free, Verdict{Allowed: true}, false},
		{"a draft dials no contact", draft, fresh, free, Verdict{Rule: RuleNotRunning}, false},
		{"a campaign that is done dials no contact", finished, fresh, free, Verdict{Rule: RuleNotRunning}, false},
		{"a number that has opted out is refused for good", running, fresh, optedOut, Verdict{Rule: RuleOptedOut}, true},
		{"a contact without attempts left is refused for good", running, spent, free, Verdict{Rule: RuleBudgetSpent}, true},
		{"a campaign that is not running refuses no contact for good", draft, spent, optedOut,
			Verdict{Rule: RuleNotRunning}, false},
		{"a reserved number is allowed: Reserve refuses it", running, fresh, Number{Call: "out-1"},
			Verdict{Allowed: true}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Gate(tt.campaign, tt.contact, tt.number)
			if got != tt.want || got.Final() != tt.final {
				t.Errorf("%+v, final %v; want %+v, %v", got, got.Final(), tt.want, tt.final)
			}
		})
	}
}
