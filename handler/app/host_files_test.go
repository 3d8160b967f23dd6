package app

import (
	"context"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adhocore/gronx"

	"switchboard/handler/config"
	"switchboard/handler/invoke"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

// root is the function app's root folder, relative to this one.
const root = "../.."

// routeTable returns the routes of a handler without services.
func routeTable() []invoke.Route {
	return New(Parts{
		Config: config.Config{Callbacks: config.Callbacks{Keys: []config.Key{{ID: "k", Secret: "s"}}}},
		Tables: func(string) table.Rows { return tabletest.NewMemory() },
		Go:     func(context.Context, func(context.Context)) {},
	})
}

// functionJSON is what the host reads of a function's folder.
type functionJSON struct {
	Bindings []struct {
		Type      string   `json:"type"`
		Direction string   `json:"direction"`
		Name      string   `json:"name"`
		AuthLevel string   `json:"authLevel"`
		Methods   []string `json:"methods"`
		Route     string   `json:"route"`
		Schedule  string   `json:"schedule"`
		QueueName string   `json:"queueName"`
	} `json:"bindings"`
}

// folders returns the function.json of each function folder, one level deep as the host looks for them, by
// name.
func folders(t *testing.T) map[string]functionJSON {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*", "function.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]functionJSON{}
	for _, name := range files {
		var f functionJSON
		readJSON(t, name, &f)
		all[filepath.Base(filepath.Dir(name))] = f
	}
	return all
}

// readJSON reads a JSON file.
func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestFunctionFoldersAndRoutesMatch(t *testing.T) {
	found := folders(t)
	routed := map[string]bool{}
	for _, r := range routeTable() {
		routed[r.Function] = true
		if _, ok := found[r.Function]; !ok {
			t.Errorf("the handler serves %s, want a folder of that name", r.Function)
		}
	}
	for name := range found {
		if !routed[name] {
			t.Errorf("folder %s, want the handler to serve it", name)
		}
		// Names of functions: Utility.cs, Azure/azure-functions-host.
		if !regexp.MustCompile(`^[a-z][a-z0-9_-]{0,127}$`).MatchString(name) || name == "host" {
			t.Errorf("folder %s, want the name of a function", name)
		}
	}
}

func TestTriggersAndRoutesMatch(t *testing.T) {
	found := folders(t)
	for _, r := range routeTable() {
		f := found[r.Function]
		if len(f.Bindings) == 0 || f.Bindings[0].Direction != "in" {
			t.Errorf("%s: bindings %+v, want the trigger first", r.Function, f.Bindings)
			continue
		}
		trigger := f.Bindings[0]
		if trigger.Name != r.Binding {
			t.Errorf("%s: trigger is named %q, want %q", r.Function, trigger.Name, r.Binding)
		}
		if isHTTP := trigger.Type == "httpTrigger"; isHTTP != (r.HTTP != nil) || isHTTP == (r.Event != nil) {
			t.Errorf("%s: the trigger is a %s, want one of the route's kind", r.Function, trigger.Type)
		}
		switch trigger.Type {
		case "httpTrigger":
			checkHTTPTrigger(t, f, r)
		case "timerTrigger":
			if len(strings.Fields(trigger.Schedule)) != 6 || !gronx.IsValid(trigger.Schedule) {
				t.Errorf("%s: schedule %q, want a valid one of six fields", r.Function, trigger.Schedule)
			}
		case "queueTrigger":
			want := map[string]string{"recording": RecordingQueue, "deadline": DeadlineQueue}[r.Function]
			if trigger.QueueName != want {
				t.Errorf("%s: queue %q, want %s", r.Function, trigger.QueueName, want)
			}
		case "eventGridTrigger":
		default:
			t.Errorf("%s: trigger %s, want one that the handler knows", r.Function, trigger.Type)
		}
	}
}

