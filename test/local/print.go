package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

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

// handler prints the handler's own word on a call that has moved on. A real host
// puts its own words before a line of the handler, and now and then two of them
// into one of its own.
func (p *printer) handler(line string) {
	start := strings.Index(line, "{")
	if start < 0 {
		return
	}
	for lines := json.NewDecoder(strings.NewReader(line[start:])); ; {
		var moved struct{ Message, State, Node, Outcome string }
		if lines.Decode(&moved) != nil {
			return
		}
		if moved.Message != "call moved" {
			continue
		}
		words := moved.State
		if moved.Node != "" {
			words += " at " + moved.Node
		}
		if moved.Outcome != "" {
			words += ", " + moved.Outcome
		}
		p.line(green, "exchange", "moved", words)
	}
}

// raw prints a line of the host as it is.
func (p *printer) raw(line string) { p.line(faint, "host", "", line) }

// summary prints how the calls of the story ended and what it took.
func (p *printer) summary(ctx context.Context, r *rig.Rig, played scenario.Played) error {
	transitions := 0
	fmt.Fprintln(p.w)
	for _, id := range played.Calls {
		row, err := r.World.Calls.Load(ctx, id)
		if err != nil {
			return err
		}
		transitions += row.Value.Seq
		fmt.Fprintf(p.w, "call %s: %s after %.1f s\n", id, row.Value.Outcome, row.Value.EndedAt.Sub(row.Value.OfferedAt).Seconds())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	storage, asked := r.Requests()
	fmt.Fprintf(p.w, "%d events, %d transitions, %d storage operations, %d requests to ACS, on %s\n",
		p.delivered, transitions, storage, asked, r.Host.Name())
	return nil
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
  curl -s %[2]s/sim/calls/call-2/press -d '{"tones":"1"}'
  curl -s %[2]s/sim/calls
  curl -s %[1]s/api/v1/live
  curl -s %[1]s/api/v1/calls/<id>
  curl -s %[1]s/api/v1/calls/<id>/history

`, r.Host.URL(), r.ACSURL, r.Azurite.TableURL, scenario.Line)
}
