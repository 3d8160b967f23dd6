package acssim

import (
	"net/http"
	"regexp"
	"slices"
)

// magic is the behaviour that the last two digits of a telephone number select: see
// the table in the README.
type magic struct {
	script    Script
	throttled bool // a call to it is refused with 429
	capped    bool // a call to it is declined as above the line's limit
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

// fictional matches the numbers of the North American plan that are never assigned:
// 555-0100 to 555-0199 in every area.
var fictional = regexp.MustCompile(`^4:\+1\d{3}55501(\d\d)$`)

// magic returns the behaviour of a magic number, unless raw has a script.
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

// admitNumbers refuses targets above the line's limit with a 429, or reports that they
// are to be declined.
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

// defaultCallsPerNumber is the limit of one number's calls to the telephone network.
//
// Source: learn.microsoft.com, "Service limits" (Azure Communication Services).
const defaultCallsPerNumber = 2

// outgoing returns the number of telephone numbers that ring or talk because of line.
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

// line returns the line of the application in this call.
func (c *call) line() string {
	if c.inbound {
		return c.to
	}
	return c.from
}

// silenced reports whether the call sends no callbacks.
func (c *call) silenced() bool {
	return !c.inbound && slices.ContainsFunc(c.targets, func(raw string) bool {
		return c.s.magic(raw).silent
	})
}
