package scale

import "testing"

func TestFullSizeIsForTheVariableOnly(t *testing.T) {
	for value, want := range map[string]int{"": 2_000, "sample": 2_000, Full: 10_000} {
		t.Setenv(Variable, value)
		if got := Size(2_000, 10_000); got != want {
			t.Errorf("%s=%q: size %d, want %d", Variable, value, got, want)
		}
	}
}
