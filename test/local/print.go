package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/campaign"
	"switchboard/handler/filing"
	"switchboard/test/acssim"
	"switchboard/test/rig"
	"switchboard/test/scenario"
)

// printer writes the timeline: what happens in the telephone network, and what
// the exchange makes of it.
type printer struct {
	mu    sync.Mutex
	w     io.Writer
	color bool
	began time.Time
	// delivered counts the events that came to the exchange.
	delivered int
}

func newPrinter(w io.Writer, color bool) *printer {
	return &printer{w: w, color: color, began: time.Now()}
}

// Colours of the three sources, as terminals take them.
const (
	plain  = "\x1b[0m"
	faint  = "\x1b[2m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
)

// line prints one line of the timeline.
func (p *printer) line(color, source, what, text string) {
	text = rawID.ReplaceAllString(text, "$1:…$2")
	p.mu.Lock()
	defer p.mu.Unlock()
	end := plain
	if !p.color {
		color, end = "", ""
	}
	fmt.Fprintf(p.w, "%s%7.2fs  %-9s %-12s %s%s\n", color, time.Since(p.began).Seconds(), source, what, text, end)
}

// rawID is a raw id with GUIDs in it, of which the last eight digits are enough
// to tell one person from another.
var rawID = regexp.MustCompile(`\b(8:acs|8:orgid|28:orgid):[0-9a-f_-]*([0-9a-f]{8})\b`)

// note tells what is being done about the stage itself.
func (p *printer) note(text string) { p.line(faint, "local", "", text) }

// network prints an entry of the simulator. Requests are what the exchange asked for.
func (p *printer) network(e acssim.Entry) {
	switch e.Kind {
	case "callback", "eventgrid":
		p.mu.Lock()
		p.delivered++
		p.mu.Unlock()
		p.line(yellow, "ACS", e.Kind, e.Text)
	case "request":
		p.line(green, "exchange", e.Kind, e.Text)
	default:
		p.line("", "phone", e.Kind, e.Text)
	}
}

// handler prints the handler's own word on what has moved on. A real host puts its
// own words before a line of the handler, and now and then two of them into one of
// its own.
func (p *printer) handler(line string) {
	start := strings.Index(line, "{")
	if start < 0 {
		return
	}
	for lines := json.NewDecoder(strings.NewReader(line[start:])); ; {
		var said logLine
		if lines.Decode(&said) != nil {
			return
		}
		if what, words := said.describe(); what != "" {
			p.line(green, "exchange", what, words)
		}
	}
}

// said is a line of the handler's log.
type logLine struct {
	Message, State, Node, Outcome string
	Files, Contacts               int
}

// words are the line for people, empty if it is not for them.
func (s logLine) describe() (what, words string) {
	switch s.Message {
	case "call moved":
		words = s.State
		if s.Node != "" {
			words += " at " + s.Node
		}
		if s.Outcome != "" {
			words += ", " + s.Outcome
		}
		return "moved", words
	case "recording over":
		return s.State, fmt.Sprintf("a recording of %d files", s.Files)
	case "campaign done":
		return "done", fmt.Sprintf("a campaign of %d contacts", s.Contacts)
	}
	return "", ""
}

// raw prints a line of the host as it is.
func (p *printer) raw(line string) { p.line(faint, "host", "", line) }

