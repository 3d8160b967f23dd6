package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// executions are the runs of one function.
type executions struct {
	// Group is what scales together on Flex Consumption: all HTTP functions, or one other function.
	Group string `json:"group"`
	Count int    `json:"count"`
	// Seconds is how long they took; BilledSeconds is that with Flex Consumption's minimum and rounding.
	Seconds       float64 `json:"seconds"`
	BilledSeconds float64 `json:"billedSeconds"`
}

// groupHTTP is the group of all HTTP functions.
const groupHTTP = "http"

// Flex Consumption bills an execution for at least a second, and beyond that in steps of 100 ms.
//
// Source: learn.microsoft.com/azure/azure-functions/flex-consumption-plan, "Billing".
const (
	leastBilled = time.Second
	billedStep  = 100 * time.Millisecond
)

// billed returns how long an execution is billed for if no other shares its instance.
func billed(took time.Duration) time.Duration {
	if took <= leastBilled {
		return leastBilled
	}
	return (took + billedStep - 1).Truncate(billedStep)
}

// executionLog counts the executions that the host logs.
type executionLog struct {
	groups map[string]string // by function

	mu   sync.Mutex
	seen map[string]executions // by function
}

// newExecutionLog returns the log of an app, whose root folder has a folder for each function.
func newExecutionLog(root string) (*executionLog, error) {
	files, err := filepath.Glob(filepath.Join(root, "*", "function.json"))
	if err != nil {
		return nil, err
	}
	l := &executionLog{groups: map[string]string{}, seen: map[string]executions{}}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(filepath.Dir(file))
		if l.groups[name], err = groupOf(name, content); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if len(l.groups) == 0 {
		return nil, fmt.Errorf("no function in %s", root)
	}
	return l, nil
}

// groupOf returns the group of a function by its function.json.
func groupOf(name string, content []byte) (string, error) {
	var doc struct {
		Bindings []struct{ Type string }
	}
	if err := json.Unmarshal(content, &doc); err != nil {
		return "", err
	}
	for _, b := range doc.Bindings {
		if strings.EqualFold(b.Type, "httpTrigger") {
			return groupHTTP, nil
		}
	}
	return name, nil
}

// settings returns the settings that make a real host log the executions of every function; host.json keeps some quiet.
func (l *executionLog) settings() map[string]string {
	settings := map[string]string{}
	for name := range l.groups {
		settings["AzureFunctionsJobHost__logging__logLevel__Function."+name] = "Information"
	}
	return settings
}

// executed matches the host's line at the end of an execution.
var executed = regexp.MustCompile(`Executed 'Functions\.(\w+)' \((?:Succeeded|Failed), Id=[^,]*, Duration=(\d+)ms\)`)

// line reads a line of the host.
func (l *executionLog) line(text string) {
	m := executed.FindStringSubmatch(text)
	if m == nil {
		return
	}
	ms, err := strconv.Atoi(m[2])
	group, ok := l.groups[m[1]]
	if err != nil || !ok {
		return
	}
	took := time.Duration(ms) * time.Millisecond
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.seen[m[1]]
	l.seen[m[1]] = executions{group, e.Count + 1, e.Seconds + took.Seconds(), e.BilledSeconds + billed(took).Seconds()}
}

// take returns the executions since the last take.
func (l *executionLog) take() map[string]executions {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.seen
	l.seen = map[string]executions{}
	return taken
}

// joinExecutions adds the executions of other to those of all.
func joinExecutions(all, other map[string]executions) {
	for name, e := range other {
		sum := all[name]
		all[name] = executions{e.Group, sum.Count + e.Count, sum.Seconds + e.Seconds, sum.BilledSeconds + e.BilledSeconds}
	}
}
