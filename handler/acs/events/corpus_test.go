package events

import (
	"encoding/json"
	"os"
	"testing"
)

// corpus holds events, and what Microsoft's JavaScript client reads from them.
type corpus struct {
	Types  []string
	Events []struct {
		Name    string
		Payload json.RawMessage
		Parsed  struct{ CallConnectionID, ServerCallID, CorrelationID string }
	}
	Edge []struct {
		Name  string
		Input json.RawMessage
		Error any
	}
}

// readCorpus returns the recorded corpus.
func readCorpus(t testing.TB) (c corpus) {
	t.Helper()
	if err := json.Unmarshal(read(t, "../../../test/wire/testdata/events.json"), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Events) == 0 || len(c.Edge) == 0 {
		t.Fatalf("%d events, %d edge cases, want some of both", len(c.Events), len(c.Edge))
	}
	return c
}

// read returns the content of a file.
func read(t testing.TB, path string) []byte {
	t.Helper()
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
