package scenario

import (
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

func TestParseNamesEveryWrongLine(t *testing.T) {
	const head = "name ann +12065550100\nname desk 28:orgid:1\ncall one ann > desk: wait prompt; press 1\n"
	tests := []struct {
		name, line, want string
	}{
		{"an unknown command", "dial ann", `scenario.txtar:4: unknown command "dial"`},
		{"a name without a raw id", "name bob", "scenario.txtar:4: want: name NAME RAWID"},
		{"a name that is taken", "name ann +1", "scenario.txtar:4: there is a person ann already"},
		{"a second name for a person", "name bob 4:+12065550100", "scenario.txtar:4: 4:+12065550100 has the name ann already"},
		{"a name that is a word of expect", "name rings +1", `scenario.txtar:4: "rings" cannot be a name`},
		{"a flow without a document", "flow", `scenario.txtar:4: there is no document ""`},
		{"a flow of a document that is missing", "flow desk.json", `scenario.txtar:4: there is no document "desk.json"`},
		{"routes of a document that is missing", "routes routes.json", `scenario.txtar:4: there is no document "routes.json"`},
		{"a telephone of an unknown name", "phone bob: answer", "scenario.txtar:4: no person is called bob"},
		{"a telephone without a colon", "phone ann answer", "scenario.txtar:4: want: phone WHO: SCRIPT"},
		{"a telephone with an unknown step", "phone ann: dance", `scenario.txtar:4: step 1, "dance": unknown step`},
		{"a call to nowhere", "call two ann: wait answer", "scenario.txtar:4: want: call NAME FROM > TO: SCRIPT"},
		{"two calls of one name", "call one ann > desk: wait answer", "scenario.txtar:4: there is a call one already"},
		{"an event without a name", "event offer.json", "scenario.txtar:4: want: event NAME DOCUMENT"},
		{"an event of a document that is missing", "event two offer.json", `scenario.txtar:4: there is no document "offer.json"`},
		{"a campaign without a name", "campaign contacts.json", "scenario.txtar:4: want: campaign NAME DOCUMENT"},
		{"a campaign of a document that is missing", "campaign two contacts.json",
			`scenario.txtar:4: there is no document "contacts.json"`},
		{"a wait without a time", "wait a while", `scenario.txtar:4: "a while" is not a time such as 500ms, 5s or 1m`},
		{"no expectation", "expect within 5s", "scenario.txtar:4: nothing is expected"},
		{"an expectation of an unknown call", "expect two state=ended", "scenario.txtar:4: no call or campaign is called two"},
		{"an expectation of nothing", "expect one", "scenario.txtar:4: nothing is expected"},
		{"an expectation of an unknown key", "expect one colour=red", `scenario.txtar:4: a call has no "colour"`},
		{"an expectation without a value", "expect one ended", `scenario.txtar:4: "ended" is not KEY=VALUE`},
		{"an unknown key without a call", "expect alive=0", `scenario.txtar:4: there is no fact "alive"`},
		{"a number that is none", "expect rings ann=often", `scenario.txtar:4: "often" is not a number`},
		{"a bound that is none", "expect one state=ended within soon", `scenario.txtar:4: "soon" is not a time`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("scenario.txtar", []byte(head+tt.line+"\n"))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestParseNamesAllWrongLinesAtOnce(t *testing.T) {
	_, err := Parse("scenario.txtar", []byte("dial\n\n# a line for the reader\nwait\n"))
	if err == nil || strings.Count(err.Error(), "scenario.txtar:") != 2 {
		t.Errorf("err = %v, want one for each of lines 1 and 4", err)
	}
}

func TestParseNamesEveryWrongDocument(t *testing.T) {
	const head = "# a line for the reader\nflow desk.json\n\n-- desk.json --\n{\n}\n"
	tests := []struct {
		name, documents, want string
	}{
		{"a document that no line uses", "-- routes.json --\n{}\n", `scenario.txtar:7: no line uses the document "routes.json"`},
		{"two documents of one name", "-- desk.json --\n", `scenario.txtar:7: line 4 has a document "desk.json" already`},
		{"a history that is not at the end", "-- history --\n-- b --\n",
			"scenario.txtar:7: the history must be at the end\nscenario.txtar:8: no line uses the document \"b\""},
		{"two histories", "-- history --\n-- history --\n", "scenario.txtar:7: the history must be at the end"},
		{"two documents that no line uses", "-- a --\n-- b --",
			"scenario.txtar:7: no line uses the document \"a\"\nscenario.txtar:8: no line uses the document \"b\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("scenario.txtar", []byte(head+tt.documents))
			if err == nil || err.Error() != tt.want {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestTheScenariosCanBeRead(t *testing.T) {
	scenarios, err := ReadAll(Files)
	if err != nil {
		t.Fatal(err)
	}
	if len(scenarios) == 0 {
		t.Fatal("there are no scenarios")
	}
}

// FuzzParse looks for texts that make Parse panic, for scenarios of which a line is
// missing, and for those that change when they get another history.
func FuzzParse(f *testing.F) {
	files, err := fs.Glob(Files, "*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(Files, file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("flow a\n-- a --\n{}\n-- b --")
	f.Add("name a +1\nphone a:\nphone a: answer\ncall b a > 28:orgid:x:\nexpect b agents=a,a within 1s\nexpect rings a=0 joins=1")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("scenario.txtar", []byte(text))
		if err != nil {
			return
		}
		want := 0
		for line := range strings.Lines(string(txtar.Parse([]byte(text)).Comment)) {
			line = strings.TrimSpace(line)
			if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "name") {
				want++
			}
		}
		if len(s.lines) != want {
			t.Errorf("%d commands of %d lines", len(s.lines), want)
		}
		const history = "call one: flow desk\n"
		again, err := Parse("scenario.txtar", WithHistory([]byte(text), history))
		if err != nil {
			t.Fatal(err)
		}
		if again.History != history || len(again.lines) != want || len(again.documents) != len(s.documents) {
			t.Errorf("with a history: %q, %d commands, %d documents", again.History, len(again.lines), len(again.documents))
		}
	})
}
