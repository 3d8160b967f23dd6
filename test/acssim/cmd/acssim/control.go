package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"switchboard/test/acssim"
)

// command is a command that sends one request to a running simulator.
type command struct {
	args    []string // names of the arguments, for the usage
	method  string
	request func(args []string, o options) (path string, body any)
	show    func(w io.Writer, answer []byte) error // prints the answer; nil: prints nothing
}

type options struct{ script, name, who, behalf string }

var commands = map[string]command{
	"call": {[]string{"FROM", "TO"}, http.MethodPost, func(a []string, o options) (string, any) {
		return "/sim/calls", acssim.Caller{From: a[0], To: a[1], DisplayName: o.name, Script: o.script, OnBehalfOf: o.behalf}
	}, showID},
	"talk": {[]string{"RAWID", "RAWID"}, http.MethodPost, func(a []string, o options) (string, any) {
		people := []acssim.Person{{RawID: a[0], Script: o.script}, {RawID: a[1]}}
		return "/sim/conversations", acssim.Conversation{GroupID: o.name, People: people}
	}, showID},
	"press": {[]string{"CALL", "TONES"}, http.MethodPost, func(a []string, o options) (string, any) {
		return "/sim/calls/" + url.PathEscape(a[0]) + "/press", map[string]string{"tones": a[1], "participant": o.who}
	}, nil},
	"say": {[]string{"CALL", "WORDS"}, http.MethodPost, func(a []string, o options) (string, any) {
		return "/sim/calls/" + url.PathEscape(a[0]) + "/say", map[string]string{"text": a[1], "participant": o.who}
	}, nil},
	"hangup": {[]string{"CALL"}, http.MethodPost, func(a []string, o options) (string, any) {
		return "/sim/calls/" + url.PathEscape(a[0]) + "/hangup", map[string]string{"participant": o.who}
	}, nil},
	"phone": {[]string{"RAWID", "SCRIPT"}, http.MethodPut, func(a []string, _ options) (string, any) {
		return "/sim/phones/" + url.PathEscape(a[0]), map[string]string{"script": a[1]}
	}, nil},
	"calls": {nil, http.MethodGet, func([]string, options) (string, any) { return "/sim/calls", nil }, showCalls},
	"faults": {[]string{"JSON"}, http.MethodPut, func(a []string, _ options) (string, any) {
		return "/sim/faults", json.RawMessage(a[0])
	}, nil},
	"rings": {nil, http.MethodGet, func([]string, options) (string, any) { return "/sim/rings", nil }, showRings},
}

// control executes a command; args[0] is its name.
func control(ctx context.Context, c command, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("acssim "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:8080", "address of the running simulator")
	var o options
	switch args[0] {
	case "call":
		flags.StringVar(&o.script, "script", "", "what the caller does, such as 'wait prompt; press 1'")
		flags.StringVar(&o.name, "name", "", "display name of the caller")
		flags.StringVar(&o.behalf, "behalf", "", "resource account on whose behalf an agent calls")
	case "talk":
		flags.StringVar(&o.script, "script", "", "what the first one does")
		flags.StringVar(&o.name, "group", "", "id of the group that they are in")
	case "press", "say", "hangup":
		flags.StringVar(&o.who, "who", "", "raw id or number of a person other than the caller")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if args[0] == "faults" && flags.NArg() == 0 { // without rates it shows them
		c = command{method: http.MethodGet, request: func([]string, options) (string, any) { return "/sim/faults", nil }, show: showFaults}
	}
	if flags.NArg() != len(c.args) {
		return fmt.Errorf("usage: acssim %s [flags] %v", args[0], c.args)
	}
	path, body := c.request(flags.Args(), o)
	answer, err := ask(ctx, c.method, "http://"+*addr+path, body)
	if err != nil || c.show == nil {
		return err
	}
	return c.show(stdout, answer)
}

// ask sends a request to the control API and returns the answer. If the simulator
// refuses the request, the error is its reason.
func ask(ctx context.Context, method, target string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	content, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode > 299 {
		var problem struct{ Detail string }
		if json.Unmarshal(answer, &problem) != nil || problem.Detail == "" {
			problem.Detail = response.Status
		}
		return nil, fmt.Errorf("%s", problem.Detail)
	}
	return answer, nil
}

func showID(w io.Writer, answer []byte) error {
	var call struct{ ID string }
	if err := json.Unmarshal(answer, &call); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, call.ID)
	return err
}

func showCalls(w io.Writer, answer []byte) error {
	var calls []acssim.CallInfo
	if err := json.Unmarshal(answer, &calls); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CALL\tSTATE\tFROM\tTO\tSTARTED\tIN IT NOW")
	for _, c := range calls {
		present := 0
		for _, p := range c.Participants {
			if p.LeftAt.IsZero() {
				present++
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\n", c.ID, c.State, c.From, c.To, c.StartedAt.Format(time.TimeOnly), present)
	}
	return table.Flush()
}

// showFaults prints the rates in the form that the command accepts.
func showFaults(w io.Writer, answer []byte) error {
	_, err := w.Write(answer)
	return err
}

func showRings(w io.Writer, answer []byte) error {
	var rings []acssim.Rings
	if err := json.Unmarshal(answer, &rings); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RINGS\tWHO\tOPERATION CONTEXT")
	for _, r := range rings {
		fmt.Fprintf(table, "%d\t%s\t%s\n", r.Count, r.RawID, r.OperationContext)
	}
	return table.Flush()
}
