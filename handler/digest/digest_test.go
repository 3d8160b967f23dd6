package digest

import "testing"

func TestDifferentPartsHaveDifferentDigests(t *testing.T) {
	seen := map[string][]string{}
	for _, parts := range [][]string{
		nil, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"b", "a"}, {"a", "", "b"}, {"a", "b", ""},
		{"1:a"}, {"a", "1:b"}, {"a1:b"},
	} {
		k := Hex(Size, parts...)
		if other, ok := seen[k]; ok {
			t.Errorf("%q and %q have the digest %s, want two", parts, other, k)
		}
		seen[k] = parts
		if len(k) != 2*Size {
			t.Errorf("Hex(Size, %q) = %q, want %d characters", parts, k, 2*Size)
		}
	}
}

func FuzzHex(f *testing.F) {
	f.Add("a", "b", "ab", "")
	f.Add("1:a", "", "", "1:a")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if (Hex(Size, a, b) == Hex(Size, c, d)) != (a == c && b == d) {
			t.Fatalf("(%q, %q) = %s and (%q, %q) = %s, want them equal if the parts are",
				a, b, Hex(Size, a, b), c, d, Hex(Size, c, d))
		}
	})
}
