package auth

import (
	"context"
	"crypto/rsa"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// signedBy returns a header whose token was signed with the i-th secret under id.
func signedBy(i int, id string) string {
	return bearerSigned(jwt.SigningMethodRS256, secrets()[i], keyID(id))
}

// check verifies header and compares the error, and the number of fetches that it caused.
func check(t *testing.T, what string, v *Verifier, i *issuer, header string, want error, fetches int) {
	t.Helper()
	if err := v.Verify(t.Context(), header); !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", what, err, want)
	}
	synctest.Wait() // for a fetch in the background
	if n := i.count(); n != fetches {
		t.Errorf("%s: %d fetches, want %d", what, n, fetches)
	}
}

func TestKeysAreFetchedOnceAndRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer()
		v := i.verifier(t.Context())
		check(t, "the first token", v, i, signedBy(0, "k0"), nil, 1)
		check(t, "the second", v, i, signedBy(0, "k0"), nil, 0)

		i.set(func() { i.keys["k1"] = secrets()[1] })
		time.Sleep(time.Minute)
		check(t, "a new key", v, i, signedBy(1, "k1"), nil, 1)
		check(t, "the old key beside it", v, i, signedBy(0, "k0"), nil, 0)

		i.set(func() { delete(i.keys, "k0") })
		time.Sleep(keysMaxAge)
		check(t, "old keys serve while they are renewed", v, i, signedBy(0, "k0"), nil, 1)
		check(t, "a key that was withdrawn", v, i, signedBy(0, "k0"), ErrUnauthorized, 1)
		check(t, "the key that is left", v, i, signedBy(1, "k1"), nil, 0)
	})
}

func TestUnknownKeyIDsCauseFewFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer()
		v := i.verifier(t.Context())
		check(t, "a good token", v, i, signedBy(0, "k0"), nil, 1)
		check(t, "the first made-up id", v, i, signedBy(1, "x1"), ErrUnauthorized, 1)
		for range 50 {
			check(t, "another one", v, i, signedBy(1, "x2"), ErrUnauthorized, 0)
		}
		check(t, "a good token is not held up", v, i, signedBy(0, "k0"), nil, 0)
		time.Sleep(fetchEvery)
		check(t, "later it is asked again", v, i, signedBy(1, "x1"), ErrUnauthorized, 1)
	})
}

func TestKeysThatCannotBeFetched(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*issuer)
	}{
		{"no connection", func(i *issuer) { i.fail = errors.New("no route to host") }},
		{"a server's fault", func(i *issuer) { i.status = 503 }},
		{"a page instead", func(i *issuer) { i.body = "<html>" }},
		{"no key in it", func(i *issuer) { i.body = `{"keys":[]}` }},
		{"no answer", func(i *issuer) { i.delay = time.Hour }},
	}
	for _, tt := range tests {
		t.Run(tt.name+" at the start", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newIssuer()
				tt.spoil(i)
				v := i.verifier(t.Context()) // does not wait
				check(t, "while it lasts", v, i, signedBy(0, "k0"), ErrKeysUnavailable, 1)
				if err := v.Verify(t.Context(), signedBy(0, "k0")); errors.Is(err, ErrUnauthorized) {
					t.Errorf("err = %v, want another one than %v", err, ErrUnauthorized)
				}
				i.set(func() { i.fail, i.status, i.body, i.delay = nil, 0, "", 0 })
				i.count()
				time.Sleep(fetchEvery)
				check(t, "afterwards", v, i, signedBy(0, "k0"), nil, 1)
			})
		})
		t.Run(tt.name+" later", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newIssuer()
				v := i.verifier(t.Context())
				check(t, "before", v, i, signedBy(0, "k0"), nil, 1)
				i.set(func() { tt.spoil(i) })
				time.Sleep(2 * keysMaxAge)
				check(t, "the keys that we have still serve", v, i, signedBy(0, "k0"), nil, 1)
				time.Sleep(fetchTimeout)
			})
		})
	}
}

func TestManyWaitForOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer()
		i.delay = time.Second
		v := i.verifier(t.Context())
		hurried, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			if err := v.Verify(hurried, signedBy(0, "k0")); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("one that cannot wait: %v, want %v", err, context.DeadlineExceeded)
			}
		})
		for range 10 {
			all.Go(func() {
				if err := v.Verify(t.Context(), signedBy(0, "k0")); err != nil {
					t.Errorf("one that waits: %v", err)
				}
			})
		}
		all.Wait()
		if n := i.count(); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
	})
}

func TestParseKeys(t *testing.T) {
	i := newIssuer()
	good := i.document()
	i.keys = map[string]*rsa.PrivateKey{"": secrets()[1]}
	// with returns the good document with entry as its first key.
	with := func(entry string) string { return `{"keys":[` + entry + `,` + good[len(`{"keys":[`):] }
	tests := []struct {
		name, document string
		ok             bool
	}{
		{"an RSA key", good, true},
		{"a key of another kind beside it", with(`{"kty":"EC","crv":"P-256","kid":"e"}`), true},
		{"a broken key beside it", with(`{"kty":"RSA","kid":"r","n":"!","e":"AQAB"}`), true},
		{"a certificate that does not fit", `{"keys":[{"x5t":"AAAA",` + good[len(`{"keys":[{`):], true},
		{"a key without an id", i.document(), false},
		{"a key to encrypt with",
			`{"keys":[{"kty":"RSA","kid":"r","use":"enc","n":"AQAB","e":"AQAB"}]}`, false},
		{"a shared secret", `{"keys":[{"kty":"oct","kid":"o","k":"AAAA"}]}`, false},
		{"null", `null`, false},
		{"half of it", good[:len(good)/2], false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := parseKeys([]byte(tt.document))
			if ok := err == nil && len(keys) == 1 && keys["k0"] != nil; ok != tt.ok {
				t.Errorf("keys = %v, %v, want k0 alone: %t", keys, err, tt.ok)
			}
		})
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(newIssuer().document()))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"r","n":"","e":""}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		keys, err := parseKeys(document)
		if (err == nil) != (len(keys) > 0) {
			t.Errorf("keys = %v, %v, want either of them", keys, err)
		}
	})
}
