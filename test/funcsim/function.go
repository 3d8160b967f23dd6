package funcsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The triggers that funcsim knows, as function.json names them.
const (
	httpTrigger      = "httpTrigger"
	eventGridTrigger = "eventGridTrigger"
	timerTrigger     = "timerTrigger"
	queueTrigger     = "queueTrigger"
)

// Function describes one function of the app, to be printed.
type Function struct {
	Name    string
	Trigger string   // "httpTrigger", "eventGridTrigger", "timerTrigger" or "queueTrigger"
	Path    string   // HTTP: its route with the prefix; Event Grid: its webhook
	Methods []string // HTTP; none means all
	Source  string   // timer: its schedule; queue: its name
}

// function is one function.json.
type function struct {
	name    string
	trigger string
	binding string // the trigger's binding name: the key in Data

	route     route    // HTTP
	methods   []string // HTTP, upper case; none means all
	authLevel string   // HTTP: anonymous, function or admin

	schedule schedule // timer
	queue    string   // queue
}

// binding is one entry of function.json's bindings, all kinds in one.
type binding struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	Direction    string   `json:"direction"`
	AuthLevel    string   `json:"authLevel"`
	Methods      []string `json:"methods"`
	Route        *string  `json:"route"`
	Schedule     string   `json:"schedule"`
	RunOnStartup bool     `json:"runOnStartup"`
	UseMonitor   *bool    `json:"useMonitor"`
	QueueName    string   `json:"queueName"`
	Connection   string   `json:"connection"`
	Cardinality  string   `json:"cardinality"`
	DataType     string   `json:"dataType"`
}

// Source: WebJobs.Script/Utility.cs, the host's check of function names.
var functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)

