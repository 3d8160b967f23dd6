package scenario

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/tools/txtar"
)

// Parse reads a scenario from the text of its file. The error lists every line that is
// wrong, each with its file and number.
func Parse(file string, text []byte) (*Scenario, error) {
	archive := txtar.Parse(text)
	s := &Scenario{File: file, people: map[string]string{}}
	s.documents, s.History = readDocuments(archive)
	known := names{people: s.people, calls: map[string]bool{}, campaigns: map[string]bool{}, documents: s.documents}
	var faults []error
	number := 0
	for raw := range strings.Lines(string(archive.Comment)) {
		number++
		trimmed := strings.TrimSpace(raw)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		c, err := known.parse(trimmed)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", file, number, err))
			continue
		}
		if c != nil {
			s.lines = append(s.lines, line{number, trimmed, c})
		}
	}
	if faults = append(faults, checkDocuments(file, s.documents)...); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return s, nil
}

// names holds the documents of a scenario, and the names that it has given so far.
type names struct {
	people    map[string]string // raw ids and numbers, by name
	calls     map[string]bool
	campaigns map[string]bool
	documents []*document
}

// parse reads one line. It returns no command for `name`, which has an effect on
// parsing only.
func (n names) parse(text string) (command, error) {
	verb, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "name":
		return nil, n.parseName(rest)
	case "flow":
		flow, err := n.document(rest)
		return &putFlow{flow}, err
	case "routes":
		routes, err := n.document(rest)
		return &putRoutes{routes}, err
	case "phone":
		return n.parsePhone(rest)
	case "call":
		return n.parseCall(rest)
	case "event":
		return n.parseEvent(rest)
	case "campaign":
		return n.parseCampaign(rest)
	case "wait":
		d, err := parseDuration(rest)
		return pause(d), err
	case "expect":
		return n.parseExpect(rest)
	}
	return nil, fmt.Errorf("unknown command %q", verb)
}

func (n names) parseName(text string) error {
	words := strings.Fields(text)
	if len(words) != 2 {
		return errors.New("want: name NAME RAWID")
	}
	name, who := words[0], words[1]
	if err := checkName(name); err != nil {
		return err
	}
	if n.people[name] != "" {
		return fmt.Errorf("there is a person %s already", name)
	}
	for other, id := range n.people {
		if rawID(id) == rawID(who) {
			return fmt.Errorf("%s has the name %s already", who, other)
		}
	}
	n.people[name] = who
	return nil
}

// parsePhone reads `WHO: SCRIPT`.
func (n names) parsePhone(text string) (command, error) {
	who, script, ok := cutScript(text)
	if !ok {
		return nil, errors.New("want: phone WHO: SCRIPT")
	}
	raw, err := n.person(who)
	if err != nil {
		return nil, err
	}
	return &setPhone{raw, script}, checkScript(script)
}

// parseCall reads `NAME FROM > TO: SCRIPT`.
func (n names) parseCall(text string) (command, error) {
	head, script, ok := cutScript(text)
	words := strings.Fields(head)
	if !ok || len(words) != 4 || words[2] != ">" {
		return nil, errors.New("want: call NAME FROM > TO: SCRIPT")
	}
	from, err := n.person(words[1])
	if err != nil {
		return nil, err
	}
	to, err := n.person(words[3])
	if err != nil {
		return nil, err
	}
	if err := n.addCall(words[0]); err != nil {
		return nil, err
	}
	return &placeCall{words[0], from, to, script}, checkScript(script)
}

func (n names) parseEvent(text string) (command, error) {
	words := strings.Fields(text)
	if len(words) != 2 {
		return nil, errors.New("want: event NAME DOCUMENT")
	}
	events, err := n.document(words[1])
	if err != nil {
		return nil, err
	}
	return &postEvent{words[0], events}, n.addCall(words[0])
}

// addCall reserves a name for a call.
func (n names) addCall(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if n.calls[name] {
		return fmt.Errorf("there is a call %s already", name)
	}
	n.calls[name] = true
	return nil
}

// person returns the raw id or number that a word stands for.
func (n names) person(word string) (string, error) {
	if who := n.people[word]; who != "" {
		return who, nil
	}
	if strings.HasPrefix(word, "+") || strings.Contains(word, ":") {
		return word, nil
	}
	return "", fmt.Errorf("no person is called %s", word)
}

// cutScript cuts at the colon before a script: the first one before a blank, or one
// at the end if the script is empty. The colons in a raw id have no blank after them.
func cutScript(text string) (before, script string, ok bool) {
	if before, script, ok = strings.Cut(text, ": "); ok {
		return before, strings.TrimSpace(script), true
	}
	before, ok = strings.CutSuffix(text, ":")
	return before, "", ok
}

// reserved are the words after `expect` that are not names of calls.
var reserved = map[string]bool{"rings": true, "joins": true, "within": true, "replays": true, "number": true}

func checkName(name string) error {
	if reserved[name] || strings.ContainsAny(name, ":+=>,") {
		return fmt.Errorf("%q cannot be a name", name)
	}
	return nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a time such as 500ms, 5s or 1m", text)
	}
	return d, nil
}
