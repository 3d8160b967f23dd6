package campaign

// Counters count the contacts of one partition. They are a row of that partition, so that they
// are written in one transaction with the contacts.
type Counters struct {
	Contacts int            `json:"contacts"`
	Waiting  int            `json:"waiting"`
	Dialling int            `json:"dialling"`
	Ended    int            `json:"ended"`
	Attempts int            `json:"attempts"`          // attempts that counted
	Results  map[string]int `json:"results,omitempty"` // contacts that have ended, by Contact.Result
}

// Result returns why the contact has ended: the rule by which the gate refused it, or else the
// outcome of its last attempt that counted. It is empty if the contact has not ended.
func (c Contact) Result() string {
	switch {
	case c.State != ContactEnded:
		return ""
	case c.Refused != "":
		return string(c.Refused)
	default:
		return string(c.Outcome)
	}
}

// Replace returns n with the contact counted as after instead of as before. Before is nil for a
// new contact.
func (n Counters) Replace(before *Contact, after Contact) Counters {
	results := map[string]int{}
	for result, count := range n.Results {
		results[result] = count
	}
	n.Results = results
	if before == nil {
		n.Contacts++
	} else {
		n.count(*before, -1)
	}
	n.count(after, 1)
	return n
}

// count adds delta for one contact.
func (n *Counters) count(c Contact, delta int) {
	n.Attempts += delta * c.Spent
	switch c.State {
	case ContactWaiting:
		n.Waiting += delta
	case ContactDialling:
		n.Dialling += delta
	case ContactEnded:
		n.Ended += delta
		n.Results[c.Result()] += delta
	}
}

// Plus returns the sum of n and m, the counters of another partition.
func (n Counters) Plus(m Counters) Counters {
	results := map[string]int{}
	for _, counts := range []map[string]int{n.Results, m.Results} {
		for result, count := range counts {
			results[result] += count
		}
	}
	return Counters{
		Contacts: n.Contacts + m.Contacts,
		Waiting:  n.Waiting + m.Waiting,
		Dialling: n.Dialling + m.Dialling,
		Ended:    n.Ended + m.Ended,
		Attempts: n.Attempts + m.Attempts,
		Results:  results,
	}
}
