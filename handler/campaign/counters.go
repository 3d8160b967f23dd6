package campaign

// Counters count the contacts of one partition, in the partition, so that they are
// written together with what they count.
type Counters struct {
	Contacts int            `json:"contacts"`
	Waiting  int            `json:"waiting"`
	Dialling int            `json:"dialling"`
	Ended    int            `json:"ended"`
	Attempts int            `json:"attempts"`          // that counted
	Results  map[string]int `json:"results,omitempty"` // contacts that are over, by outcome or by the gate's rule
}

// Result is why a contact that is over is so: the outcome of its last attempt that
// counted, or the rule by which it was refused. Empty: it is not over.
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

// Moved counts a contact that was one thing and is another now. Before is nil for
// a new one.
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

func (n *Counters) count(c Contact, by int) {
	n.Attempts += by * c.Spent
	switch c.State {
	case ContactWaiting:
		n.Waiting += by
	case ContactDialling:
		n.Dialling += by
	case ContactEnded:
		n.Ended += by
		n.Results[c.Result()] += by
	}
}

// Plus adds the counters of another partition.
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
