package acssim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScriptsAreRead(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"an agent", "ring 2s; answer; wait prompt; press 1; talk 3s; hang up",
			"ring 2s; answer; wait prompt; press 1; talk 3s; hang up"},
		{"spaces and empty steps do not matter", " ring  500ms;;answer ; ", "ring 500ms; answer"},
		{"a caller who speaks", `wait answer; wait 2s; say "yes; please \"now\""; hang up after 20s`,
			`wait answer; wait 2s; say "yes; please \"now\""; hang up after 20s`},
		{"all cues", "wait answer; wait prompt; wait prompt starts; wait play; wait music; wait silence",
			"wait answer; wait prompt; wait prompt starts; wait play; wait music; wait silence"},
		{"all keys", "press 0123456789*#abcd", "press 0123456789*#ABCD"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseScript(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got.String()); d != "" {
				t.Errorf("script (-want +got):\n%s", d)
			}
		})
	}
}

func TestFaultyScriptsAreRefused(t *testing.T) {
	callee, caller := Script.checkCallee, Script.checkCaller
	tests := []struct {
		name, text string
		check      func(Script) error
		want       string
	}{
		{"a word that is no step", "ring 2s; jump", nil, `step 2, "jump": unknown step`},
		{"a time without a unit", "ring 2", nil, "want a time"},
		{"a time before now", "wait -2s", nil, "want a time"},
		{"keys that no telephone has", "press 1x", nil, "want keys"},
		{"words without quotes", "say yes", nil, "want words in double quotes"},
		{"a quote that stays open", `say "yes`, nil, "not closed"},
		{"a step after the end", "answer; hang up; press 1", nil, `nothing can follow "hang up"`},
		{"a callee who does nothing", "ring 2s", callee, "must answer"},
		{"a key before the answer", "press 1; answer", callee, `"press" comes after answer`},
		{"ringing after the answer", "answer; ring 2s", callee, `"ring" comes before answer`},
		{"two answers", "answer; answer", callee, "answered once"},
		{"a caller who answers", "answer", caller, "for a callee"},
		{"a caller who is busy", "busy", caller, "for a callee"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sc, err := ParseScript(tt.text)
			if err == nil && tt.check != nil {
				err = tt.check(sc)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func FuzzParseScript(f *testing.F) {
	for _, text := range []string{
		"ring 2s; answer; wait prompt; press 1; talk 3s; hang up", `say "a;\"b"; hang up after 1m`, "no answer", "press *#", `say "\`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sc, err := ParseScript(text)
		if err != nil {
			return
		}
		again, err := ParseScript(sc.String())
		if err != nil {
			t.Fatalf("%q is written as %q, which is refused: %v", text, sc, err)
		}
		if again.String() != sc.String() {
			t.Errorf("written and read = %q, want %q", again, sc)
		}
	})
}