// checkHTTPTrigger checks that the host forwards the requests of a route to the handler. It proxies only
// functions with exactly one HTTP input and one HTTP output.
func checkHTTPTrigger(t *testing.T, f functionJSON, r invoke.Route) {
	t.Helper()
	if len(f.Bindings) != 2 || f.Bindings[1].Type != "http" || f.Bindings[1].Direction != "out" {
		t.Errorf("%s: bindings %+v, want one trigger and one http output", r.Function, f.Bindings)
	}
	trigger := f.Bindings[0]
	if !reaches("/api/"+trigger.Route, r.Path) {
		t.Errorf("%s: route %q, want one that reaches %s", r.Function, trigger.Route, r.Path)
	}
	for _, m := range r.Methods {
		if !slices.Contains(trigger.Methods, strings.ToLower(m)) {
			t.Errorf("%s: the trigger has the methods %v, want %s of %s among them",
				r.Function, trigger.Methods, m, r.Path)
		}
	}
}

// reaches reports whether the host's route template matches the path of a route: literals are the same, a
// parameter stands for a parameter, a catch-all for the rest.
func reaches(template, served string) bool {
	segments := strings.Split(served, "/")
	for i, segment := range strings.Split(template, "/") {
		if strings.HasPrefix(segment, "{*") {
			return i < len(segments)
		}
		if i >= len(segments) || strings.HasPrefix(segment, "{") != strings.HasPrefix(segments[i], "{") {
			return false
		}
		if !strings.HasPrefix(segment, "{") && segment != segments[i] {
			return false
		}
	}
	return strings.Count(template, "/") == len(segments)-1
}

func TestCallbacksAreAnonymousAndTheAPINeedsAKey(t *testing.T) {
	found := folders(t)
	if got := found["callbacks"].Bindings[0]; got.AuthLevel != "anonymous" || !slices.Equal(got.Methods, []string{"post"}) {
		t.Errorf("callbacks: %s %v, want anonymous POST: the MAC and the token guard it", got.AuthLevel, got.Methods)
	}
	if got := found["api"].Bindings[0].AuthLevel; got != "function" {
		t.Errorf("api: authLevel %q, want function", got)
	}
}

func TestHostJSONHasTheRequiredSettings(t *testing.T) {
	var host struct {
		Version         string `json:"version"`
		FunctionTimeout string `json:"functionTimeout"`
		ExtensionBundle struct{ ID, Version string }
		Extensions      struct {
			HTTP   struct{ RoutePrefix string }
			Queues struct{ MaxPollingInterval, MessageEncoding string }
		}
		CustomHandler struct {
			Description                 struct{ DefaultExecutablePath string }
			EnableForwardingHTTPRequest bool
			EnableProxyingHTTPRequest   bool
		}
	}
	readJSON(t, filepath.Join(root, "host.json"), &host)
	if host.Version != "2.0" {
		t.Errorf("version %q, want 2.0", host.Version)
	}
	if _, err := time.Parse("15:04:05", host.FunctionTimeout); err != nil {
		t.Errorf("functionTimeout %q, want hh:mm:ss", host.FunctionTimeout)
	}
	if got := host.ExtensionBundle; got.ID != "Microsoft.Azure.Functions.ExtensionBundle" || got.Version != "[4.*, 5.0.0)" {
		t.Errorf("extensionBundle %+v, want Microsoft.Azure.Functions.ExtensionBundle [4.*, 5.0.0)", got)
	}
	if host.Extensions.HTTP.RoutePrefix != "api" {
		t.Errorf("routePrefix %q, want api: other prefixes would let clients trigger timers", host.Extensions.HTTP.RoutePrefix)
	}
	if got := host.Extensions.Queues; got.MaxPollingInterval != "00:00:02" || got.MessageEncoding != "none" {
		t.Errorf("queues %+v, want to be polled every 2 s, and to hold any text", got)
	}
	program := host.CustomHandler.Description.DefaultExecutablePath
	if program != path.Clean(program) || path.IsAbs(program) || strings.Contains(program, "%") || program != "handler/handler" {
		t.Errorf("defaultExecutablePath %q, want handler/handler: only this file gets the exec bit", program)
	}
	if !host.CustomHandler.EnableForwardingHTTPRequest || !host.CustomHandler.EnableProxyingHTTPRequest {
		t.Errorf("%+v, want HTTP requests proxied and forwarded", host.CustomHandler)
	}
}
