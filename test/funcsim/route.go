package funcsim

import (
	"fmt"
	"regexp"
	"strings"
)

// route is an ASP.NET route template below the route prefix: literals, {name},
// {name?} and {*name}. Constraints and defaults are refused.
type route struct {
	template string
	segments []segment
}

type segment struct {
	kind    segmentKind
	literal string // lower case
}

// segmentKind orders segments by precedence: of two routes that match, the one
// with the lower kind at the first difference wins.
type segmentKind int

const (
	segmentLiteral segmentKind = iota
	segmentParameter
	segmentOptional
	segmentCatchAll
)

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func parseRoute(template string) (route, error) {
	r := route{template: strings.Trim(template, "/")}
	if r.template == "" {
		return r, fmt.Errorf("route %q is empty", template)
	}
	parts := strings.Split(r.template, "/")
	for i, p := range parts {
		s := segment{segmentLiteral, strings.ToLower(p)}
		if strings.ContainsAny(p, "{}") {
			inner, ok := strings.CutPrefix(p, "{")
			inner, ok2 := strings.CutSuffix(inner, "}")
			s = segment{kind: segmentParameter}
			if name, ok := strings.CutPrefix(inner, "*"); ok {
				s.kind, inner = segmentCatchAll, name
			} else if name, ok := strings.CutSuffix(inner, "?"); ok {
				s.kind, inner = segmentOptional, name
			}
			if !ok || !ok2 || !parameterName.MatchString(inner) {
				return r, fmt.Errorf("route %q: segment %q is not supported by funcsim", template, p)
			}
			if s.kind != segmentParameter && i != len(parts)-1 {
				return r, fmt.Errorf("route %q: %q may only be the last segment", template, p)
			}
		} else if p == "" {
			return r, fmt.Errorf("route %q has an empty segment", template)
		}
		r.segments = append(r.segments, s)
	}
	return r, nil
}

// match reports whether the decoded path, without the route prefix, matches.
// Letters match in both cases, and one slash at the end is ignored. A path with an
// empty segment elsewhere matches no route, not even a catch-all.
func (r route) match(path string) bool {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	var parts []string
	if path != "" {
		parts = strings.Split(path, "/")
	}
	for _, p := range parts {
		if p == "" {
			return false
		}
	}
	for i, s := range r.segments {
		switch {
		case s.kind == segmentCatchAll:
			return true
		case i >= len(parts):
			return s.kind == segmentOptional
		case s.kind == segmentLiteral && strings.ToLower(parts[i]) != s.literal:
			return false
		}
	}
	return len(parts) <= len(r.segments)
}

// before reports whether r is tried before o: literal, {name}, {name?}, {*name}.
func (r route) before(o route) bool {
	for i := range min(len(r.segments), len(o.segments)) {
		if a, b := r.segments[i].kind, o.segments[i].kind; a != b {
			return a < b
		}
	}
	return len(r.segments) > len(o.segments)
}
