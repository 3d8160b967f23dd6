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

// root is the function app's root, seen from here.
const root = "../.."

// routeTable returns the route table of a binary that is wired to nothing.
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

// folders returns the function folders, as the host finds them: one level deep.
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

func TestEveryFunctionFolderHasARouteAndEveryRouteAFolder(t *testing.T) {
	found := folders(t)
	routed := map[string]bool{}
	for _, r := range routeTable() {
		routed[r.Function] = true
		if _, ok := found[r.Function]; !ok {
			t.Errorf("the binary serves %s, for which there is no folder", r.Function)
		}
	}
	for name := range found {
		if !routed[name] {
			t.Errorf("folder %s: the binary does not serve it", name)
		}
		// Utility.cs of Azure/azure-functions-host says what a function may be called.
		if !regexp.MustCompile(`^[a-z][a-z0-9_-]{0,127}$`).MatchString(name) || name == "host" {
			t.Errorf("folder %s: not a name for a function", name)
		}
	}
}

func TestTheTriggerOfEachFunctionIsTheOneThatTheBinaryServes(t *testing.T) {
	found := folders(t)
	for _, r := range routeTable() {
		f := found[r.Function]
		if len(f.Bindings) == 0 || f.Bindings[0].Direction != "in" {
			t.Errorf("%s: the first binding is not its trigger", r.Function)
			continue
		}
		trigger := f.Bindings[0]
		if trigger.Name != r.Binding {
			t.Errorf("%s: trigger is named %q, the binary looks for %q", r.Function, trigger.Name, r.Binding)
		}
		if isHTTP := trigger.Type == "httpTrigger"; isHTTP != (r.HTTP != nil) || isHTTP == (r.Event != nil) {
			t.Errorf("%s: %s, but the binary serves the other kind", r.Function, trigger.Type)
		}
		switch trigger.Type {
		case "httpTrigger":
			// The host proxies only functions with exactly one HTTP input and one HTTP output.
			if len(f.Bindings) != 2 || f.Bindings[1].Type != "http" || f.Bindings[1].Direction != "out" {
				t.Errorf("%s: want one trigger and one http output", r.Function)
			}
			if !reaches("/api/"+trigger.Route, r.Path) {
				t.Errorf("%s: route %q does not reach %s", r.Function, trigger.Route, r.Path)
			}
			for _, m := range r.Methods {
				if !slices.Contains(trigger.Methods, strings.ToLower(m)) {
					t.Errorf("%s: method %s of %s is not let in", r.Function, m, r.Path)
				}
			}
		case "timerTrigger":
			if len(strings.Fields(trigger.Schedule)) != 6 || !gronx.IsValid(trigger.Schedule) {
				t.Errorf("%s: schedule %q", r.Function, trigger.Schedule)
			}
		case "queueTrigger":
			if trigger.QueueName != "recordings" {
				t.Errorf("%s: queue %q", r.Function, trigger.QueueName)
			}
		case "eventGridTrigger":
		default:
			t.Errorf("%s: trigger %s has no place in this app", r.Function, trigger.Type)
		}
	}
}

// reaches reports whether the host's route template lets requests for the
// binary's path in: same literals, a parameter for a parameter, a catch-all for the rest.
func reaches(template, served string) bool {
	mine := strings.Split(served, "/")
	for i, segment := range strings.Split(template, "/") {
		if strings.HasPrefix(segment, "{*") {
			return i < len(mine)
		}
		if i >= len(mine) || strings.HasPrefix(segment, "{") != strings.HasPrefix(mine[i], "{") {
			return false
		}
		if !strings.HasPrefix(segment, "{") && segment != mine[i] {
			return false
		}
	}
	return strings.Count(template, "/") == len(mine)-1
}

func TestCallbacksAreOpenToACSAndTheAPIIsNot(t *testing.T) {
	found := folders(t)
	if got := found["callbacks"].Bindings[0]; got.AuthLevel != "anonymous" || !slices.Equal(got.Methods, []string{"post"}) {
		t.Errorf("callbacks: %s %v, want anonymous POST: the MAC and the token guard it", got.AuthLevel, got.Methods)
	}
	if got := found["api"].Bindings[0].AuthLevel; got != "function" {
		t.Errorf("api: authLevel %q, want function", got)
	}
}

func TestHostJSONIsWhatTheProgramCountsOn(t *testing.T) {
	var host struct {
		Version         string `json:"version"`
		FunctionTimeout string `json:"functionTimeout"`
		ExtensionBundle struct{ ID, Version string }
		Extensions      struct {
			HTTP   struct{ RoutePrefix string }
			Queues struct{ MessageEncoding string }
		}
		CustomHandler struct {
			Description                 struct{ DefaultExecutablePath string }
			EnableForwardingHTTPRequest bool
			EnableProxyingHTTPRequest   bool
		}
	}
	readJSON(t, filepath.Join(root, "host.json"), &host)
	if host.Version != "2.0" {
		t.Errorf("version %q", host.Version)
	}
	if _, err := time.Parse("15:04:05", host.FunctionTimeout); err != nil {
		t.Errorf("functionTimeout %q", host.FunctionTimeout)
	}
	if host.ExtensionBundle.ID != "Microsoft.Azure.Functions.ExtensionBundle" || host.ExtensionBundle.Version != "[4.*, 5.0.0)" {
		t.Errorf("extensionBundle %+v", host.ExtensionBundle)
	}
	if host.Extensions.HTTP.RoutePrefix != "api" {
		t.Errorf("routePrefix %q: with another one, outsiders could trigger timers", host.Extensions.HTTP.RoutePrefix)
	}
	if host.Extensions.Queues.MessageEncoding != "none" {
		t.Errorf("messageEncoding %q", host.Extensions.Queues.MessageEncoding)
	}
	program := host.CustomHandler.Description.DefaultExecutablePath
	if program != path.Clean(program) || path.IsAbs(program) || strings.Contains(program, "%") || program != "handler/handler" {
		t.Errorf("defaultExecutablePath %q: only the path as it stands in the package gets the exec bit", program)
	}
	if !host.CustomHandler.EnableForwardingHTTPRequest || !host.CustomHandler.EnableProxyingHTTPRequest {
		t.Error("HTTP is not proxied and forwarded")
	}
}
