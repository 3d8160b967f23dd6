package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"switchboard/handler/acs"
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
	var faults problem.List
	faults.AddAll("", problem.Decode(body, &head))
	if faults.Has("$") {
		return campaignRequest{}, faults.Faults()
	}
	o := campaignRequest{name: head.Name, flow: head.Flow, attempts: head.Attempts, ring: time.Duration(head.Ring)}
	switch n := utf8.RuneCountInString(o.name); {
	case strings.TrimSpace(o.name) == "":
		faults.Add("name", "is missing")
	case n > maxName:
		faults.Add("name", fmt.Sprintf("has %d characters, more than %d", n, maxName))
	}
	if o.flow == "" {
		faults.Add("flow", "is missing")
	} else if !catalog.ValidName(o.flow) {
		faults.Add("flow", "is not the name of a flow")
	}
	o.lines = parseLines(head.Lines, &faults)
	if o.attempts < 1 || o.attempts > maxAttempts {
		faults.Add("attempts", fmt.Sprintf("must be 1 to %d", maxAttempts))
	}
	if o.ring < minRing || o.ring > maxRing {
		faults.Add("ring", fmt.Sprintf("must be %v to %v", minRing, maxRing))
	}
	o.numbers = parseContacts(head.Contacts, &faults)
	return o, faults.Faults()
}

// parseLines reads raw ids and numbers, and makes raw ids of the numbers.
func parseLines(docs []json.RawMessage, faults *problem.List) []requestedLine {
	if len(docs) == 0 {
		faults.Add("lines", "is empty")
	}
	var lines []requestedLine
	seen := map[string]string{} // paths by raw id
	for i, doc := range docs {
		at := "lines." + strconv.Itoa(i)
		var id string
		if err := json.Unmarshal(doc, &id); err != nil || id == "" {
			faults.Add(at, "is neither a raw id nor a number with + and country code")
			continue
		}
		if strings.HasPrefix(id, "+") {
			id = acs.PhoneNumber(id).RawID()
		}
		if first, ok := seen[id]; ok {
			faults.Add(at, "is the same line as "+first)
			continue
		}
		seen[id] = at
		lines = append(lines, requestedLine{at: at, rawID: id})
	}
	return lines
}

// parseContacts returns the contacts' numbers.
func parseContacts(docs []json.RawMessage, faults *problem.List) []string {
	if len(docs) == 0 {
		faults.Add("contacts", "is empty")
	}
	if len(docs) > maxContacts {
		faults.Add("contacts", fmt.Sprintf("are %d, more than %d", len(docs), maxContacts))
		return nil // one fault for each of them would help nobody
	}
	numbers := make([]string, 0, len(docs))
	seen := make(map[string]string, len(docs)) // paths by number
	for i, doc := range docs {
		at := "contacts." + strconv.Itoa(i)
		var contact struct {
			Number string `json:"number"`
		}
		faults.AddAll(at, problem.Decode(doc, &contact))
		if faults.Has(at) {
			continue
		}
		first, twice := seen[contact.Number]
		switch fault := numberFault(contact.Number); {
		case fault != "":
			faults.Add(at+".number", fault)
		case twice:
			faults.Add(at+".number", "is the same number as "+first)
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
