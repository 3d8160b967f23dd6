// Command funcsim runs the function app in a folder, as func start does, where func
// is not installed.
//
//	go run ./test/funcsim/cmd/funcsim [-root DIR] [-port 7071]
//
// It prints the functions, then the handler's lines with their levels. Ctrl-C or
// SIGTERM ends it and the handler. Like func start it checks no keys. The setting
// FUNCSIM_FAULTS={"Kill":0.1,"Duplicate":0.2} makes the host misbehave; see
// funcsim.Faults.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"switchboard/test/funcsim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run runs the command until ctx ends, and then returns nil. It fails if the host does
// not start, or stops by itself.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("funcsim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "the function app's `folder`, the one with host.json")
	port := flags.String("port", "7071", "the `port` to listen on, 0 for a free one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("funcsim: unknown argument %q", flags.Arg(0))
	}
	host := &funcsim.Host{
		Root:      *root,
		Addr:      net.JoinHostPort("127.0.0.1", *port),
		CoreTools: true,
		Log: func(e funcsim.Entry) {
			fmt.Fprintf(stdout, "%s %-11s %-6s %s\n", time.Now().Format("15:04:05.000"), e.Level, e.Source, e.Text)
		},
	}
	if err := host.Start(ctx); err != nil {
		return err
	}
	defer host.Stop()
	printFunctions(stdout, host)
	<-host.Stopped()
	return host.Err()
}

func printFunctions(w io.Writer, host *funcsim.Host) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "funcsim, a stand-in for the Azure Functions host, on %s\n\nFunctions:\n", host.URL())
	for _, f := range host.Functions() {
		where := f.Source
		if f.Path != "" {
			where = host.URL() + f.Path
		}
		fmt.Fprintf(out, "\t%s:\t%s\t%s\n", f.Name, f.Trigger, strings.TrimSpace(where+" "+strings.Join(f.Methods, ",")))
	}
	fmt.Fprintln(out)
	_ = out.Flush() // errors of the output are ignored, as for the log
}
