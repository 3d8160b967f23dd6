package funcsim

import (
	"net/http/httptest"
	"testing"
)

func TestRoutesMatchAsInASPNET(t *testing.T) {
	tests := []struct {
		name, template, path string
		want                 bool
	}{
		{"a literal in another case", "Calls/New", "/calls/NEW", true},
		{"a slash at the end", "calls", "/calls/", true},
		{"two slashes at the end", "calls", "/calls//", false},
		{"a parameter", "calls/{id}", "/calls/7", true},
		{"a parameter that is missing", "calls/{id}", "/calls", false},
		{"more than the template has", "calls/{id}", "/calls/7/8", false},
		{"an optional that is there", "echo/{id?}", "/echo/7", true},
		{"an optional that is missing", "echo/{id?}", "/echo", true},
		{"a catch-all over several segments", "v1/{*path}", "/v1/a/b/c", true},
		{"a catch-all over nothing", "v1/{*path}", "/v1", true},
		{"a catch-all over an empty segment", "v1/{*path}", "/v1//b", false},
		{"an encoded slash inside a parameter", "calls/{id}", "/calls/a%2Fb", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parseRoute(tt.template)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.match(tt.path); got != tt.want {
				t.Errorf("%s matches %s: %v, want %v", tt.template, tt.path, got, tt.want)
			}
		})
	}
}

func TestTheMoreExactRouteWins(t *testing.T) {
	a := &app{routePrefix: "api"}
	for _, template := range []string{"{*all}", "calls/{id?}", "calls/{id}/legs", "calls/new", "{kind}/new"} {
		r, err := parseRoute(template)
		if err != nil {
			t.Fatal(err)
		}
		a.functions = append(a.functions, &function{name: template, trigger: httpTrigger, route: r})
	}
	for path, want := range map[string]string{
		"/api/calls/new":    "calls/new",
		"/api/calls/7":      "calls/{id?}",
		"/API/calls/7/legs": "calls/{id}/legs",
		"/api/agents/new":   "{kind}/new",
		"/api/agents/7":     "{*all}",
	} {
		if f := a.httpFunction("GET", path); f == nil || f.name != want {
			t.Errorf("%s goes to %v, want %s", path, f, want)
		}
	}
	for _, path := range []string{"/calls/new", "/apicalls/new", "/"} {
		if f := a.httpFunction("GET", path); f != nil {
			t.Errorf("%s goes to %s, want no function", path, f.name)
		}
	}
}

func TestPathsAreReadAndWrittenAsInASPNET(t *testing.T) {
	for target, want := range map[string]struct{ seen, sent string }{
		"/a/./b/../c":         {"/a/c", "/a/c"},
		"/a/%2e%2E/b":         {"/b", "/b"},
		"/a//b":               {"/a//b", "/a//b"},
		"/a/..":               {"/", "/"},
		"/../a":               {"/a", "/a"},
		"/a%2fb%20c":          {"/a%2fb c", "/a%252fb%20c"},
		"/x;v=1,(2)!/%C3%A9":  {"/x;v=1,(2)!/é", "/x;v=1,(2)!/%C3%A9"},
		"/q%3Fa%23b%25c%22|d": {`/q?a#b%c"|d`, "/q%3Fa%23b%25c%22%7Cd"},
	} {
		got := requestPath(httptest.NewRequest("GET", target, nil))
		if got != want.seen || encodePath(got) != want.sent {
			t.Errorf("%s: seen %s, sent %s; want %s, %s", target, got, encodePath(got), want.seen, want.sent)
		}
	}
}

func FuzzParseRoute(f *testing.F) {
	f.Add("v1/{*path}", "/v1/a")
	f.Add("a/{b}/{c?}", "/a/b")
	f.Fuzz(func(t *testing.T, template, path string) {
		if r, err := parseRoute(template); err == nil {
			r.match(removeDots(decodePath(path)))
		}
	})
}
