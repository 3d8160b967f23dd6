// Package scenario runs scenarios: text files that say who rings whom, what each
// person does with their telephone, and what is expected of Switchboard. The same
// scenario runs in virtual time and memory, on real storage and processes, and as
// the demonstration.
//
// The rule that keeps it: a scenario sees Switchboard from outside only, through
// telephones, the host's frontend, and the rows that the handler writes.
//
// A scenario is one file in the txtar format: first its lines, then the documents that
// they name, each after a line `-- NAME --`. A scenario stands alone: a document that
// several scenarios use, such as the flow of the reception, is in each of them. So one
// file shows all that a run depends on, and a change of it is a change of one scenario.
//
// A line that begins with # is a comment; the others are:
//
//	name NAME RAWID                    gives a raw id or number a name
//	flow DOCUMENT                      puts a flow into the catalog
//	routes DOCUMENT                    puts the routes into the catalog
//	phone WHO: SCRIPT                  sets what WHO does when the telephone rings
//	call NAME FROM > TO: SCRIPT        FROM rings TO; NAME is the call's name from here on
//	event NAME DOCUMENT                posts a document to the Event Grid webhook
//	campaign NAME DOCUMENT             creates a campaign by the API; NAME is its name from here on
//	wait DURATION                      waits
//	expect NAME KEY=VALUE ...          of a call, see callFacts
//	expect NAME replays                of a call: the replay of its history equals its row
//	expect CAMPAIGN KEY=VALUE ...      of a campaign: state, counters, results
//	expect CAMPAIGN NUMBER KEY=VALUE … of its contact with the number: state, result, variables
//	expect number NUMBER KEY=VALUE ... of a number: optOuts, dials, reserved
//	expect KEY=VALUE ...               of Switchboard as a whole, see globalFacts
//	expect rings WHO=N ...             how often WHO's telephone rang
//	expect joins WHO=N ...             how often WHO joined a call
//
// WHO, FROM and TO are names, raw ids or numbers in E.164; scripts are those of
// acssim. An expectation waits until it is true. It fails after Env.Timeout, or after the
// time that `within DURATION` at the end of its line sets.
//
// At the end of the file, after the line `-- history --`, is what a run leads to. Each
// call, in the order of the lines, has a line for each transition, and its outcome; each
// campaign has its contacts with their results, and the calls of their attempts. The
// columns are the seconds since the run began, to a tenth; the event with its operation, with ACS's
// codes unless they are 200/0, and with its keys, persons or verdict; state and node after
// it; and the actions that it added, with their operations. Persons have the names that
// the scenario gives them, and nothing is shown that differs from run to run: replies that
// come at the same time are in the order of their operations.
//
// A test in test/e2e compares the history with that of a run in virtual time and without
// faults, and writes it when it is run with -update, so that a change of the handler is
// reviewed as a change of these files. Scenarios whose names end in -faults are for runs
// with faults, which decide what happens; they have no history.
package scenario

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"switchboard/handler/archive"
	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/catalog"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/test/acssim"
)

// Env is what a scenario runs on: a running app, and a simulator of ACS and of the
// people with their telephones.
type Env struct {
	ACS     *acssim.Server
	Host    *http.Client     // reaches the host's frontend
	URL     string           // the frontend's address, without a slash at the end
	Catalog *catalog.Catalog // where flows and routes are put

	// Calls, Ledger, Recordings, Files and the rows of the table of contacts are what the handler has written.
	Calls      *store.Calls
	Ledger     *store.Ledger
	Recordings *store.Recordings
	Files      archive.Files
	Contacts   table.Rows

	// Timeout is how long an expectation without `within` may take.
	// Default: 2 min, more than any wait of the handler in a scenario.
	Timeout time.Duration
}

const defaultTimeout = 2 * time.Minute

// Scenario is a scenario that has been read. It may be run any number of times, and
// concurrently if each run has an Env of its own.
type Scenario struct {
	File      string
	History   string            // the history in the file; empty: it has none
	people    map[string]string // raw ids and numbers, by name
	lines     []line
	documents []*document
}

// line is one line of a scenario that has a command.
type line struct {
	number  int
	text    string
	command command
}

// command is what a line does.
type command interface {
	// run executes the command. An error says why it failed, or what is not as
	// expected.
	run(ctx context.Context, r *run) error
}

// Result is what a run has created.
type Result struct {
	Began     time.Time
	Calls     []Named[call.ID]     // the scenario's calls in the handler, in the order of its lines
	Campaigns []Named[campaign.ID] // the scenario's campaigns, in the order of their names
}

// Named is what a scenario has given a name.
type Named[ID any] struct {
	Name string
	ID   ID
}

// Read reads a scenario from its file.
func Read(files fs.FS, file string) (*Scenario, error) {
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, err
	}
	return Parse(file, text)
}

// Run runs the scenario. The first line that fails ends the run; the error names it.
func (s *Scenario) Run(ctx context.Context, e Env) (Result, error) {
	r := newRun(e)
	for _, l := range s.lines {
		if err := l.command.run(ctx, r); err != nil {
			return r.result(), fmt.Errorf("%s:%d: %s: %w", s.File, l.number, l.text, err)
		}
	}
	return r.result(), nil
}

// RunFile reads a scenario and runs it.
func RunFile(ctx context.Context, e Env, files fs.FS, file string) (Result, error) {
	s, err := Read(files, file)
	if err != nil {
		return Result{}, err
	}
	return s.Run(ctx, e)
}

//go:embed testdata/*.txtar
var testdata embed.FS

// Files holds the scenarios of this package. The one to begin with is inbound.txtar.
var Files = func() fs.FS {
	files, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err) // not with a constant
	}
	return files
}()

// Line is the raw id of the line that is called in Files.
const Line = "28:orgid:cd7b6a0c-6b1b-4a54-8f0e-2f6a3a1f7c11"

// ReadAll reads all scenarios in a folder, in the order of their files' names.
func ReadAll(files fs.FS) ([]*Scenario, error) {
	names, err := fs.Glob(files, "*.txtar")
	if err != nil {
		return nil, err
	}
	var all []*Scenario
	for _, name := range names {
		s, err := Read(files, name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
