package acssim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Script is a parsed telephone script: the steps of a person with a telephone, such as
//
//	ring 2s; answer; wait prompt; press 1; talk 3s; hang up
//
// The grammar is in the README. A person whose script ends without hanging up stays
// on the line.
type Script struct{ steps []step }

// step is one step of a script. A verb uses only its own fields.
type step struct {
	verb verb
	d    time.Duration
	text string
}

type verb string

const (
	verbRing          verb = "ring"           // rings for d
	verbAnswer        verb = "answer"         //
	verbBusy          verb = "busy"           // declines: the callee is in another call
	verbDecline       verb = "decline"        //
	verbNoAnswer      verb = "no answer"      // rings until the caller gives up
	verbInvalidNumber verb = "invalid number" //
	verbPress         verb = "press"          // presses the keys in text
	verbSay           verb = "say"            // says the words in text
	verbTalk          verb = "talk"           // says unspecified words for d
	verbWait          verb = "wait"           // waits for d
	verbWaitFor       verb = "wait for"       // waits for the cue in text
	verbHangUp        verb = "hang up"        // hangs up after d
)

// The cues of `wait`.
const (
	cueAnswer       = "answer"        // the call is connected
	cuePrompt       = "prompt"        // a recognition listens to this telephone, its prompt is over
	cuePromptStarts = "prompt starts" // a recognition for this telephone has begun, its prompt may be playing
	cuePlay         = "play"          // something is played to this telephone
	cueMusic        = "music"         // something is played to this telephone in a loop
	cueSilence      = "silence"       // nothing is played to this telephone
)

var cues = map[string]bool{
	cueAnswer: true, cuePrompt: true, cuePromptStarts: true, cuePlay: true, cueMusic: true, cueSilence: true,
}

// Bounds of a script; they stop typing mistakes, not attackers.
const (
	maxSteps    = 1000
	maxStepTime = 24 * time.Hour
)

// ParseScript parses a script. The error names the invalid step.
func ParseScript(text string) (Script, error) {
	var sc Script
	parts, err := splitSteps(text)
	if err != nil {
		return Script{}, err
	}
	for i, part := range parts {
		st, err := parseStep(part)
		if err != nil {
			return Script{}, fmt.Errorf("step %d, %q: %w", i+1, part, err)
		}
		if i > 0 && sc.steps[i-1].last() {
			return Script{}, fmt.Errorf("step %d, %q: nothing can follow %q", i+1, part, sc.steps[i-1].verb)
		}
		if sc.steps = append(sc.steps, st); len(sc.steps) > maxSteps {
			return Script{}, fmt.Errorf("more than %d steps", maxSteps)
		}
	}
	return sc, nil
}

// splitSteps cuts at the semicolons outside quotes and drops empty steps.
func splitSteps(text string) ([]string, error) {
	var parts []string
	quoted, escaped, from := false, false, 0
	keep := func(part string) {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	for i, r := range text {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case r == ';' && !quoted:
			keep(text[from:i])
			from = i + 1
		}
	}
	if quoted {
		return nil, errors.New("a quote is not closed")
	}
	keep(text[from:])
	return parts, nil
}

func parseStep(text string) (step, error) {
	if rest, ok := strings.CutPrefix(text, "say "); ok {
		words, err := strconv.Unquote(strings.TrimSpace(rest))
		if err != nil || strings.TrimSpace(words) == "" {
			return step{}, errors.New(`want words in double quotes, as in say "yes"`)
		}
		return step{verb: verbSay, text: words}, nil
	}
	words := strings.Fields(text)
	switch whole := strings.Join(words, " "); {
	case whole == string(verbAnswer), whole == string(verbBusy), whole == string(verbDecline),
		whole == string(verbNoAnswer), whole == string(verbInvalidNumber), whole == string(verbHangUp):
		return step{verb: verb(whole)}, nil
	case strings.HasPrefix(whole, "hang up after ") && len(words) == 4:
		d, err := parseTime(words[3])
		return step{verb: verbHangUp, d: d}, err
	case words[0] == string(verbWait) && cues[strings.Join(words[1:], " ")]:
		return step{verb: verbWaitFor, text: strings.Join(words[1:], " ")}, nil
	case len(words) != 2:
		return step{}, errors.New("unknown step")
	}
	switch v, arg := verb(words[0]), words[1]; v {
	case verbRing, verbTalk, verbWait:
		d, err := parseTime(arg)
		return step{verb: v, d: d}, err
	case verbPress:
		_, err := tonesOf(arg)
		return step{verb: v, text: strings.ToUpper(arg)}, err
	}
	return step{}, errors.New("unknown step")
}

func parseTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > maxStepTime {
		return 0, errors.New("want a time such as 500ms, 2s or 1m")
	}
	return d, nil
}

// last reports whether the step must be the last one.
func (s step) last() bool {
	switch s.verb {
	case verbBusy, verbDecline, verbNoAnswer, verbInvalidNumber, verbHangUp:
		return true
	}
	return false
}

// String returns the script in the form that ParseScript reads.
func (s Script) String() string {
	parts := make([]string, len(s.steps))
	for i, st := range s.steps {
		parts[i] = st.String()
	}
	return strings.Join(parts, "; ")
}

func (s step) String() string {
	switch s.verb {
	case verbRing, verbTalk, verbWait:
		return fmt.Sprintf("%s %v", s.verb, s.d)
	case verbWaitFor:
		return "wait " + s.text
	case verbPress:
		return "press " + s.text
	case verbSay:
		return "say " + strconv.Quote(s.text)
	case verbHangUp:
		if s.d > 0 {
			return fmt.Sprintf("hang up after %v", s.d)
		}
	}
	return string(s.verb)
}

// checkCallee returns an error for steps that a callee cannot do. A callee rings,
// then answers or not, and can talk only after the answer.
func (s Script) checkCallee() error {
	answered := false
	for i, st := range s.steps {
		switch st.verb {
		case verbRing, verbBusy, verbDecline, verbNoAnswer, verbInvalidNumber:
			if answered {
				return fmt.Errorf("step %d: %q comes before answer", i+1, st.verb)
			}
			if st.verb != verbRing {
				return nil
			}
		case verbAnswer:
			if answered {
				return fmt.Errorf("step %d: a call is answered once", i+1)
			}
			answered = true
		case verbWait:
		default:
			if !answered {
				return fmt.Errorf("step %d: %q comes after answer", i+1, st.verb)
			}
		}
	}
	if !answered {
		return errors.New("a callee must answer, or say busy, decline, no answer or invalid number")
	}
	return nil
}

// checkCaller returns an error for steps that a caller cannot do.
func (s Script) checkCaller() error {
	for i, st := range s.steps {
		switch st.verb {
		case verbRing, verbAnswer, verbBusy, verbDecline, verbNoAnswer, verbInvalidNumber:
			return fmt.Errorf("step %d: %q is for a callee", i+1, st.verb)
		}
	}
	return nil
}

// toneNames are the tones of Call Automation by the key that makes them.
//
// Source: Tone, communicationservicescallautomation.json, stable/2026-03-12.
var toneNames = map[rune]string{
	'0': "zero", '1': "one", '2': "two", '3': "three", '4': "four", '5': "five", '6': "six", '7': "seven",
	'8': "eight", '9': "nine", 'A': "a", 'B': "b", 'C': "c", 'D': "d", '#': "pound", '*': "asterisk",
}

// tonesOf returns the tones of keys such as 12#.
func tonesOf(keys string) ([]string, error) {
	var tones []string
	for _, key := range strings.ToUpper(keys) {
		tone, ok := toneNames[key]
		if !ok {
			return nil, errors.New("want keys out of 0 to 9, *, # and A to D")
		}
		tones = append(tones, tone)
	}
	if len(tones) == 0 {
		return nil, errors.New("want at least one key")
	}
	return tones, nil
}
