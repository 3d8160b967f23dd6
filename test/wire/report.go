package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// report prints and counts the outcomes of entries.
type report struct {
	out     io.Writer
	verbose bool
	file    string

	passed, byRule, failed int
}

// outcome is the result of one entry: the differences that no rule explains, and
// the rules that explain the others.
type outcome struct {
	differences []difference
	rules       []rule
}

// explain adds a difference: as explained by a rule, or as a failure if by is nil.
func (o *outcome) explain(d difference, by *rule) {
	switch {
	case by == nil:
		o.differences = append(o.differences, d)
	case !slices.ContainsFunc(o.rules, func(r rule) bool { return r.name == by.name }):
		o.rules = append(o.rules, *by)
	}
}

// fail adds a difference that nothing explains.
func (o *outcome) fail(where string, want, got any) { o.explain(difference{where, want, got}, nil) }

// add counts an entry. It prints failures, and if r is verbose, all entries.
func (r *report) add(name string, o outcome) {
	name = strings.Join(strings.Fields(r.file+" "+name), " ") // names may be JSON of several lines
	switch {
	case len(o.differences) > 0:
		r.failed++
		fmt.Fprintf(r.out, "FAIL %s\n", name)
		for _, d := range o.differences {
			fmt.Fprintf(r.out, "  %s\n    - %s\n    + %s\n", d.where, show(d.want), show(d.got))
		}
	case len(o.rules) > 0:
		r.passed++
		r.byRule++
		if r.verbose {
			var reasons []string
			for _, rule := range o.rules {
				reasons = append(reasons, rule.name+": "+rule.reason)
			}
			fmt.Fprintf(r.out, "rule %s\n  %s\n", name, strings.Join(reasons, "\n  "))
		}
	default:
		r.passed++
		if r.verbose {
			fmt.Fprintf(r.out, "ok   %s\n", name)
		}
	}
}
