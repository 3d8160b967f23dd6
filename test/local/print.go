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

// printer writes the timeline: what happens in the telephone network, and what the
// handler does.
type printer struct {
	mu    sync.Mutex
	w     io.Writer
	color bool
	began time.Time
	// delivered counts the events that were sent to the handler.
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

// rawID matches a raw id with GUIDs in it. Its last eight digits are enough to
// distinguish people.
var rawID = regexp.MustCompile(`\b(8:acs|8:orgid|28:orgid):[0-9a-f_-]*([0-9a-f]{8})\b`)

// note prints what this program itself is doing.
func (p *printer) note(text string) { p.line(faint, "local", "", text) }

// network prints an entry of the simulator. Requests are those of the handler.
func (p *printer) network(e acssim.Entry) {
	switch e.Kind {
	case "callback", "eventgrid":
		p.mu.Lock()
		p.delivered++
		p.mu.Unlock()
		p.line(yellow, "ACS", e.Kind, e.Text)
	case "request":
		p.line(green, "handler", e.Kind, e.Text)
	default:
		p.line("", "phone", e.Kind, e.Text)
	}
}

// handler prints lines of the handler's log that are about calls, recordings and
// campaigns. A real host adds text before a line, and sometimes joins two of them.
func (p *printer) handler(line string) {
	start := strings.Index(line, "{")
	if start < 0 {
		return
	}
	for lines := json.NewDecoder(strings.NewReader(line[start:])); ; {
		var l logLine
		if lines.Decode(&l) != nil {
			return
		}
		if what, text := l.describe(); what != "" {
			p.line(green, "handler", what, text)
		}
	}
}

// logLine is a line of the handler's log.
type logLine struct {
	Message, State, Node, Outcome string
	Files, Contacts               int
}

// describe returns what the timeline prints for the line, empty if it prints nothing.
func (l logLine) describe() (what, text string) {
	switch l.Message {
	case "call changed":
		text = l.State
		if l.Node != "" {
			text += " at " + l.Node
		}
		if l.Outcome != "" {
			text += ", " + l.Outcome
		}
		return "changed", text
	case "recording ended":
		return l.State, fmt.Sprintf("a recording of %d files", l.Files)
	case "campaign done":
		return "done", fmt.Sprintf("a campaign of %d contacts", l.Contacts)
	}
	return "", ""
}

// raw prints a line of the host as it is.
func (p *printer) raw(line string) { p.line(faint, "host", "", line) }

// summary prints how the calls and campaigns of the scenarios ended.
func (p *printer) summary(ctx context.Context, r *rig.Rig, result scenario.Result) error {
	var lines []string
	transitions := 0
	for _, named := range result.Calls {
		row, err := r.Env.Calls.Load(ctx, named.ID)
		if err != nil {
			return err
		}
		c := row.Value
		transitions += c.Seq
		lines = append(lines, fmt.Sprintf("call %s: %s after %.1f s", c.ID, c.Outcome, c.EndedAt.Sub(c.OfferedAt).Seconds()))
		for _, recording := range c.Recordings {
			files, err := p.recording(ctx, r, recording)
			if err != nil {
				return err
			}
			lines = append(lines, files...)
		}
	}
	for _, named := range result.Campaigns {
		contacts, n, err := p.campaign(ctx, r, named.ID)
		if err != nil {
			return err
		}
		transitions += n
		lines = append(lines, contacts...)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	storage, acs := r.Requests()
	fmt.Fprintf(p.w, "\n%s\n%d events, %d transitions, %d storage operations, %d requests to ACS, on %s\n",
		strings.Join(lines, "\n"), p.delivered, transitions, storage, acs, r.Host.Name())
	return nil
}

// recording returns a line for each file of a recording.
func (p *printer) recording(ctx context.Context, r *rig.Rig, recording call.Recording) ([]string, error) {
	if recording.State != call.RecordingFiled {
		return nil, fmt.Errorf("the recording is %s, not filed", recording.State)
	}
	row, err := r.Env.Recordings.Load(ctx, filing.Key(recording.ID))
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, c := range row.Value.Chunks {
		lines = append(lines, fmt.Sprintf("  recording %s: %s, %d bytes", row.Value.State, c.File, c.Size))
	}
	return lines, nil
}

// campaign returns a line for each contact of a campaign, and the number of transitions
// of their last calls.
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
		line := fmt.Sprintf("  number ending in %s: %s", who.Number[len(who.Number)-4:], who.Result())
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

// stay prints how to use the running app.
func (p *printer) stay(r *rig.Rig) {
	fmt.Fprintf(p.w, `
The app runs until Ctrl-C.

  host      %[1]s
  ACS       %[2]s  (simulated; its control API is below /sim)
  storage   %[3]s

Ring the line, press a key, look at the calls:

  curl -s %[2]s/sim/calls -d '{"from":"+12065550100","to":"%[4]s","script":"wait 20s; hang up"}'
  curl -s %[2]s/sim/calls/<call>/press -d '{"tones":"1"}'   # <call> is in the answer to the first
  curl -s %[2]s/sim/calls
  curl -s %[1]s/api/v1/worklist
  curl -s %[1]s/api/v1/calls/<id>
  curl -s %[1]s/api/v1/calls/<id>/history

Run a campaign (test/acssim/README.md says what the numbers +1206555 with 0180 to 0191 do), and look at its results:

  curl -s %[1]s/api/v1/campaigns -H 'Content-Type: application/json' -H 'Idempotency-Key: mine-1' \
    -d '{"name":"mine","flow":"notice","lines":["%[4]s"],"ring":"10s","contacts":[{"number":"+12065550181"}]}'
  curl -s %[1]s/api/v1/campaigns
  curl -s %[1]s/api/v1/campaigns/<id>/contacts

`, r.Host.URL(), r.ACSURL, r.Azurite.ConnectionString(), scenario.Line)
}
