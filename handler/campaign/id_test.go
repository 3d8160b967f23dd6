package campaign

import (
	"regexp"
	"testing"
)

func TestNewIDIsTheSameForOneKeyAndDiffersForEveryOther(t *testing.T) {
	id := NewID("monday")
	if again := NewID("monday"); again != id {
		t.Errorf("one key gives the ids %s and %s, want one", id, again)
	}
	if !regexp.MustCompile(`^ca-[a-z2-7]{26}$`).MatchString(string(id)) {
		t.Errorf("id = %q, want ca- and 26 characters of base32", id)
	}
	for _, key := range []string{"tuesday", "Monday", "monday ", ""} {
		if NewID(key) == id {
			t.Errorf("the keys monday and %q give the id %s, want two", key, id)
		}
	}
}
