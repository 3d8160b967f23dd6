package funcsim

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// app is the configuration of a function app: host.json with its overrides, the
// functions, and the environment of both host and handler.
type app struct {
	root   string // absolute
	hostID string // part of the names of timers' leases and records
	env    environment

	executable string // from host.json, with %NAME% expanded
	workDir    string
	arguments  []string
	stderrOnly bool // customHandler.description.useStdErrorStreamForErrorsOnly

	initTimeout     time.Duration
	functionTimeout time.Duration // 0: unlimited
	routePrefix     string
	queues          queueOptions

	functions []*function
}

// loadApp reads the app in root. It reports all faults at once that keep the real
// host, or funcsim, from running it. Without needStorage, AzureWebJobsStorage may
// be absent.
func loadApp(root string, env environment, needStorage bool) (*app, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	a := &app{root: root, env: env}
	var errs []error
	check := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	check(a.readLocalSettings())
	host, err := a.readHostJSON()
	check(err)
	if err == nil {
		check(a.configure(host))
	}
	check(a.readFunctions(host))
	a.hostID = cmp.Or(env["AzureFunctionsWebHost__hostid"], localHostID(root))
	if v := env["FUNCTIONS_WORKER_RUNTIME"]; v != "custom" {
		check(fmt.Errorf("FUNCTIONS_WORKER_RUNTIME is %q, not custom", v))
	}
	for _, f := range a.functions {
		if needStorage && f.trigger != httpTrigger && env["AzureWebJobsStorage"] == "" {
			check(errors.New("AzureWebJobsStorage is not set: only HTTP triggers work without storage"))
			break
		}
	}
	return a, errors.Join(errs...)
}

// coreToolsSetting is set by Core Tools.
const coreToolsSetting = "FUNCTIONS_CORETOOLS_ENVIRONMENT"

// coreTools reports whether the app runs under Core Tools.
func (a *app) coreTools() bool { return a.env[coreToolsSetting] != "" }

// inDevelopment reports whether the app runs in the environment Development, as under
// Core Tools.
func (a *app) inDevelopment() bool {
	return a.coreTools() || a.env["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development"
}

// localHostID returns the default id of a host, derived from its folder.
func localHostID(root string) string {
	return fmt.Sprintf("funcsim-%x", sha256.Sum256([]byte(root)))[:32]
}

// readLocalSettings adds Values of local.settings.json to the environment, except
// for names that are set already. The file may be absent, as it is in Azure.
func (a *app) readLocalSettings() error {
	raw, err := os.ReadFile(filepath.Join(a.root, "local.settings.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var file struct {
		IsEncrypted bool
		Values      map[string]string
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return fmt.Errorf("local.settings.json: %w", err)
	}
	if file.IsEncrypted {
		return errors.New("local.settings.json: encrypted settings are not supported")
	}
	for k, v := range file.Values {
		if _, ok := a.env[k]; !ok {
			a.env[k] = v
		}
	}
	return nil
}

func (a *app) readHostJSON() (settings, error) {
	raw, err := os.ReadFile(filepath.Join(a.root, "host.json"))
	if err != nil {
		return nil, err
	}
	host, err := parseSettings(raw)
	if err != nil {
		return nil, fmt.Errorf("host.json: %w", err)
	}
	host.override(a.env)
	return host, nil
}

// unsupported are keys that change how the real host runs an app and that funcsim
// does not implement.
var unsupported = []string{
	"configurationprofile", "httpworker", "retry", "concurrency", "customhandler:http", "customhandler:port",
	"customhandler:description:workerdirectory", "customhandler:description:defaultworkerpath",
	"customhandler:description:workerarguments",
}

func (a *app) configure(host settings) error {
	var errs []error
	fault := func(err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("host.json: %w", err))
		}
	}
	if v := host["version"]; v != "2.0" {
		fault(fmt.Errorf("version is %q, not 2.0", v))
	}
	for _, key := range unsupported {
		if host.has(key) {
			fault(fmt.Errorf("%s: not supported by funcsim", key))
		}
	}
	const description = "customhandler:description:"
	var err error
	switch {
	case !host.has("customhandler"):
		fault(errors.New("customHandler is missing"))
	case host[description+"defaultexecutablepath"] == "":
		fault(errors.New("customHandler.description.defaultExecutablePath is missing"))
	default:
		a.executable, err = a.env.expand(host[description+"defaultexecutablepath"])
		fault(err)
	}
	a.workDir = a.root
	if dir := host[description+"workingdirectory"]; filepath.IsAbs(dir) {
		a.workDir = dir
	} else if dir != "" {
		a.workDir = filepath.Join(a.root, dir)
	}
	// The host joins the arguments with blanks, without quotes.
	a.arguments = strings.Fields(strings.Join(host.strings(description+"arguments"), " "))
	a.stderrOnly, err = host.bool(description+"usestderrorstreamforerrorsonly", true)
	fault(err)
	a.initTimeout, err = host.duration("customhandler:initializationtimeout", 30*time.Second)
	fault(err)

	proxying, err := host.bool("customhandler:enableproxyinghttprequest", false)
	fault(err)
	if !proxying {
		fault(errors.New("customHandler.enableProxyingHttpRequest is off: funcsim proxies HTTP and knows no other form"))
	}
	a.routePrefix = "api"
	if p, ok := host["extensions:http:routeprefix"]; ok {
		a.routePrefix = strings.Trim(p, "/")
	}
	if host["functiontimeout"] != "-1" {
		a.functionTimeout, err = host.duration("functiontimeout", 30*time.Minute)
		fault(err)
		if err == nil && a.functionTimeout < time.Second {
			fault(errors.New("functionTimeout is under 1 s"))
		}
	}
	a.queues, err = parseQueueOptions(host, a.inDevelopment())
	fault(err)
	return errors.Join(errs...)
}

// readFunctions reads the functions: the folders of the root with a function.json.
func (a *app) readFunctions(host settings) error {
	files, err := filepath.Glob(filepath.Join(a.root, "*", "function.json"))
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files { // Glob sorts
		name := filepath.Base(filepath.Dir(file))
		raw, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f, err := parseFunction(name, raw, a.env)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s/function.json: %w", name, err))
			continue
		}
		if f == nil { // disabled
			continue
		}
		if f.fromBundle() && !host.has("extensionbundle") {
			errs = append(errs, fmt.Errorf("%s/function.json: host.json has no extensionBundle, and %s comes from it",
				name, f.trigger))
		}
		a.functions = append(a.functions, f)
	}
	return errors.Join(errs...)
}

func (a *app) function(name string) *function {
	for _, f := range a.functions {
		if f.name == name {
			return f
		}
	}
	return nil
}
