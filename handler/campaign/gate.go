package campaign

// Rule names why the gate decided as it did.
type Rule string

// The rules, in the order in which they are asked.
const (
	NotRunning  Rule = "notRunning"  // the campaign is not dialled now
	OptedOut    Rule = "optedOut"    // whoever has the number does not want to be called
	BudgetSpent Rule = "budgetSpent" // there were as many attempts as there may be
	MayDial     Rule = "dial"
)

// Final reports whether a refusal by this rule is the last word on a contact.
func (r Rule) Final() bool { return r == OptedOut || r == BudgetSpent }

// Gate says whether a contact of the campaign may be dialled now. It is asked when
// a contact is claimed, and again before each request that could ring it.
func Gate(c Campaign, who Contact, n Number) Rule {
	switch {
	case c.State != Running:
		return NotRunning
	case len(n.OptOuts) > 0:
		return OptedOut
	case who.Spent >= who.Budget:
		return BudgetSpent
	default:
		return MayDial
	}
}
