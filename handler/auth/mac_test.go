package auth

import (
	"errors"
	"strings"
	"testing"
)

var (
	keyA = Key{"a", []byte(strings.Repeat("a", 32))}
	keyB = Key{"b", []byte(strings.Repeat("b", 32))}
)

// TestSignIsStable pins the form of the MAC: URLs that contain it are still in use when a new version is
// deployed. The value is the output of
//
//	printf callback:in-1 | openssl dgst -sha256 -mac HMAC -macopt key:aaa… -binary | basenc --base64url
func TestSignIsStable(t *testing.T) {
	const want = "a.xdALM2ST0SLeQzOBWQwQuNtV9-RnSyXSiRrejot2rb0"
	if got := NewSigner([]Key{keyA}).Sign(CallbackSubject("in-1", 0)); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
}

func TestCallbackSubject(t *testing.T) {
	if got := CallbackSubject("in-1", 0); got != "callback:in-1" {
		t.Errorf("of a call: %s, want callback:in-1", got)
	}
	if got := CallbackSubject("in-1", 7); got != "callback:in-1/7" {
		t.Errorf("of an operation: %s, want callback:in-1/7", got)
	}
}

func TestVerifyMAC(t *testing.T) {
	subject := CallbackSubject("in-1", 0)
	good := NewSigner([]Key{keyA}).Sign(subject)
	tests := []struct {
		name   string
		keys   []Key
		token  string
		reason string // "" if it is accepted
	}{
		{"the key that signed it", []Key{keyA}, good, ""},
		{"the key that signed it, now the second", []Key{keyB, keyA}, good, ""},
		{"a key that was dropped", []Key{keyB}, good, "unknown key"},
		{"another secret under the same id", []Key{{"a", keyB.Secret}}, good, "wrong"},
		{"another key's id", []Key{keyA, keyB}, "b" + good[1:], "wrong"},
		{"another call", []Key{keyA}, NewSigner([]Key{keyA}).Sign(CallbackSubject("in-2", 0)), "wrong"},
		{"an operation of the same call", []Key{keyA},
			NewSigner([]Key{keyA}).Sign(CallbackSubject("in-1", 1)), "wrong"},
		{"a MAC cut short", []Key{keyA}, good[:len(good)-3], "wrong"},
		{"no MAC", []Key{keyA}, "a.", "wrong"},
		{"padding", []Key{keyA}, good + "=", "malformed"},
		{"another alphabet", []Key{keyA}, "a." + strings.Repeat("+", 43), "malformed"},
		{"no key id", []Key{keyA}, good[2:], "malformed"},
		{"nothing", []Key{keyA}, "", "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := NewSigner(tt.keys).Verify(subject, tt.token)
			if tt.reason == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if !errors.Is(err, ErrUnauthorized) || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("error = %v, want %q", err, tt.reason)
			}
			if tt.token != "" && strings.Contains(err.Error(), tt.token) {
				t.Errorf("err = %v, want no token in it", err)
			}
		})
	}
}

func FuzzVerifyMAC(f *testing.F) {
	signer := NewSigner([]Key{keyA, keyB})
	f.Add("callback:in-1", signer.Sign("callback:in-1"))
	f.Add("callback:in-1", NewSigner([]Key{keyB}).Sign("callback:in-1"))
	f.Add("", "a.")
	f.Fuzz(func(t *testing.T, subject, token string) {
		if err := signer.Verify(subject, signer.Sign(subject)); err != nil {
			t.Errorf("our own: %v", err)
		}
		byA := NewSigner([]Key{keyA}).Sign(subject) == token
		byB := NewSigner([]Key{keyB}).Sign(subject) == token
		if err := signer.Verify(subject, token); (err == nil) != (byA || byB) {
			t.Errorf("Verify(%q, %q) = %v, want it accepted: %t", subject, token, err, byA || byB)
		}
	})
}
