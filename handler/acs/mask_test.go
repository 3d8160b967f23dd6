package acs

import (
	"strings"
	"testing"
)

func TestNumbersAreMaskedAsPeopleWriteThem(t *testing.T) {
	for _, member := range []string{"+12065550181", "12065550181", "+1 206 555 0181", "(206) 555-0181", "206-555-0181"} {
		for _, text := range []string{MaskNumbers("contacts.17." + member), MaskNumbers("has a member that is not known: \"" + member + "\"")} {
			if strings.Contains(text, "0181") || !strings.Contains(text, "•••") {
				t.Errorf("%s: text = %s, want the number masked", member, text)
			}
		}
	}
	for _, text := range []string{"contacts.9999.number", "must be 1 to 10", "are 10001, more than 10000"} {
		if MaskNumbers(text) != text {
			t.Errorf("masked = %s, want %s", MaskNumbers(text), text)
		}
	}
}
