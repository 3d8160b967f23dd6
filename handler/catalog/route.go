package catalog

import (
	"context"
	"errors"
	"fmt"

	"switchboard/handler/flow"
	"switchboard/handler/problem"
)

// routes is the document routes.json. The first rule that matches the line of a call decides.
type routes struct {
	Rules []rule `json:"rules"`
}

// rule picks the flow for the calls to a line.
type rule struct {
	Line string `json:"line,omitempty"` // raw id; empty: every line
	Flow string `json:"flow"`           // name of a flow
}

const routesBlob = "routes.json"

// ErrNoRoute means that no rule matches a call.
var ErrNoRoute = errors.New("no route")

// Route returns the flow that a call to the line is answered with, and pins it. The error is
// ErrNoRoute if calls to the line are not answered.
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

// PutRoutes makes the document the current routes. It refuses a document with faults and returns
// them all. It may be repeated.
func (c *Catalog) PutRoutes(ctx context.Context, doc []byte) error {
	if _, err := parseRoutes(doc); err != nil {
		return err
	}
	return c.put(ctx, routesBlob, doc)
}

// parseRoutes reads the routes and returns everything that is wrong with them.
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
