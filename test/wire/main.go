// Wire checks that the acs client and the event package speak as Microsoft's own
// client does. It reads files of recordings ("vectors"), recognizes their kind by
// their content, and checks every entry:
//
//	go run ./test/wire [-v] FILE...
//
// Requests are built by the client from an entry's input alone and sent to a
// recorder on this machine. Where the client differs on purpose, a rule says so:
// a predicate with a name and a reason, see rules.go. With -v the entries that
// pass are listed as well. The last line has the totals. The exit status is 1 if an
// entry failed, and 2 if a file could not be read.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("wire", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprintln(stderr, "usage: wire [-v] FILE...") }
	verbose := flags.Bool("v", false, "list the entries that pass as well")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		if err == nil {
			flags.Usage()
		}
		return 2
	}
	r := &report{out: stdout, verbose: *verbose}
	for _, name := range flags.Args() {
		if err := checkFile(ctx, r, name); err != nil {
			fmt.Fprintf(stderr, "wire: %s: %v\n", name, err)
			return 2
		}
	}
	fmt.Fprintf(stdout, "wire: %d passed (%d by rule), %d failed\n", r.passed, r.byRule, r.failed)
	if r.failed > 0 {
		return 1
	}
	return 0
}

// checkFile checks all entries of one file.
func checkFile(ctx context.Context, r *report, name string) error {
	doc, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	r.file = filepath.Base(name)
	check, err := checkerOf(doc)
	if err != nil {
		return err
	}
	return check(ctx, r, doc)
}

// checker checks the entries of a document.
type checker func(ctx context.Context, r *report, doc []byte) error

// checkerOf returns the checker for the content of a document.
func checkerOf(doc []byte) (checker, error) {
	var list []map[string]json.RawMessage
	if json.Unmarshal(doc, &list) == nil {
		if len(list) == 0 {
			return checkVectors, nil // nothing to check
		}
		switch first := list[0]; {
		case first["accepted"] != nil:
			return checkStatuses, nil
		case first["operation"] != nil:
			return checkVectors, nil
		}
		return nil, errors.New("a list of unknown entries")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(doc, &object); err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		member string
		check  checker
	}{
		{"vectors", checkVectorsWithin}, {"policy", checkHMAC}, {"wholeCalls", checkHMAC}, {"urls", checkURLs},
		{"fromRawId", checkRawIDs}, {"fromIdentifier", checkRawIDs}, {"deserialized", checkRawIDs},
		{"inbound", checkStreaming}, {"outbound", checkStreaming}, {"events", checkEvents}, {"edge", checkEvents},
		{"apiVersion", checkNothing},
	} {
		// In the file of versions, vectors is their number, not a list.
		if member := object[kind.member]; member != nil && (kind.member != "vectors" || member[0] == '[') {
			return kind.check, nil
		}
	}
	return nil, errors.New("an object of unknown content")
}

// checkNothing accepts the file of versions, which has nothing to check.
func checkNothing(context.Context, *report, []byte) error { return nil }
