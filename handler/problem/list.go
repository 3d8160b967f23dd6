package problem

// List gathers the faults of a document, the first one at each path. The zero List is empty.
type List struct {
	all Faults
	at  map[string]bool
}

// Add adds a fault, unless there is one at its path already.
func (l *List) Add(path, text string) {
	if l.at[path] {
		return
	}
	if l.at == nil {
		l.at = map[string]bool{}
	}
	l.at[path] = true
	l.all = append(l.all, Fault{Path: path, Text: text})
}

// AddAll adds the faults of the part of the document that is at the given path; empty: of the document.
func (l *List) AddAll(at string, faults Faults) {
	for _, f := range faults {
		switch {
		case at == "":
			l.Add(f.Path, f.Text)
		case f.Path == "$":
			l.Add(at, f.Text)
		default:
			l.Add(at+"."+f.Path, f.Text)
		}
	}
}

// Has reports whether there is a fault at the path.
func (l *List) Has(path string) bool { return l.at[path] }

// Faults returns the faults, in the order in which they were added.
func (l *List) Faults() Faults { return l.all }
