package campaign

// Rule names why the gate decided as it did.
type Rule string

// The rules, in the order in which they are asked.
const (
	RuleNotRunning  Rule = "notRunning"  // the campaign is not dialled now
	RuleOptedOut    Rule = "optedOut"    // whoever has the number does not want to be called
	RuleBudgetSpent Rule = "budgetSpent" // there were as many attempts as there may be
	MayDial         Rule = "dial"
)

// Final reports whether a refusal by this rule is the last word on a contact.
func (r Rule) Final() bool { return r == RuleOptedOut || r == RuleBudgetSpent }

// Gate says whether a contact of the campaign may be dialled now. It is asked when
// a contact is claimed, and again before each request that could ring it.
func Gate(c Campaign, who Contact, n Number) Rule {
	switch {
	case c.State != StateRunning:
		return RuleNotRunning
	case len(n.OptOuts) > 0:
		return RuleOptedOut
	case who.Spent >= who.Budget:
		return RuleBudgetSpent
	default:
		return MayDial
	}
}
