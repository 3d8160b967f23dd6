package funcsim

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const plainHost = `{"version":"2.0","extensionBundle":{"id":"x","version":"[4.*, 5.0.0)"},
	"customHandler":{"description":{"defaultExecutablePath":"h"},"enableProxyingHttpRequest":true}}`

// writeApp writes an app folder and returns its path. The keys are paths of files.
func writeApp(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestAppsThatCannotRunAreRefused(t *testing.T) {
	trigger := func(b string) string { return `{"bindings":[{"name":"t","direction":"in",` + b + `}]}` }
	http := func(b string) string {
		return `{"bindings":[{"name":"t","direction":"in","type":"httpTrigger"` + b +
			`},{"name":"res","direction":"out","type":"http"}]}`
	}
	tests := []struct {
		name, host, function string
		env                  environment
		want                 string
	}{
		{name: "host.json of another version", host: `{"version":"1.0"}`, want: `version is "1.0"`},
		{name: "host.json that is no JSON", host: `{`, want: "host.json: unexpected EOF"},
		{name: "no custom handler", host: `{"version":"2.0"}`, want: "customHandler is missing"},
		{name: "no executable", host: `{"version":"2.0","customHandler":{"description":{}}}`, want: "customHandler"},
		{name: "HTTP that is not proxied", host: strings.Replace(plainHost, "true", "false", 1), want: "enableProxyingHttpRequest is off"},
		{name: "a setting of host.json that funcsim does not know",
			host: strings.Replace(plainHost, `"enable`, `"port":1,"enable`, 1), want: "customhandler:port: not supported"},
		{name: "a time-out that is no time span", host: plainHost,
			env: environment{"AzureFunctionsJobHost__functionTimeout": "5m"}, want: `functiontimeout: "5m" is not a time span`},
		{name: "a time-out under a second", host: plainHost,
			env: environment{"AzureFunctionsJobHost__functionTimeout": "00:00:00.5"}, want: "functionTimeout is under 1 s"},
		{name: "another runtime", host: plainHost, env: environment{"FUNCTIONS_WORKER_RUNTIME": "node"}, want: `is "node", not custom`},
		{name: "a timer without storage", host: plainHost, function: trigger(`"type":"timerTrigger","schedule":"* * * * * *"`),
			env: environment{"AzureWebJobsStorage": ""}, want: "AzureWebJobsStorage is not set"},
		{name: "Event Grid without the bundle", host: strings.Replace(plainHost, "extensionBundle", "x", 1),
			function: trigger(`"type":"eventGridTrigger"`), want: "no extensionBundle"},
		{name: "a trigger that funcsim does not know", host: plainHost, function: trigger(`"type":"blobTrigger"`), want: "blobTrigger: not supported"},
		{name: "batches of events", host: plainHost, function: trigger(`"type":"eventGridTrigger","cardinality":"many"`), want: "cardinality"},
		{name: "no trigger", host: plainHost, function: `{"bindings":[]}`, want: "0 triggers, want one"},
		{name: "a retry policy", host: plainHost, function: `{"retry":{},"bindings":[]}`, want: "retry: not supported"},
		{name: "an output", host: plainHost, want: "no other binding",
			function: `{"bindings":[{"name":"t","direction":"in","type":"timerTrigger"},{"name":"q","direction":"out","type":"queue"}]}`},
		{name: "HTTP without an answer", host: plainHost, function: trigger(`"type":"httpTrigger"`), want: "without an http output"},
		{name: "a route constraint", host: plainHost, function: http(`,"route":"a/{id:int}"`), want: `"{id:int}" is not supported`},
		{name: "an unknown level", host: plainHost, function: http(`,"authLevel":"any"`), want: `authLevel "any"`},
		{name: "a schedule that is none", host: plainHost, function: trigger(`"type":"timerTrigger","schedule":"x"`), want: `schedule "x"`},
		{name: "a setting that is not there", host: plainHost,
			function: trigger(`"type":"timerTrigger","schedule":"%NOT_SET%"`), want: "%NOT_SET% is not set"},
		{name: "a queue that cannot be", host: plainHost, function: trigger(`"type":"queueTrigger","queueName":"a_b"`), want: `queueName "a_b"`},
		{name: "a queue of a setting that is not there", host: plainHost,
			function: trigger(`"type":"queueTrigger","queueName":"%NOT_SET%"`), want: "%NOT_SET% is not set"},
		{name: "a poison queue", host: plainHost, function: trigger(`"type":"queueTrigger","queueName":"a-poison"`), want: "no poison queue"},
		{name: "a queue with a name too long for its poison queue", host: plainHost,
			function: trigger(`"type":"queueTrigger","queueName":"` + strings.Repeat("a", 57) + `"`), want: "no poison queue"},
		{name: "a queue that is polled too often", host: plainHost,
			env: environment{"AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.05"}, want: "maxPollingInterval is under"},
		{name: "dynamic concurrency", host: strings.Replace(plainHost, `"version"`, `"concurrency":{"dynamicConcurrencyEnabled":true},"version"`, 1),
			want: "concurrency: not supported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"host.json": tt.host}
			if tt.function != "" {
				files["fn/function.json"] = tt.function
			}
			env := environment{"FUNCTIONS_WORKER_RUNTIME": "custom", "AzureWebJobsStorage": "x"}
			maps.Copy(env, tt.env)
			_, err := loadApp(writeApp(t, files), env, true)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want it to contain %q", err, tt.want)
			}
		})
	}
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	root := writeApp(t, map[string]string{
		"host.json":       `{"version":"3.0"}`,
		"a/function.json": `{`,
		"b/function.json": `{"bindings":[]}`,
	})
	_, err := loadApp(root, environment{}, true)
	for _, want := range []string{`version is "3.0"`, "customHandler is missing", "a/function.json", "b/function.json", "FUNCTIONS_WORKER_RUNTIME"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want it to contain %q", err, want)
		}
	}
}

