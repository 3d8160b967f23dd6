package acs

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxMessage is the longest text that is kept of a message from outside, in bytes.
	maxMessage = 512

	// minSecret is the shortest string of a request body that is masked in an answer, in bytes.
	minSecret = 6
)

// clean makes a text from outside fit for a log: one line of printable
// characters, at most maxMessage bytes. It masks the strings of sent, a request
// body in JSON or nil, and whatever looks like a telephone number.
func clean(text string, sent []byte) string {
	for _, s := range secrets(sent) {
		text = strings.ReplaceAll(text, s, masked)
	}
	text = MaskNumbers(text)
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			return r
		}
		return -1
	}, text)
	text = strings.TrimSpace(text)
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "")
	}
	return text
}

// secrets returns the strings of a request body that no error text may repeat,
// longest first. The kinds of identifiers and prompts are not secret.
func secrets(sent []byte) []string {
	var body any
	if json.Unmarshal(sent, &body) != nil {
		return nil
	}
	var found []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) >= minSecret {
				found = append(found, v)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for name, e := range v {
				if name != "kind" {
					walk(e)
				}
			}
		}
	}
	walk(body)
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	return found
}
