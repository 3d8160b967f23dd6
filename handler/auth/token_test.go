package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

var accepted = TokenConfig{
	Issuer:   "https://issuer.example",
	Audience: "0b2e7c9e-1111-4222-8333-444455556666",
	JWKSURL:  "https://issuer.example/calling/keys",
}

// secrets returns the private keys of the tests' issuer. They are made once, because that is slow.
var secrets = sync.OnceValue(func() (keys [2]*rsa.PrivateKey) {
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

// issuer publishes keys in memory: it is the transport of the Verifier's client.
type issuer struct {
	mu      sync.Mutex
	keys    map[string]*rsa.PrivateKey // by the id they are published under
	fail    error
	status  int           // 0: 200
	body    string        // instead of the keys
	delay   time.Duration // before the answer
	fetches int
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.fetches++
	fail, status, body, delay := i.fail, max(i.status, 200), i.body, i.delay
	if body == "" {
		body = i.document()
	}
	i.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if fail != nil {
		return nil, fail
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

func (i *issuer) document() string {
	var set jwkset.JWKSMarshal
	for id, key := range i.keys {
		jwk, err := jwkset.NewJWKFromKey(&key.PublicKey, jwkset.JWKOptions{
			Metadata: jwkset.JWKMetadataOptions{KID: id, ALG: jwkset.AlgRS256, USE: jwkset.UseSig},
		})
		if err != nil {
			panic(err)
		}
		set.Keys = append(set.Keys, jwk.Marshal())
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// count returns the number of fetches since its last call.
func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := i.fetches
	i.fetches = 0
	return n
}

func (i *issuer) set(change func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change()
}

func newIssuer() *issuer { return &issuer{keys: map[string]*rsa.PrivateKey{"k0": secrets()[0]}} }

func (i *issuer) verifier(ctx context.Context) *Verifier {
	return NewVerifier(ctx, accepted, &http.Client{Transport: i})
}

// bearer returns an Authorization header with a token that the issuer made now. If change is not nil, it is
// applied before signing.
func bearer(change func(*jwt.Token, jwt.MapClaims)) string {
	return bearerSigned(jwt.SigningMethodRS256, secrets()[0], change)
}

func bearerSigned(method jwt.SigningMethod, key any, change func(*jwt.Token, jwt.MapClaims)) string {
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": accepted.Issuer, "aud": accepted.Audience,
		"nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "k0"
	if change != nil {
		change(token, claims)
	}
	signed, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return "Bearer " + signed
}

// claim returns a change for bearer that sets a claim, or deletes it if value is nil.
func claim(name string, value any) func(*jwt.Token, jwt.MapClaims) {
	return func(_ *jwt.Token, c jwt.MapClaims) {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
}

// keyID returns a change for bearer that sets the key id in the token's header, or deletes it.
func keyID(value any) func(*jwt.Token, jwt.MapClaims) {
	return func(t *jwt.Token, _ jwt.MapClaims) {
		if t.Header["kid"] = value; value == nil {
			delete(t.Header, "kid")
		}
	}
}

// in returns the time after d in the form of a claim.
func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }

func TestVerifyToken(t *testing.T) {
	const otherAudience = "0b2e7c9e-1111-4222-8333-444455556667"
	rs256, none := jwt.SigningMethodRS256, jwt.SigningMethodNone
	der, err := x509.MarshalPKIXPublicKey(&secrets()[0].PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	tests := []struct {
		name   string
		header func() string // called when the test's time has begun
		reason string        // "" if it is accepted
	}{
		{"a token for us", func() string { return bearer(nil) }, ""},
		{"the scheme in lower case", func() string { return "b" + bearer(nil)[1:] }, ""},
		{"one of several audiences", func() string {
			return bearer(claim("aud", []string{"x", accepted.Audience}))
		}, ""},
		{"expired within the leeway", func() string { return bearer(claim("exp", in(-leeway+time.Second))) }, ""},
		{"early within the leeway", func() string { return bearer(claim("nbf", in(leeway-time.Second))) }, ""},
		{"expired", func() string { return bearer(claim("exp", in(-leeway-time.Second))) }, "expired"},
		{"not yet valid", func() string { return bearer(claim("nbf", in(leeway+time.Minute))) }, "not valid yet"},
		{"valid for ever", func() string { return bearer(claim("exp", nil)) }, "exp claim is required"},
		{"another issuer", func() string { return bearer(claim("iss", accepted.Issuer+"/")) }, "issuer"},
		{"no issuer", func() string { return bearer(claim("iss", nil)) }, "iss"},
		{"another resource", func() string { return bearer(claim("aud", otherAudience)) }, "audience"},
		{"no audience", func() string { return bearer(claim("aud", nil)) }, "aud"},
		{"signed with another key", func() string { return bearerSigned(rs256, secrets()[1], nil) }, "signature"},
		{"not signed", func() string {
			return bearerSigned(none, jwt.UnsafeAllowNoneSignatureType, nil)
		}, "signing method"},
		{"signed with the public key as a password", func() string {
			return bearerSigned(jwt.SigningMethodHS256, publicPEM, nil)
		}, "signing method"},
		{"another algorithm of the same key", func() string {
			return bearerSigned(jwt.SigningMethodRS512, secrets()[0], nil)
		}, "signing method"},
		{"changed claims", func() string {
			parts, other := strings.Split(bearer(nil), "."), strings.Split(bearer(claim("x", 1)), ".")
			return parts[0] + "." + other[1] + "." + parts[2]
		}, "signature"},
		{"an unknown key", func() string { return bearer(keyID("k9")) }, "unknown key id"},
		{"no key id", func() string { return bearer(keyID(nil)) }, "no key id"},
		{"a key id that is no text", func() string { return bearer(keyID(7)) }, "no key id"},
		{"two headers made one", func() string { return bearer(nil) + ", " + bearer(nil) }, "malformed"},
		{"another scheme", func() string { return "Basic dTpw" }, "no bearer token"},
		{"no token", func() string { return "Bearer " }, "no bearer token"},
		{"no header", func() string { return "" }, "no bearer token"},
		{"a token above the limit", func() string {
			return "Bearer " + strings.Repeat("a", maxToken+1)
		}, "no bearer token"},
		{"no token at all", func() string { return "Bearer aaa.bbb.ccc" }, "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				header := tt.header()
				err := newIssuer().verifier(t.Context()).Verify(t.Context(), header)
				if tt.reason == "" {
					if err != nil {
						t.Errorf("refused: %v", err)
					}
					return
				}
				if !errors.Is(err, ErrUnauthorized) || !strings.Contains(err.Error(), tt.reason) {
					t.Errorf("error = %v, want %q", err, tt.reason)
				}
				_, token, _ := strings.Cut(header, " ")
				if token != "" && strings.Contains(err.Error(), token) {
					t.Errorf("err = %v, want no token in it", err)
				}
			})
		})
	}
}

func FuzzVerifyToken(f *testing.F) {
	good := bearer(nil)
	f.Add(good)
	f.Add("Bearer aaa.bbb.ccc")
	f.Add(bearerSigned(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil))
	f.Add(bearerSigned(jwt.SigningMethodHS256, []byte("x"), nil))
	v := newIssuer().verifier(f.Context())
	f.Fuzz(func(t *testing.T, header string) {
		err := v.Verify(t.Context(), header)
		_, token, _ := strings.Cut(header, " ")
		if err == nil && token != strings.TrimPrefix(good, "Bearer ") {
			t.Errorf("accepted %q, want %q alone", header, good)
		}
	})
}
