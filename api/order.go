package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"switchboard/handler/catalog"
	"switchboard/handler/flow"
	"switchboard/handler/problem"
)

// What an order may hold.
const (
	maxName     = 128 // characters
	maxAttempts = 10
	maxContacts = 10_000
	minRing     = 5 * time.Second
	maxRing     = 180 * time.Second
)

// order is what a client wants a campaign to be.
type campaignRequest struct {
	name     string
	flow     string
	lines    []requestedLine
	attempts int
	ring     time.Duration
	numbers  []string // of the contacts, in E.164
}

type requestedLine struct {
	at    string // its path in the document
	rawID string
}

// parseOrder reads the body of a request for a campaign. The faults are all that
// the body alone can be blamed for, the first one of each member; an order without
// any is complete. Ring is how long a telephone rings where the order does not say.
func parseCampaignRequest(body []byte, ring time.Duration) (campaignRequest, problem.Faults) {
	head := struct {
		Name     string            `json:"name"`
		Flow     string            `json:"flow"`
		Lines    []json.RawMessage `json:"lines"`
		Attempts int               `json:"attempts"`
		Ring     flow.Duration     `json:"ring"`
		Contacts []json.RawMessage `json:"contacts"`
	}{Attempts: 1, Ring: flow.Duration(ring)}
	var faults faultList
	faults.addAll("", problem.Decode(body, &head))
	if faults.at["$"] {
		return campaignRequest{}, faults.all
	}
	o := campaignRequest{name: head.Name, flow: head.Flow, attempts: head.Attempts, ring: time.Duration(head.Ring)}
	switch n := utf8.RuneCountInString(o.name); {
	case strings.TrimSpace(o.name) == "":
		faults.add("name", "is missing")
	case n > maxName:
		faults.add("name", fmt.Sprintf("has %d characters, more than %d", n, maxName))
	}
	if o.flow == "" {
		faults.add("flow", "is missing")
	} else if !catalog.ValidName(o.flow) {
		faults.add("flow", "is not the name of a flow")
	}
	o.lines = parseLines(head.Lines, &faults)
	if o.attempts < 1 || o.attempts > maxAttempts {
		faults.add("attempts", fmt.Sprintf("must be 1 to %d", maxAttempts))
	}
	if o.ring < minRing || o.ring > maxRing {
		faults.add("ring", fmt.Sprintf("must be %v to %v", minRing, maxRing))
	}
	o.numbers = parseContacts(head.Contacts, &faults)
	return o, faults.all
}

// parseLines reads raw ids and numbers, and makes raw ids of the numbers.
func parseLines(docs []json.RawMessage, faults *faultList) []requestedLine {
	if len(docs) == 0 {
		faults.add("lines", "is empty")
	}
	var lines []requestedLine
	seen := map[string]string{} // paths by raw id
	for i, doc := range docs {
		at := "lines." + strconv.Itoa(i)
		var id string
		if err := json.Unmarshal(doc, &id); err != nil || id == "" {
			faults.add(at, "is neither a raw id nor a number with + and country code")
			continue
		}
		if strings.HasPrefix(id, "+") {
			id = "4:" + id
		}
		if first, ok := seen[id]; ok {
			faults.add(at, "is the same line as "+first)
			continue
		}
		seen[id] = at
		lines = append(lines, requestedLine{at: at, rawID: id})
	}
	return lines
}

// parseContacts returns the contacts' numbers.
func parseContacts(docs []json.RawMessage, faults *faultList) []string {
	if len(docs) == 0 {
		faults.add("contacts", "is empty")
	}
	if len(docs) > maxContacts {
		faults.add("contacts", fmt.Sprintf("are %d, more than %d", len(docs), maxContacts))
		return nil // one fault for each of them would help nobody
	}
	numbers := make([]string, 0, len(docs))
	seen := make(map[string]string, len(docs)) // paths by number
	for i, doc := range docs {
		at := "contacts." + strconv.Itoa(i)
		var contact struct {
			Number string `json:"number"`
		}
		faults.addAll(at, problem.Decode(doc, &contact))
		if faults.at[at] {
			continue
		}
		first, twice := seen[contact.Number]
		switch fault := numberFault(contact.Number); {
		case fault != "":
			faults.add(at+".number", fault)
		case twice:
			faults.add(at+".number", "is the same number as "+first)
		default:
			seen[contact.Number] = at + ".number"
			numbers = append(numbers, contact.Number)
		}
	}
	return numbers
}

// numberFault is what keeps a text from being a telephone number that can be dialled
// from everywhere; empty if nothing does. Whether somebody has the number, only
// dialling it can tell.
func numberFault(text string) string {
	if text == "" {
		return "is missing"
	}
	n, err := phonenumbers.Parse(text, "")
	if err != nil || phonenumbers.Format(n, phonenumbers.E164) != text {
		return `is not in E.164: "+", country code and number, in digits alone`
	}
	// A number that is possible within its area alone cannot be reached from elsewhere.
	if phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return "cannot be a telephone number: it is too long, too short, or lacks its area"
	}
	return ""
}

// faultList gathers the faults of a document, the first one at each path.
type faultList struct {
	all problem.Faults
	at  map[string]bool
}

func (l *faultList) add(path, text string) {
	if l.at[path] {
		return
	}
	if l.at == nil {
		l.at = map[string]bool{}
	}
	l.at[path] = true
	l.all = append(l.all, problem.Fault{Path: path, Text: text})
}

// take adds the faults of a part of the document, which is at the given path.
func (l *faultList) addAll(at string, faults problem.Faults) {
	for _, f := range faults {
		switch {
		case at == "":
			l.add(f.Path, f.Text)
		case f.Path == "$":
			l.add(at, f.Text)
		default:
			l.add(at+"."+f.Path, f.Text)
		}
	}
}
