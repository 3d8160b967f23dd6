package campaign

import (
	"regexp"
	"testing"
)

func TestNewID(t *testing.T) {
	id := NewID("", "monday")
	if id != NewID("", "monday") {
		t.Error("the same caller and key give two ids")
	}
	if !regexp.MustCompile(`^ca-[a-z2-7]{26}$`).MatchString(string(id)) {
		t.Errorf("id %q does not fit into an address and a row key", id)
	}
	for name, other := range map[string]ID{
		"another key":                         NewID("", "tuesday"),
		"another caller":                      NewID("contoso", "monday"),
		"the caller's letters before the key": NewID("m", "onday"),
		"nothing":                             NewID("", ""),
	} {
		if other == id {
			t.Errorf("%s gives the same id", name)
		}
	}
}
