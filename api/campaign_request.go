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

// Limits of a request.
const (
	maxName     = 128 // characters
	maxAttempts = 10
	maxContacts = 10_000
	minRing     = 5 * time.Second
	maxRing     = 180 * time.Second
)

// campaignRequest is a client's request for a campaign.
type campaignRequest struct {
	name     string
	flow     string
	lines    []requestedLine
	attempts int
	ring     time.Duration
	numbers  []string // of the contacts, in E.164
}

type requestedLine struct {
	at    string // the line's path in the document
	rawID string
}

// parseCampaignRequest parses the body of a request for a campaign. It returns the first fault of each
// member, of those that can be found in the body alone; a request without faults is complete. Ring is the
// ring time of a request that sets none.
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
	r := campaignRequest{name: head.Name, flow: head.Flow, attempts: head.Attempts, ring: time.Duration(head.Ring)}
	switch n := utf8.RuneCountInString(r.name); {
	case strings.TrimSpace(r.name) == "":
		faults.Add("name", "is missing")
	case n > maxName:
		faults.Add("name", fmt.Sprintf("has %d characters, more than %d", n, maxName))
	}
	if r.flow == "" {
		faults.Add("flow", "is missing")
	} else if !catalog.ValidName(r.flow) {
		faults.Add("flow", "is not the name of a flow")
	}
	r.lines = parseLines(head.Lines, &faults)
	if r.attempts < 1 || r.attempts > maxAttempts {
		faults.Add("attempts", fmt.Sprintf("must be 1 to %d", maxAttempts))
	}
	if r.ring < minRing || r.ring > maxRing {
		faults.Add("ring", fmt.Sprintf("must be %v to %v", minRing, maxRing))
	}
	r.numbers = parseContacts(head.Contacts, &faults)
	return r, faults.Faults()
}

// parseLines returns the lines, which are raw ids or numbers.
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
		return nil // the reply would have a fault for each of them
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

// numberFault returns why a text is not a telephone number that can be dialled from everywhere; empty if it
// is one. Whether the number is assigned is known only after it is dialled.
func numberFault(text string) string {
	if text == "" {
		return "is missing"
	}
	n, err := phonenumbers.Parse(text, "")
	if err != nil || phonenumbers.Format(n, phonenumbers.E164) != text {
		return `is not in E.164: "+", country code and number, in digits alone`
	}
	// A number that is complete only within its area cannot be dialled from elsewhere.
	if phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return "cannot be a telephone number: it is too long, too short, or lacks its area"
	}
	return ""
}
