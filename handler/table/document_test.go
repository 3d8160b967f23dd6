package table

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func FuzzSplitDoc(f *testing.F) {
	f.Add("", 0)
	f.Add("Grüß Gott 🎧", 1)
	f.Add("🎧", 29_997)
	f.Add("🎧", 29_998)
	f.Add("世界", 29_999)
	f.Add("\xff", 0)
	f.Add("x", 449_998)
	f.Add("xyz", 449_998)
	f.Fuzz(func(t *testing.T, text string, padding int) {
		if padding < 0 || padding > MaxDocument+10 {
			t.Skip()
		}
		quoted, err := json.Marshal(strings.Repeat("x", padding) + text)
		if err != nil {
			t.Skip()
		}
		for _, doc := range []string{string(quoted), text} {
			parts, err := splitDoc([]byte(doc))
			if err == nil {
				checkParts(t, doc, parts)
			} else {
				checkSplitError(t, doc, err)
			}
		}
	})
}

// units returns the length of a text in UTF-16 units.
func units(text string) int { return len(utf16.Encode([]rune(text))) }

// checkSplitError checks the error of a document that cannot be split.
func checkSplitError(t *testing.T, doc string, err error) {
	t.Helper()
	if !utf8.ValidString(doc) || !json.Valid([]byte(doc)) {
		if !errors.Is(err, ErrInvalid) {
			t.Fatalf("splitDoc: %v, want %v", err, ErrInvalid)
		}
		return
	}
	if !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
	if n := units(doc); n <= MaxDocument-maxParts { // a pair at each border may waste one unit
		t.Fatalf("%d units are too large", n)
	}
}

// checkParts checks that a document may be split, and that its parts fit and can be joined.
func checkParts(t *testing.T, doc string, parts []string) {
	t.Helper()
	if !utf8.ValidString(doc) || !json.Valid([]byte(doc)) {
		t.Fatalf("splitDoc: no error, want %v", ErrInvalid)
	}
	properties := map[string]any{"Due": "x"}
	for i, part := range parts {
		if n := units(part); n > maxPart || n == 0 || !utf8.ValidString(part) {
			t.Fatalf("part %d of %d units: %.20q…", i, n, part)
		}
		properties[docName(i)] = part
	}
	if got := string(joinDoc(properties)); got != doc {
		t.Fatalf("joined %d bytes, split %d", len(got), len(doc))
	}
}

func FuzzASCIIJSON(f *testing.F) {
	f.Add(`{"a":"é世🎧\u0301 \\"}`)
	f.Fuzz(func(t *testing.T, doc string) {
		var want, got any
		if !utf8.ValidString(doc) || json.Unmarshal([]byte(doc), &want) != nil {
			t.Skip()
		}
		ascii := asciiJSON([]byte(doc))
		for _, b := range ascii {
			if b >= utf8.RuneSelf {
				t.Fatalf("byte %#x in %q, want ASCII", b, ascii)
			}
		}
		if err := json.Unmarshal(ascii, &got); err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if string(a) != string(b) {
			t.Fatalf("value of %q, want that of %q", ascii, doc)
		}
	})
}