// parseFunction parses the function.json of the function called name. It returns
// nil without an error for a disabled function.
func parseFunction(name string, raw []byte, env environment) (*function, error) {
	var file struct {
		Disabled bool            `json:"disabled"`
		Retry    json.RawMessage `json:"retry"`
		Bindings []binding       `json:"bindings"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	disabled := env["AzureWebJobs."+name+".Disabled"]
	switch {
	case file.Disabled, disabled == "1", strings.EqualFold(disabled, "true"):
		return nil, nil
	case !functionName.MatchString(name) || strings.EqualFold(name, "host"):
		return nil, errors.New("the folder's name cannot be a function's")
	case file.Retry != nil:
		return nil, errors.New("retry: not supported by funcsim")
	}
	trigger, outputs, err := splitBindings(file.Bindings)
	if err != nil {
		return nil, err
	}
	f := &function{name: name, binding: trigger.Name}
	return f, f.setTrigger(trigger, outputs, env)
}

// splitBindings returns the one trigger among the bindings, and the other bindings.
func splitBindings(bindings []binding) (trigger binding, others []binding, err error) {
	var triggers []binding
	for _, b := range bindings {
		if strings.HasSuffix(strings.ToLower(b.Type), "trigger") {
			triggers = append(triggers, b)
		} else {
			others = append(others, b)
		}
	}
	if len(triggers) != 1 {
		return binding{}, nil, fmt.Errorf("%d triggers, want one", len(triggers))
	}
	trigger = triggers[0]
	switch {
	case trigger.Name == "" || trigger.Direction != "in":
		return binding{}, nil, errors.New("the trigger needs a name and direction in")
	case trigger.DataType != "":
		return binding{}, nil, errors.New("dataType: not supported by funcsim")
	}
	return trigger, others, nil
}

// setTrigger sets what the function is triggered by. The only output that funcsim
// knows is the response of an HTTP trigger, which it proxies.
func (f *function) setTrigger(t binding, outputs []binding, env environment) error {
	proxied := strings.EqualFold(t.Type, httpTrigger) &&
		len(outputs) == 1 && strings.EqualFold(outputs[0].Type, "http") && outputs[0].Direction == "out"
	if len(outputs) != 0 && !proxied {
		return errors.New("funcsim knows one http output of an httpTrigger and no other binding")
	}
	switch strings.ToLower(t.Type) {
	case strings.ToLower(httpTrigger):
		if !proxied {
			return errors.New("an httpTrigger without an http output is not proxied")
		}
		return f.setHTTP(t, env)
	case strings.ToLower(eventGridTrigger):
		return f.setEventGrid(t)
	case strings.ToLower(timerTrigger):
		return f.setTimer(t, env)
	case strings.ToLower(queueTrigger):
		return f.setQueue(t, env)
	}
	return fmt.Errorf("%s: not supported by funcsim", t.Type)
}

func (f *function) setEventGrid(t binding) error {
	f.trigger = eventGridTrigger
	if t.Cardinality != "" && !strings.EqualFold(t.Cardinality, "one") {
		return fmt.Errorf("cardinality %s: not supported by funcsim", t.Cardinality)
	}
	return nil
}

func (f *function) setHTTP(t binding, env environment) error {
	f.trigger = httpTrigger
	f.authLevel = strings.ToLower(t.AuthLevel)
	switch f.authLevel {
	case "":
		f.authLevel = "function"
	case "anonymous", "function", "admin":
	default:
		return fmt.Errorf("authLevel %q: want anonymous, function or admin", t.AuthLevel)
	}
	for _, m := range t.Methods {
		f.methods = append(f.methods, strings.ToUpper(m))
	}
	template := f.name
	if t.Route != nil {
		template = *t.Route
	}
	template, err := env.expand(template)
	if err != nil {
		return fmt.Errorf("route: %w", err)
	}
	f.route, err = parseRoute(template)
	return err
}

func (f *function) setTimer(t binding, env environment) error {
	f.trigger = timerTrigger
	if t.RunOnStartup || t.UseMonitor != nil {
		return errors.New("runOnStartup, useMonitor: not supported by funcsim")
	}
	text, err := env.expand(t.Schedule)
	if err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	f.schedule, err = parseSchedule(text)
	return err
}

// Source: learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata.
var queueName = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){2,}$`)

const (
	maxQueueName = 63
	// poisonSuffix makes the name of a queue that of its poison queue. The host gives none
	// to a queue whose name has the suffix, or would be too long with it.
	poisonSuffix = "-poison"
)

func (f *function) setQueue(t binding, env environment) error {
	f.trigger = queueTrigger
	if t.Connection != "" && t.Connection != "AzureWebJobsStorage" {
		return fmt.Errorf("connection %s: funcsim knows AzureWebJobsStorage only", t.Connection)
	}
	name, err := env.expand(t.QueueName)
	if err != nil {
		return fmt.Errorf("queueName: %w", err)
	}
	if f.queue = strings.ToLower(name); !queueName.MatchString(f.queue) || len(f.queue) > maxQueueName {
		return fmt.Errorf("queueName %q: not the name of a queue", name)
	}
	if len(f.queue+poisonSuffix) > maxQueueName || strings.HasSuffix(f.queue, poisonSuffix) {
		return fmt.Errorf("queueName %q: it has no poison queue, which is not supported by funcsim", name)
	}
	return nil
}

// fromBundle reports whether the trigger comes from the extension bundle, not from
// the host itself.
func (f *function) fromBundle() bool {
	return f.trigger == eventGridTrigger || f.trigger == queueTrigger
}

// allows reports whether the HTTP function accepts this method.
func (f *function) allows(method string) bool {
	return len(f.methods) == 0 || slices.Contains(f.methods, method)
}

func (f *function) describe(prefix string) Function {
	d := Function{Name: f.name, Trigger: f.trigger}
	switch f.trigger {
	case httpTrigger:
		d.Methods, d.Path = f.methods, "/"+strings.TrimPrefix(prefix+"/"+f.route.template, "/")
	case eventGridTrigger:
		d.Path = eventGridPath + "?functionName=" + f.name
	case timerTrigger:
		d.Source = string(f.schedule)
	case queueTrigger:
		d.Source = f.queue
	}
	return d
}
