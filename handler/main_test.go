package main

import (
	"bytes"
	"encoding/json"
	"net"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// settings returns valid settings with the given port.
func settings(port string) map[string]string {
	return map[string]string{
		"FUNCTIONS_CUSTOMHANDLER_PORT": port,
		"AzureWebJobsStorage":          "UseDevelopmentStorage=true",
		"ACS_ENDPOINT":                 "http://127.0.0.1:1",
		"ACS_ACCESS_KEY":               "c3dpdGNoYm9hcmQ=",
		"ACS_RESOURCE_ID":              "5a1e0ad2-0000-4000-8000-0000000000ac",
		"CALLBACK_BASE_URL":            "http://127.0.0.1:7071",
		"CALLBACK_KEYS":                "dev:c3dpdGNoYm9hcmQtZGV2ZWxvcG1lbnQtb25seS1jYWxsYmFjay1rZXk=",
	}
}

func TestRunReportsEveryFaultOfTheSettingsAndFails(t *testing.T) {
	faulty := settings("0")
	faulty["ACS_ENDPOINT"] = "ftp://example.org"
	faulty["CALLBACK_KEYS"] = ""
	faulty["CALL_TIMEOUT"] = "soon"
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), func(name string) string { return faulty[name] }, &stdout, &stderr); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, name := range []string{"ACS_ENDPOINT", "CALLBACK_KEYS", "CALL_TIMEOUT"} {
		if !strings.Contains(stderr.String(), name) {
			t.Errorf("stderr = %s, want %s in it", &stderr, name)
		}
	}
}

func TestRunFailsWhenThePortIsInUse(t *testing.T) {
	inUse, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inUse.Close()
	_, port, err := net.SplitHostPort(inUse.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	set := settings(port)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), func(name string) string { return set[name] }, &stdout, &stderr); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.Contains(stderr.String(), "port not opened") {
		t.Errorf("stderr %s, want it to say that the port was not opened", &stderr)
	}
}

func TestWarningsAndErrorsGoToStderrAndTheRestToStdout(t *testing.T) {
	var stdout, stderr bytes.Buffer
	log := newLogger(zerolog.DebugLevel, &stdout, &stderr)
	log.Debug().Msg("one")
	log.Info().Msg("two")
	log.Warn().Msg("three")
	log.Error().Msg("four")
	if got := messages(t, &stdout); got != "one two" {
		t.Errorf("stdout %q, want one two", got)
	}
	if got := messages(t, &stderr); got != "three four" {
		t.Errorf("stderr %q, want three four", got)
	}
}

// messages returns the messages of JSON lines.
func messages(t *testing.T, lines *bytes.Buffer) string {
	t.Helper()
	var all []string
	for dec := json.NewDecoder(lines); dec.More(); {
		var line struct{ Message string }
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line.Message)
	}
	return strings.Join(all, " ")
}
