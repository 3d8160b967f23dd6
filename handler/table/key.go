package table

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxKey is the maximum length of a key, in UTF-16 units: 1 KiB.
// Source: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
const maxKey = 512

// Key is where a row is. Transactions and lists stay within one partition, in which rows are ordered by
// their row keys.
type Key struct{ Partition, Row string }

// Check returns ErrInvalid for a key that a table refuses: empty, longer than 512 characters, not UTF-8, or
// with a control character or one of / \ # ? ' in it. Free text must be hashed (package digest). The error
// does not quote the key, which may be a phone number.
//
// Azure accepts the apostrophe. It is refused here because aztables 1.4.1 doubles it in single requests, as
// OData requires, but not in transactions.
func (k Key) Check() error {
	if err := checkKey("partition key", k.Partition); err != nil {
		return err
	}
	return checkKey("row key", k.Row)
}

func checkKey(what, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("%w: empty %s", ErrInvalid, what)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: %s is not UTF-8", ErrInvalid, what)
	case utf16Len(s) > maxKey:
		return fmt.Errorf("%w: %s of %d characters, at most %d", ErrInvalid, what, utf16Len(s), maxKey)
	}
	for i, r := range s {
		switch r {
		case '/', '\\', '#', '?', '\'':
			return fmt.Errorf("%w: %q in %s at %d", ErrInvalid, r, what, i)
		}
		if unicode.IsControl(r) {
			return fmt.Errorf("%w: control character in %s at %d", ErrInvalid, what, i)
		}
	}
	return nil
}

// TimeKey returns t as text that sorts as times do: UTC, nanoseconds, always 25
// characters. It is meant for the years 0 to 9999.
func TimeKey(t time.Time) string { return t.UTC().Format("20060102T150405.000000000") }
