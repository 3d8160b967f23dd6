// Package scenario tells the exchange's stories: text files that say who rings
// whom, what everybody does with their telephone, and what the exchange must
// make of it. The same story runs in virtual time and memory, over real storage
// and processes, and as the demonstration.
//
// The rule that keeps it: a story sees the exchange from outside only, through
// telephones, the host's front, and the rows that the exchange leaves behind.
//
// A story is a list of lines; a line that begins with # is for the reader:
//
//	name NAME RAWID                    who is who, from here on
//	flow FILE                          puts a flow into the catalog
//	routes FILE                        puts the routes into the catalog
//	phone WHO: SCRIPT                  what WHO does when the telephone rings
//	call NAME FROM > TO: SCRIPT        FROM rings TO; NAME is what we call it
//	event NAME FILE                    posts a document to the Event Grid webhook
//	campaign NAME FILE                 creates a campaign by the API; NAME is what we call it
//	wait DURATION                      lets time go by
//	expect NAME KEY=VALUE ...          of a call, see callFacts
//	expect NAME replays                its history leads to its row
//	expect CAMPAIGN KEY=VALUE ...      of a campaign: state, counters, results
//	expect CAMPAIGN NUMBER KEY=VALUE … of its contact with the number: state, result, variables
//	expect number NUMBER KEY=VALUE ... of a number: optOuts, dials, taken
//	expect KEY=VALUE ...               of the exchange, see worldFacts
//	expect rings WHO=N ...             how often WHO's telephone was made to ring
//	expect joins WHO=N ...             how often WHO came into a call
//
// WHO, FROM and TO are names, raw ids or numbers in E.164; scripts are those of
// acssim; files stand beside the story. An expectation waits until it is true
// and fails if it is not in time: after World.Patience, or what `within DURATION`
// at the end of its line says.
package scenario

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"

	"switchboard/handler/archive"
	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/catalog"
	"switchboard/handler/store"
	"switchboard/test/acssim"
)

// World is where a story happens: a running exchange, and the people around it.
type World struct {
	ACS     *acssim.Server
	Host    *http.Client     // reaches the host's front
	URL     string           // the front's address, without a slash at the end
	Catalog *catalog.Catalog // where flows and routes are put

	// The rows and files that the exchange leaves behind.
	Calls      *store.Calls
	Ledger     *store.Ledger
	Recordings *store.Recordings
	Files      archive.Files

	// Patience is how long an expectation may take that names no time of its
	// own. Default: 2 min, more than any wait of the exchange that a story meets.
	Patience time.Duration
}

const defaultPatience = 2 * time.Minute

// Story is a story as it was read. It may be run any number of times, in
// different worlds also at the same time.
type Story struct {
	File  string
	lines []line
}

// line is one line of a story that asks for something.
type line struct {
	number  int
	text    string
	command command
}

// command is what a line asks for.
type command interface {
	// run does it. An error says why it could not be done, or what is not as it
	// was expected.
	run(ctx context.Context, t *telling) error
}

// Played is what came of a story.
type Played struct {
	Calls     []call.ID     // the exchange's ids of the calls that the story names, in its order
	Campaigns []campaign.ID // those that the story has created
}

// Read reads a story and the documents that it names.
func Read(files fs.FS, file string) (*Story, error) {
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, err
	}
	s, err := Parse(file, text)
	if err != nil {
		return nil, err
	}
	for _, l := range s.lines {
		d, ok := l.command.(interface{ load(fs.FS, string) error })
		if !ok {
			continue
		}
		if err := d.load(files, path.Dir(file)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, l.number, err)
		}
	}
	return s, nil
}

// Run plays the story. The first line that fails ends it; the error names it.
func (s *Story) Run(ctx context.Context, w World) (Played, error) {
	t := newTelling(w)
	for _, l := range s.lines {
		if err := l.command.run(ctx, t); err != nil {
			return t.played(), fmt.Errorf("%s:%d: %s: %w", s.File, l.number, l.text, err)
		}
	}
	return t.played(), nil
}

// RunFile reads a story and plays it.
func RunFile(ctx context.Context, w World, files fs.FS, file string) (Played, error) {
	s, err := Read(files, file)
	if err != nil {
		return Played{}, err
	}
	return s.Run(ctx, w)
}

//go:embed testdata/*.txt testdata/*.json
var library embed.FS

// Stories are the stories of this package, with their documents. The one to
// begin with is inbound.txt.
var Stories = func() fs.FS {
	files, err := fs.Sub(library, "testdata")
	if err != nil {
		panic(err) // not with a constant
	}
	return files
}()

// Line is the raw id of the line that people ring in Stories.
const Line = "28:orgid:cd7b6a0c-6b1b-4a54-8f0e-2f6a3a1f7c11"

// ReadAll reads all stories in a folder, in the order of their files' names.
func ReadAll(files fs.FS) ([]*Story, error) {
	names, err := fs.Glob(files, "*.txt")
	if err != nil {
		return nil, err
	}
	var all []*Story
	for _, name := range names {
		s, err := Read(files, name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
