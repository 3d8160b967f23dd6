package table

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestTimeKeysSortAsTheirTimesDo(t *testing.T) {
	at := time.Date(2026, 3, 29, 1, 59, 59, 999_999_999, time.UTC)
	ordered := []time.Time{
		{},
		time.Date(999, 12, 31, 0, 0, 0, 0, time.UTC),
		at,
		at.Add(1).In(time.FixedZone("", -11*3600)),
		at.Add(2).In(time.FixedZone("", 14*3600)),
		at.Add(100 * time.Millisecond),
		at.Add(time.Second),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	for i, next := range ordered[1:] {
		a, b := TimeKey(ordered[i]), TimeKey(next)
		if a >= b || len(a) != 25 || len(b) != 25 {
			t.Errorf("TimeKey: %q, then %q, want 25 characters in their order", a, b)
		}
		if err := checkKey("key", b); err != nil {
			t.Error(err)
		}
	}
	if got, want := TimeKey(at), "20260329T015959.999999999"; got != want {
		t.Errorf("TimeKey = %q, want %q", got, want)
	}
}

func FuzzCheckKey(f *testing.F) {
	for _, s := range []string{
		"", "+12065550100", "h|00000001", "a/b", "a'b", "\x00", "\u0085", "\xff", strings.Repeat("k", 513),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := Key{s, "r"}.Check()
		if other := (Key{"p", s}).Check(); (err == nil) != (other == nil) {
			t.Fatalf("as partition: %v, as row: %v, want the same", err, other)
		}
		if err == nil {
			if s == "" || !utf8.ValidString(s) || strings.ContainsAny(s, `/\#?'`) || len(s) > 4*maxKey {
				t.Fatalf("%q passed, want an error", s)
			}
			return
		}
		if !errors.Is(err, ErrInvalid) {
			t.Fatalf("error %v, want %v", err, ErrInvalid)
		}
		if len(s) > 3 && strings.Contains(err.Error(), s) {
			t.Fatalf("error %v, want no key in it", err)
		}
	})
}
