package config

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEverySettingIsDocumented compares name, default and required of the table in docs/settings.md with
// those of Load, in both directions and in order.
func TestEverySettingIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ Name, Default, Required string }
	var documented, known []row
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		if len(cells) != 4 || cells[3] == "" {
			t.Fatalf("row %s, want name, default, required and meaning", line)
		}
		documented = append(documented, row{cells[0], cells[1], cells[2]})
	}
	for _, s := range settings {
		r := row{s.name, s.fallback, "no"}
		if s.required {
			r.Required = "yes"
		}
		known = append(known, r)
	}
	if d := cmp.Diff(known, documented); d != "" {
		t.Errorf("docs/settings.md (-settings +documented):\n%s", d)
	}
}
