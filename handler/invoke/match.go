package invoke

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// table finds the route for a request. http.ServeMux is not used because it redirects an unclean path or a
// missing trailing slash; the host would follow the redirect and turn a POST into a GET.
type table struct {
	events map[string]Route // by path, "/<Function>"
	http   []httpRoute
}

type httpRoute struct {
	Route
	segments []string
}

// newTable returns the table of these routes. It panics on impossible routes, because they are constants of
// the program.
func newTable(routes []Route) *table {
	t := &table{events: make(map[string]Route)}
	for _, r := range routes {
		switch {
		case r.Function == "" || (r.Event == nil) == (r.HTTP == nil):
			panic(fmt.Sprintf("invoke: route %q needs a function and exactly one of Event and HTTP", r.Function))
		case r.HTTP != nil && (len(r.Methods) == 0 || !strings.HasPrefix(r.Path, "/")):
			panic(fmt.Sprintf("invoke: HTTP route %q needs methods and a path", r.Function))
		case r.HTTP != nil:
			t.http = append(t.http, httpRoute{r, strings.Split(r.Path, "/")[1:]})
		case t.events["/"+r.Function].Event != nil:
			panic(fmt.Sprintf("invoke: two routes for function %q", r.Function))
		case r.Binding == "":
			panic(fmt.Sprintf("invoke: route %q needs the name of its binding", r.Function))
		default:
			t.events["/"+r.Function] = r
		}
	}
	return t
}

// match returns the route for r and sets r's path values. If there is none, allow holds the methods for which
// there is a route at this path.
func (t *table) match(r *http.Request) (found Route, allow []string, ok bool) {
	path := r.URL.EscapedPath()
	if route, ok := t.events[path]; ok {
		if r.Method != http.MethodPost {
			return Route{}, []string{http.MethodPost}, false
		}
		return route, nil, true
	}
	segments, ok := split(path)
	if !ok {
		return Route{}, nil, false
	}
	for _, route := range t.http {
		values, ok := fit(route.segments, segments)
		if !ok {
			continue
		}
		if !slices.Contains(route.Methods, r.Method) {
			allow = append(allow, route.Methods...)
			continue
		}
		for name, value := range values {
			r.SetPathValue(name, value)
		}
		return route.Route, nil, true
	}
	slices.Sort(allow)
	return Route{}, slices.Compact(allow), false
}

// split returns the unescaped segments of path. It returns false for a path with an empty segment, "." or
// "..", which no client should send.
func split(path string) ([]string, bool) {
	segments := strings.Split(path, "/")[1:]
	for i, escaped := range segments {
		s, err := url.PathUnescape(escaped)
		if err != nil || s == "" || s == "." || s == ".." {
			return nil, false
		}
		segments[i] = s
	}
	return segments, len(segments) > 0
}

// fit matches segments with those of a pattern and returns the values of its wildcards.
func fit(pattern, segments []string) (map[string]string, bool) {
	var values map[string]string
	for i, p := range pattern {
		if i >= len(segments) {
			return nil, false
		}
		name, wild := strings.CutPrefix(p, "{")
		if !wild {
			if p != segments[i] {
				return nil, false
			}
			continue
		}
		if values == nil {
			values = make(map[string]string)
		}
		name = strings.TrimSuffix(name, "}")
		if rest, multi := strings.CutSuffix(name, "..."); multi {
			values[rest] = strings.Join(segments[i:], "/")
			return values, true
		}
		values[name] = segments[i]
	}
	return values, len(pattern) == len(segments)
}
