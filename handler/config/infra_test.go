package config

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestInfraSetsOnlyKnownSettings checks that each app setting of infra/main.bicep is read by Load or the
// host, and that no required one is missing.
func TestInfraSetsOnlyKnownSettings(t *testing.T) {
	text, err := os.ReadFile("../../infra/main.bicep")
	if err != nil {
		t.Fatal(err)
	}
	var given []string
	for _, m := range regexp.MustCompile(`\{ name: '([^']+)', value: `).FindAllSubmatch(text, -1) {
		given = append(given, string(m[1]))
	}
	for _, name := range given {
		known := slices.ContainsFunc(settings, func(s setting) bool { return s.name == name })
		if !known && name != "APPLICATIONINSIGHTS_CONNECTION_STRING" { // read by the host itself
			t.Errorf("main.bicep sets %s, want settings that are read", name)
		}
	}
	for _, s := range settings {
		if s.required && s.name != "FUNCTIONS_CUSTOMHANDLER_PORT" && !slices.Contains(given, s.name) {
			t.Errorf("main.bicep sets %q, want %s among them", given, s.name)
		}
	}
	if !slices.Contains(given, accountSetting) {
		t.Errorf("main.bicep sets %q, want %s among them", given, accountSetting)
	}
}
