package acssim

import (
	"net/http"
	"regexp"
	"slices"
)

// magic is what a telephone number stands for by its last two digits, so that a
// list of numbers is a test: see the table in the README.
type magic struct {
	script    Script
	throttled bool // whoever calls it gets a 429
	capped    bool // declined as if the line had too many calls
	silent    bool // no callback of a call to it is ever sent
}

var magics = map[string]magic{
	"80": {script: mustParse("ring 2s; answer")},
	"81": {script: mustParse("ring 2s; answer; wait prompt; press 1; hang up after 60s")},
	"82": {script: mustParse("ring 2s; answer; wait prompt; press 9; hang up after 60s")},
	"83": {script: mustParse("ring 1s; busy")},
	"84": {script: mustParse("no answer")},
	"85": {script: mustParse("ring 3s; decline")},
	"86": {script: mustParse("invalid number")},
	"87": {script: mustParse("ring 4s; answer; talk 8s; wait 30s; hang up")},
	"88": {script: mustParse("ring 2s; answer; hang up")},
	"89": {script: mustParse("no answer"), throttled: true},
	"90": {script: mustParse("no answer"), capped: true},
	"91": {script: mustParse("ring 2s; answer; wait 20s; hang up"), silent: true},
}

// fictional are the numbers of the North American plan that belong to nobody,
// 555-0100 to 555-0199 in every area.
var fictional = regexp.MustCompile(`^4:\+1\d{3}55501(\d\d)$`)

// magic is what raw stands for, unless somebody gave it a script.
func (s *Server) magic(raw string) magic {
	if _, scripted := s.phones[raw]; scripted {
		return magic{}
	}
	if digits := fictional.FindStringSubmatch(raw); digits != nil {
		return magics[digits[1]]
	}
	return magic{}
}

func mustParse(text string) Script {
	script, err := ParseScript(text)
	if err != nil {
		panic(err) // the table above is wrong
	}
	return script
}

// admitNumbers refuses targets that the network has no room for, and reports
// whether they are to be declined instead.
func (s *Server) admitNumbers(line string, targets ...string) (declined bool, err error) {
	numbers := 0
	for _, raw := range targets {
		if !isNumber(raw) {
			continue
		}
		numbers++
		if m := s.magic(raw); m.throttled {
			return false, tooMany
		} else if m.capped {
			return true, nil
		}
	}
	limit := s.CallsPerNumber
	if limit == 0 {
		limit = defaultCallsPerNumber
	}
	if numbers == 0 || limit < 0 || s.outgoing(line)+numbers <= limit {
		return false, nil
	}
	if s.LimitDeclines {
		return true, nil
	}
	return false, tooMany
}

// admitTeamsUsers refuses Teams users where RefuseTeamsUsers says so.
func (s *Server) admitTeamsUsers(targets ...string) error {
	for _, raw := range targets {
		if s.RefuseTeamsUsers && identify(raw).MicrosoftTeamsUser != nil {
			return refuse(http.StatusMethodNotAllowed, codeNotSupported, "a Teams user cannot be called by a Teams Phone call")
		}
	}
	return nil
}

// defaultCallsPerNumber is how many calls to the telephone network one number
// may have.
//
// Source: learn.microsoft.com, "Service limits" (Azure Communication Services).
const defaultCallsPerNumber = 2

// outgoing is how many telephones of the network ring or talk because of a line.
func (s *Server) outgoing(line string) int {
	n := 0
	for c := range s.ongoing {
		if c.line() != line {
			continue
		}
		for _, i := range c.invitations {
			if isNumber(i.raw) {
				n++
			}
		}
		for _, p := range c.people {
			if isNumber(p.raw) && p.phone.invitation != nil {
				n++
			}
		}
	}
	return n
}

// line is what the application calls from in this call.
func (c *call) line() string {
	if c.inbound {
		return c.to
	}
	return c.from
}

// silenced reports whether the application hears nothing of the call.
func (c *call) silenced() bool {
	return !c.inbound && slices.ContainsFunc(c.targets, func(raw string) bool {
		return c.s.magic(raw).silent
	})
}