func TestSettingsAreReadFromHostJSONLocalSettingsAndEnv(t *testing.T) {
	function := `{"bindings":[{"name":"t","direction":"in","type":"queueTrigger","queueName":"%QUEUE%"}]}`
	root := writeApp(t, map[string]string{
		"host.json":            strings.Replace(plainHost, `"h"`, `"%PROGRAM%"`, 1),
		"local.settings.json":  `{"Values":{"QUEUE":"from-file","PROGRAM":"from-file","FUNCTIONS_WORKER_RUNTIME":"custom"}}`,
		"fn/function.json":     function,
		"off/function.json":    function,
		"gone/function.json":   `{"disabled":true}`,
		"nothing/function.txt": "",
	})
	a, err := loadApp(root, environment{
		"PROGRAM": "from-env", "AzureWebJobs.off.Disabled": "true",
		"azureFunctionsJobHost__Extensions__HTTP__RoutePrefix":            "v2",
		"AzureFunctionsJobHost__functionTimeout":                          "-1",
		"AzureFunctionsJobHost__customHandler__initializationTimeout":     "1.00:00:01.5",
		"AzureFunctionsJobHost__customHandler__description__arguments__0": "a b",
		"AzureFunctionsJobHost__customHandler__description__arguments__1": "c",
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.functions) != 1 || a.functions[0].queue != "from-file" {
		t.Errorf("functions = %+v, want one of the queue from-file", a.functions)
	}
	if a.executable != "from-env" || a.routePrefix != "v2" || a.functionTimeout != 0 || !a.queues.base64 {
		t.Errorf("app = %+v, want the values of the environment", a)
	}
	if want := 24*time.Hour + 1500*time.Millisecond; a.initTimeout != want {
		t.Errorf("initialisation timeout = %v, want %v", a.initTimeout, want)
	}
	if got := strings.Join(a.arguments, "|"); got != "a|b|c" {
		t.Errorf("arguments = %s, want a|b|c: they are joined by blanks, without quotes", got)
	}
}

func TestTimeSpansAreWrittenAsDotNETDoes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		5 * time.Second:              "00:00:05",
		90 * time.Minute:             "01:30:00",
		400 * time.Millisecond:       "00:00:00.4000000",
		25*time.Hour + 1*time.Second: "1.01:00:01",
	} {
		if got := formatTimeSpan(d); got != want {
			t.Errorf("%v = %s, want %s", d, got, want)
		}
		if back, err := parseTimeSpan(want); err != nil || back != d {
			t.Errorf("%s = %v, %v; want %v", want, back, err, d)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte(plainHost))
	f.Add([]byte(`{"a":[{"b":null},1.5,true]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := parseSettings(raw); err == nil {
			a := &app{env: environment{}}
			_ = a.configure(s) // must not panic
		}
	})
}

func FuzzParseFunction(f *testing.F) {
	f.Add([]byte(`{"bindings":[{"name":"t","direction":"in","type":"timerTrigger","schedule":"*/5 * * * * *"}]}`))
	f.Add([]byte(`{"bindings":[{"name":"r","direction":"in","type":"httpTrigger","route":"a/{b?}"},{"type":"http","direction":"out"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fn, err := parseFunction("fn", raw, environment{})
		if err == nil && fn != nil && fn.trigger == "" {
			t.Errorf("function %+v, want a trigger or an error", fn)
		}
	})
}
