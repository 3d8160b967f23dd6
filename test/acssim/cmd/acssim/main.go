// Command acssim runs a simulator of Azure Communication Services Call
// Automation on this machine, or controls the telephones of a running one:
//
//	acssim [flags]                serve until interrupted
//	acssim call FROM TO           ring the application
//	acssim press CALL TONES       press keys, such as 12#
//	acssim say CALL WORDS
//	acssim hangup CALL
//	acssim phone RAWID SCRIPT     set the script of a callee
//	acssim talk RAWID RAWID       start a call without the application
//	acssim faults [JSON]          show or replace the rates of misbehaviour
//	acssim calls | rings
//
// It serves loopback only, because every client can ring the application.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"switchboard/test/acssim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "acssim:", err)
		os.Exit(1)
	}
}

const eventGridWebhook = "http://127.0.0.1:7071/runtime/webhooks/eventgrid?functionName=incomingcall"

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		if command, ok := commands[args[0]]; ok {
			return control(ctx, command, args, stdout, stderr)
		}
	}
	flags := flag.NewFlagSet("acssim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:8080", "loopback address to serve")
	key := flags.String("key", acssim.DevelopmentKey, "access key of the resource, `base64`")
	resource := flags.String("resource", acssim.DevelopmentResourceID, "immutable `id` of the resource")
	grid := flags.String("eventgrid", eventGridWebhook, "webhook `URL` for incoming calls")
	seed := flags.Uint64("seed", 0, "seed of ids and misbehaviour; 0: a random one")
	speed := flags.Float64("speed", 1, "how many times faster than real time people and time-outs are")
	content := flags.String("content", "", "`URL` of the host in the URLs of recordings, such as https://us-storage.asm.skype.com")
	queue := flags.String("queue", "", "`URL` of a storage queue of Azurite's for events about recordings")
	plain := flags.Bool("plain", false, "put events into the queue as plain text instead of base64")
	strict := flags.Bool("strict", false, "do not misbehave")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown command %q", flags.Arg(0))
	}
	listener, err := listen(*addr)
	if err != nil {
		return err
	}
	sim := &acssim.Server{
		AccessKey: *key, ResourceID: *resource, Endpoint: "http://" + listener.Addr().String(),
		EventGridURL: *grid, Seed: *seed, Strict: *strict, Speed: *speed, ContentURL: *content,
		Logf:    func(format string, args ...any) { fmt.Fprintf(stdout, format+"\n", args...) },
		OnEvent: func(e acssim.Entry) { print(stdout, e) },
	}
	if err := useAzurite(sim, *queue, *plain); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "acssim: serving %s\n", sim.Endpoint)
	return serve(ctx, listener, sim)
}

// listen listens on a loopback address. It refuses addresses that other machines can
// reach.
func listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not an address of loopback", addr)
	}
	return net.Listen("tcp", addr)
}

// serve serves sim until ctx is done, and returns when all its goroutines have ended.
func serve(ctx context.Context, listener net.Listener, sim *acssim.Server) error {
	server := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	sim.Start()
	var err error
	select {
	case err = <-stopped:
	case <-ctx.Done():
	}
	sim.Close() // ends the timelines that are followed, so that Shutdown is quick
	drain, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(drain))
}

// print writes an entry as one readable line.
func print(w io.Writer, e acssim.Entry) {
	fmt.Fprintf(w, "%s  %-8s %-10s %s\n", e.Time.Format("15:04:05.000"), e.Call, e.Kind, e.Text)
}
