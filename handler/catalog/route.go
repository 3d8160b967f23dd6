package catalog

import (
	"context"
	"errors"
	"fmt"

	"switchboard/handler/flow"
	"switchboard/handler/problem"
)

// routes is the document routes.json: what is done with a call, by its line. The
// first rule that matches decides.
type routes struct {
	Rules []rule `json:"rules"`
}

// rule answers the calls to a line with a flow.
type rule struct {
	Line string `json:"line,omitempty"` // raw id; empty: every line
	Flow string `json:"flow"`           // name of a flow
}

const routesBlob = "routes.json"

// ErrNoRoute means that no rule matches a call.
var ErrNoRoute = errors.New("no route")

// Route returns the flow that a call to the line is answered with, pinned.
// ErrNoRoute: calls to the line are left alone.
func (c *Catalog) Route(ctx context.Context, line string) (flow.Ref, error) {
	doc, err := c.current(ctx, routesBlob, func(doc []byte) error {
		_, err := parseRoutes(doc)
		return err
	})
	if err != nil {
		return flow.Ref{}, fmt.Errorf("routes: %w", err)
	}
	all, err := parseRoutes(doc)
	if err != nil {
		return flow.Ref{}, fmt.Errorf("routes: %w", err)
	}
	for _, r := range all.Rules {
		if r.Line == "" || r.Line == line {
			return c.Pin(ctx, r.Flow)
		}
	}
	return flow.Ref{}, ErrNoRoute
}

// PutRoutes makes the document the current routes. A document with faults is
// refused with all of them. It may be repeated.
func (c *Catalog) PutRoutes(ctx context.Context, doc []byte) error {
	if _, err := parseRoutes(doc); err != nil {
		return err
	}
	return c.put(ctx, routesBlob, doc)
}

func parseRoutes(doc []byte) (routes, error) {
	var r routes
	faults := problem.Decode(doc, &r)
	if len(faults) == 0 && r.Rules == nil {
		faults = append(faults, problem.Fault{Path: "rules", Text: "is missing"})
	}
	for i, rule := range r.Rules {
		if !ValidName(rule.Flow) {
			faults = append(faults, problem.Fault{Path: fmt.Sprintf("rules.%d.flow", i), Text: "is not the name of a flow"})
		}
	}
	if len(faults) > 0 {
		return routes{}, faults
	}
	return r, nil
}
