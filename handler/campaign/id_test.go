package campaign

import (
	"regexp"
	"testing"
)

func TestNewIDIsTheSameForOneKeyAndDiffersForEveryOther(t *testing.T) {
	id := NewID("monday")
	if again := NewID("monday"); again != id {
		t.Errorf("the same key gives %s and %s", id, again)
	}
	if !regexp.MustCompile(`^ca-[a-z2-7]{26}$`).MatchString(string(id)) {
		t.Errorf("id %q does not fit into an address and a row key", id)
	}
	for _, key := range []string{"tuesday", "Monday", "monday ", ""} {
		if NewID(key) == id {
			t.Errorf("the keys %q and %q give the same id", "monday", key)
		}
	}
}
