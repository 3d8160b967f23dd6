package scenario

import (
	"strings"
	"testing"
)

func TestParseNamesEveryWrongLine(t *testing.T) {
	const head = "name ann +12065550100\nname desk 28:orgid:1\ncall one ann > desk: wait prompt; press 1\n"
	tests := []struct {
		name, line, want string
	}{
		{"an unknown command", "dial ann", `scenario.txt:4: unknown command "dial"`},
		{"a name without a raw id", "name bob", "scenario.txt:4: want: name NAME RAWID"},
		{"a name that is taken", "name ann +1", "scenario.txt:4: there is a person ann already"},
		{"a name that is a word of expect", "name rings +1", `scenario.txt:4: "rings" cannot be a name`},
		{"a flow without a file", "flow", `scenario.txt:4: "" is not the name of a file beside the scenario`},
		{"routes from another folder", "routes ../routes.json", `scenario.txt:4: "../routes.json" is not the name of a file beside the scenario`},
		{"a telephone of an unknown name", "phone bob: answer", "scenario.txt:4: no person is called bob"},
		{"a telephone without a colon", "phone ann answer", "scenario.txt:4: want: phone WHO: SCRIPT"},
		{"a telephone with an unknown step", "phone ann: dance", `scenario.txt:4: step 1, "dance": unknown step`},
		{"a call to nowhere", "call two ann: wait answer", "scenario.txt:4: want: call NAME FROM > TO: SCRIPT"},
		{"two calls of one name", "call one ann > desk: wait answer", "scenario.txt:4: there is a call one already"},
		{"an event without a name", "event offer.json", "scenario.txt:4: want: event NAME FILE"},
		{"a wait without a time", "wait a while", `scenario.txt:4: "a while" is not a time such as 500ms, 5s or 1m`},
		{"no expectation", "expect within 5s", "scenario.txt:4: nothing is expected"},
		{"an expectation of an unknown call", "expect two state=ended", "scenario.txt:4: no call or campaign is called two"},
		{"an expectation of nothing", "expect one", "scenario.txt:4: nothing is expected"},
		{"an expectation of an unknown key", "expect one colour=red", `scenario.txt:4: a call has no "colour"`},
		{"an expectation without a value", "expect one ended", `scenario.txt:4: "ended" is not KEY=VALUE`},
		{"an unknown key without a call", "expect alive=0", `scenario.txt:4: there is no fact "alive"`},
		{"a number that is none", "expect rings ann=often", `scenario.txt:4: "often" is not a number`},
		{"a bound that is none", "expect one state=ended within soon", `scenario.txt:4: "soon" is not a time`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("scenario.txt", []byte(head+tt.line+"\n"))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestParseNamesAllWrongLinesAtOnce(t *testing.T) {
	_, err := Parse("scenario.txt", []byte("dial\n\n# a line for the reader\nwait\n"))
	if err == nil || strings.Count(err.Error(), "scenario.txt:") != 2 {
		t.Errorf("err = %v, want one for each of lines 1 and 4", err)
	}
}

func TestTheScenariosAndTheirDocumentsCanBeRead(t *testing.T) {
	scenarios, err := ReadAll(Files)
	if err != nil {
		t.Fatal(err)
	}
	if len(scenarios) == 0 {
		t.Fatal("there are no scenarios")
	}
}

// FuzzParse looks for texts that make Parse panic, and for scenarios of which a line
// is missing.
func FuzzParse(f *testing.F) {
	scenarios, err := ReadAll(Files)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range scenarios {
		var text []string
		for _, l := range s.lines {
			text = append(text, l.text)
		}
		f.Add(strings.Join(text, "\n"))
	}
	f.Add("name a +1\nphone a:\nphone a: answer\ncall b a > 28:orgid:x:\nexpect b agents=a,a within 1s\nexpect rings a=0 joins=1")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("scenario.txt", []byte(text))
		if err != nil {
			return
		}
		want := 0
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "name") {
				want++
			}
		}
		if len(s.lines) != want {
			t.Errorf("%d commands of %d lines", len(s.lines), want)
		}
	})
}
