package table

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDocument is the maximum length of a row's document, in UTF-16 units, the measure of
// Table Storage: 15 properties of 30,000. A property may hold 32 Ki units and a row
// 1 MiB; the rest is left to keys and columns.
// Source: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
const MaxDocument = maxParts * maxPart

const (
	maxParts = 15     // properties Doc0 … Doc14
	maxPart  = 30_000 // UTF-16 units in each
)

// docName returns the name of the property that holds part i of the document.
func docName(i int) string { return "Doc" + strconv.Itoa(i) }

// splitDoc cuts a document into parts of at most maxPart UTF-16 units, never
// through a character. It fails with ErrInvalid if doc is not JSON in UTF-8, and
// with ErrTooLarge if it needs more than maxParts.
func splitDoc(doc []byte) ([]string, error) {
	if !utf8.Valid(doc) || !json.Valid(doc) {
		return nil, fmt.Errorf("%w: document is not JSON in UTF-8", ErrInvalid)
	}
	var parts []string
	start, units := 0, 0
	for i, r := range string(doc) {
		n := utf16Units(r)
		if units+n > maxPart {
			parts = append(parts, string(doc[start:i]))
			start, units = i, 0
		}
		units += n
	}
	parts = append(parts, string(doc[start:]))
	if len(parts) > maxParts {
		return nil, fmt.Errorf("%w: document of %d bytes", ErrTooLarge, len(doc))
	}
	return parts, nil
}

// joinDoc returns the document whose parts are among the properties of a row.
func joinDoc(properties map[string]any) []byte {
	var b strings.Builder
	for i := range maxParts {
		part, ok := properties[docName(i)].(string)
		if !ok {
			break
		}
		b.WriteString(part)
	}
	return []byte(b.String())
}

// utf16Units returns the number of UTF-16 units of a character.
func utf16Units(r rune) int {
	if r > 0xFFFF {
		return 2 // a surrogate pair
	}
	return 1
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16Units(r)
	}
	return n
}
