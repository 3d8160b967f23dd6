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
	switch v := env["AzureWebJobs."+name+".Disabled"]; {
	case file.Disabled, v == "1", strings.EqualFold(v, "true"):
		return nil, nil
	case !functionName.MatchString(name) || strings.EqualFold(name, "host"):
		return nil, errors.New("the folder's name cannot be a function's")
	case file.Retry != nil:
		return nil, errors.New("retry: not supported by funcsim")
	}

	var triggers, others []binding
	for _, b := range file.Bindings {
		if strings.HasSuffix(strings.ToLower(b.Type), "trigger") {
			triggers = append(triggers, b)
		} else {
			others = append(others, b)
		}
	}
	if len(triggers) != 1 {
		return nil, fmt.Errorf("%d triggers, want one", len(triggers))
	}
	t := triggers[0]
	f := &function{name: name, binding: t.Name}
	if t.Name == "" || t.Direction != "in" {
		return nil, errors.New("the trigger needs a name and direction in")
	}
	if t.DataType != "" {
		return nil, errors.New("dataType: not supported by funcsim")
	}
	proxied := strings.EqualFold(t.Type, httpTrigger) &&
		len(others) == 1 && strings.EqualFold(others[0].Type, "http") && others[0].Direction == "out"
	if len(others) != 0 && !proxied {
		return nil, errors.New("funcsim knows one http output of an httpTrigger and no other binding")
	}

	switch kind := strings.ToLower(t.Type); kind {
	case strings.ToLower(httpTrigger):
		if !proxied {
			return nil, errors.New("an httpTrigger without an http output is not proxied")
		}
		return f, f.setHTTP(t, env)
	case strings.ToLower(eventGridTrigger):
		f.trigger = eventGridTrigger
		if c := t.Cardinality; c != "" && !strings.EqualFold(c, "one") {
			return nil, fmt.Errorf("cardinality %s: not supported by funcsim", c)
		}
		return f, nil
	case strings.ToLower(timerTrigger):
		return f, f.setTimer(t, env)
	case strings.ToLower(queueTrigger):
		return f, f.setQueue(t, env)
	default:
		return nil, fmt.Errorf("%s: not supported by funcsim", t.Type)
	}
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
