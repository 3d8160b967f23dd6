package main

import (
	"context"
	"os"
	"strings"
	"testing"
)

func TestWrongArgumentsAreRefusedBeforeAnythingStarts(t *testing.T) {
	tests := []struct {
		args string
		want string
	}{
		{"", "usage"},
		{"call", "usage"},
		{"calls -n 0", "-n"},
		{"calls -n 100001", "-n"},
		{"calls -at 0", "-at"},
		{"calls -at 1001", "-at"},
		{"calls -rounds 0", "-rounds"},
		{"calls -speed 0.5", "-speed"},
		{"calls -limit 0s", "-limit"},
		{"calls -idle -1s", "-idle"},
		{"calls 400", "unexpected argument"},
		{"calls -nonsense", "nonsense"},
		{"campaign -n 10001", "-n"},
		{"campaign -places 0", "-places"},
		{"campaign -speed 101", "-speed"},
		{"campaign -limit -1s", "-limit"},
		{"scale 1", "unexpected argument"},
		{"cost -calls 0", "-calls"},
		{"cost -hours 731", "-hours"},
		{"cost -memory 1024", "-memory"},
		{"cost -ready http", "GROUP=N"},
		{"cost -ready http=0", "GROUP=N"},
		{"cost -ready nonsense=1", "no group"},
		{"cost -counts nonsense.json", "nonsense.json"},
		{"cost -prices nonsense.json", "nonsense.json"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var out, notes strings.Builder
			err := run(t.Context(), strings.Fields(tt.args), environment{os.Getenv, strings.NewReader(""), &out, &notes})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if out.Len() > 0 || strings.Contains(notes.String(), "building") {
				t.Errorf("it began: %s %s", &out, &notes)
			}
		})
	}
}

func TestHelpIsNoFault(t *testing.T) {
	for _, command := range commandNames {
		var out, notes strings.Builder
		err := run(t.Context(), []string{command, "-h"}, environment{os.Getenv, strings.NewReader(""), &out, &notes})
		if err != nil || !strings.Contains(notes.String(), "-json") {
			t.Errorf("%s -h: %v, printed %q", command, err, &notes)
		}
	}
}

func TestAMissingHostIsReportedBeforeAnythingStarts(t *testing.T) {
	nowhere := func(name string) string { return map[string]string{"FUNC": "/nonexistent/func"}[name] }
	var notes strings.Builder
	for _, command := range []string{"calls", "campaign"} {
		err := run(context.Background(), []string{command, "-n", "1"}, environment{nowhere, strings.NewReader(""), &notes, &notes})
		if err == nil || !strings.Contains(err.Error(), "FUNC") {
			t.Errorf("%s: error %v, want one that names FUNC", command, err)
		}
	}
	if notes.Len() > 0 {
		t.Errorf("it began: %s", &notes)
	}
}