// summary prints how the stories ended and what they took.
func (p *printer) summary(ctx context.Context, r *rig.Rig, played scenario.Result) error {
	var lines []string
	transitions := 0
	for _, id := range played.Calls {
		row, err := r.Env.Calls.Load(ctx, id)
		if err != nil {
			return err
		}
		c := row.Value
		transitions += c.Seq
		lines = append(lines, fmt.Sprintf("call %s: %s after %.1f s", id, c.Outcome, c.EndedAt.Sub(c.OfferedAt).Seconds()))
		for _, asked := range c.Recordings {
			recording, err := p.recording(ctx, r, asked)
			if err != nil {
				return err
			}
			lines = append(lines, recording...)
		}
	}
	for _, id := range played.Campaigns {
		contacts, took, err := p.campaign(ctx, r, id)
		if err != nil {
			return err
		}
		transitions += took
		lines = append(lines, contacts...)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	storage, asked := r.Requests()
	fmt.Fprintf(p.w, "\n%s\n%d events, %d transitions, %d storage operations, %d requests to ACS, on %s\n",
		strings.Join(lines, "\n"), p.delivered, transitions, storage, asked, r.Host.Name())
	return nil
}

// recording says where the files of a recording are.
func (p *printer) recording(ctx context.Context, r *rig.Rig, asked call.Recording) ([]string, error) {
	if asked.State != call.RecordingFiled {
		return nil, fmt.Errorf("the recording is %s, not filed", asked.State)
	}
	row, err := r.Env.Recordings.Load(ctx, filing.Key(asked.ID))
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, c := range row.Value.Chunks {
		lines = append(lines, fmt.Sprintf("  recording %s: %s, %d bytes", row.Value.State, c.File, c.Size))
	}
	return lines, nil
}

// campaign says how each contact of a campaign ended, and how many transitions their
// calls took.
func (p *printer) campaign(ctx context.Context, r *rig.Rig, id campaign.ID) (lines []string, transitions int, err error) {
	c, err := r.Env.Ledger.Campaign(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	lines = []string{fmt.Sprintf("campaign %s: %s after %.1f s", c.Name, c.State, c.Finished.Sub(c.Started).Seconds())}
	contacts, _, err := r.Env.Ledger.Contacts(ctx, c, "", c.Contacts)
	if err != nil {
		return nil, 0, err
	}
	for _, who := range contacts {
		row, err := r.Env.Calls.Load(ctx, who.Call)
		if err != nil {
			return nil, 0, err
		}
		transitions += row.Value.Seq
		n, err := r.Env.Ledger.Number(ctx, who.Number)
		if err != nil {
			return nil, 0, err
		}
		line := fmt.Sprintf("  •••%s: %s", who.Number[len(who.Number)-4:], who.Result())
		for _, name := range slices.Sorted(maps.Keys(who.Values)) {
			line += ", " + name + " " + who.Values[name]
		}
		if len(n.OptOuts) > 0 {
			line += ", opted out"
		}
		lines = append(lines, line)
	}
	return lines, transitions, nil
}

// stay prints how to play with the exchange.
func (p *printer) stay(r *rig.Rig) {
	fmt.Fprintf(p.w, `
The exchange stays up until Ctrl-C.

  host      %[1]s
  ACS       %[2]s  (simulated; its control API is below /sim)
  storage   %[3]s

Ring the exchange, press a key, look at the calls:

  curl -s %[2]s/sim/calls -d '{"from":"+12065550100","to":"%[4]s","script":"wait 20s; hang up"}'
  curl -s %[2]s/sim/calls/<call>/press -d '{"tones":"1"}'   # <call> is in the answer to the first
  curl -s %[2]s/sim/calls
  curl -s %[1]s/api/v1/worklist
  curl -s %[1]s/api/v1/calls/<id>
  curl -s %[1]s/api/v1/calls/<id>/history

Call people (+1206555 and 0180 to 0191 are telephones that do as test/acssim/README.md says), and look at what came of it:

  curl -s %[1]s/api/v1/campaigns -H 'Content-Type: application/json' -H 'Idempotency-Key: mine-1' \
    -d '{"name":"mine","flow":"notice","lines":["%[4]s"],"ring":"10s","contacts":[{"number":"+12065550181"}]}'
  curl -s %[1]s/api/v1/campaigns
  curl -s %[1]s/api/v1/campaigns/<id>/contacts

`, r.Host.URL(), r.ACSURL, r.Azurite.ConnectionString(), scenario.Line)
}
