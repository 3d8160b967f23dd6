package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestTheDemonstrationPrintsItsResults(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Azurite, the simulator and a host")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Azurite needs Node.js: ", err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), nil, os.Getenv, &out, false); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := strings.Join(lines[max(0, len(lines)-9):], "\n")
	for _, want := range []string{
		"call in-", ": completed", "recording filed: ", "campaign appointments: done",
		"0181: completed, answer confirmed", "0182: completed, opted out", "0183: busy", "0184: noAnswer", "0186: invalidNumber",
		" events, ", " transitions, ", " storage operations, ",
	} {
		if !strings.Contains(last, want) {
			t.Errorf("the last lines are\n%s\nwant %q in them", last, want)
		}
	}
	if strings.Contains(out.String(), "\x1b[") {
		t.Errorf("output %q, want no colour, which is for terminals", &out)
	}
	if strings.Contains(out.String(), "206555") {
		t.Errorf("output %s, want no full number in it", &out)
	}
}

func TestAMissingHostIsReportedBeforeAnythingStarts(t *testing.T) {
	var out bytes.Buffer
	nowhere := func(string) string { return "/nonexistent/func" }
	if err := run(t.Context(), nil, nowhere, &out, false); err == nil || !strings.Contains(err.Error(), "FUNC") {
		t.Errorf("error %v, want one that names FUNC", err)
	}
	if out.Len() > 0 {
		t.Errorf("it began: %s", &out)
	}
}

func TestAnUnknownFlagStartsNothing(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-nonsense"}, os.Getenv, &out, false); err == nil {
		t.Error("no error, want one")
	}
	if out.Len() > 0 {
		t.Errorf("output %s, want none", &out)
	}
}
