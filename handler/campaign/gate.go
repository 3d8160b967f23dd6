package campaign

// Rule names why the gate refused a contact.
type Rule string

// The rules, in the order in which the gate applies them.
const (
	RuleNotRunning  Rule = "notRunning"  // the campaign is not running
	RuleOptedOut    Rule = "optedOut"    // the number has opted out of all campaigns
	RuleBudgetSpent Rule = "budgetSpent" // the contact has no attempts left
)

// Final reports whether a refusal by this rule ends the contact for good.
func (r Rule) Final() bool { return r == RuleOptedOut || r == RuleBudgetSpent }

// Verdict is the gate's answer for one contact.
type Verdict struct {
	Allowed bool // the contact may be dialled now
	Rule    Rule // the rule that refused it; empty if it is allowed
}

// Final reports whether the contact is refused for good.
func (v Verdict) Final() bool { return v.Rule.Final() }

// Gate checks whether a contact of the campaign may be dialled now. The dialler calls it
// before it claims the contact, and the engine again before each further request that
// could ring it.
func Gate(c Campaign, contact Contact, n Number) Verdict {
	switch {
	case c.State != StateRunning:
		return Verdict{Rule: RuleNotRunning}
	case len(n.OptOuts) > 0:
		return Verdict{Rule: RuleOptedOut}
	case contact.Spent >= contact.Budget:
		return Verdict{Rule: RuleBudgetSpent}
	default:
		return Verdict{Allowed: true}
	}
}
