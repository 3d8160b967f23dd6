package acs

import "regexp"

// masked stands for what must not be shown.
const masked = "•••"

// phoneNumbers matches what may be a telephone number: seven digits or more, also with blanks, hyphens and brackets between.
var phoneNumbers = regexp.MustCompile(`\+?[0-9][0-9 ()-]{5,}[0-9]`)

// MaskNumbers returns text with everything masked that may be a telephone number.
func MaskNumbers(text string) string { return phoneNumbers.ReplaceAllString(text, masked) }
