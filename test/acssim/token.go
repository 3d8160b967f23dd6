package acssim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// Paths of the keys and metadata with which an application verifies callbacks, as on
// the public service.
const (
	metadataPath = "/calling/.well-known/acsopenidconfiguration"
	keysPath     = "/calling/keys"
)

// tokenLife is the validity of a callback's bearer token.
//
// Source: learn.microsoft.com, "How to secure webhook endpoint" (Call Automation).
const tokenLife = 5 * time.Minute

const signingKeyID = "acssim"

// signingKey is made once per process, because making it is slow.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // the system has no randomness
	}
	return key
})

// callbackToken returns a bearer token for one callback. Tokens of the same second are
// identical, because they have whole seconds and RS256 has no randomness. The latest
// one is cached, because signing is the most expensive operation of the simulator.
func (s *Server) callbackToken(skew time.Duration) (string, error) {
	now := time.Now().Add(skew)
	k := &s.token
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.text != "" && k.second == now.Unix() {
		return k.text, nil
	}
	text, err := s.sign(now, tokenLife)
	if err != nil {
		return "", err
	}
	k.text, k.second = text, now.Unix()
	return text, nil
}

// latestToken is the callback token that was signed last.
type latestToken struct {
	mu     sync.Mutex
	second int64
	text   string
}

// sign returns a token that is valid from now on for the duration life.
func (s *Server) sign(now time.Time, life time.Duration) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    s.endpoint(),
		Audience:  jwt.ClaimStrings{s.resourceID()},
		IssuedAt:  jwt.NewNumericDate(now),
		NotBefore: jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(life)),
	})
	t.Header["kid"] = signingKeyID
	return t.SignedString(signingKey())
}

func (s *Server) serveMetadata(w http.ResponseWriter) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.endpoint(),
		"jwks_uri":                              s.endpoint() + keysPath,
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (s *Server) serveKeys(w http.ResponseWriter) {
	jwk, err := jwkset.NewJWKFromKey(signingKey().Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{
		ALG: jwkset.AlgRS256, KID: signingKeyID, USE: jwkset.UseSig,
	}})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{jwk.Marshal()}})
}

// offerClaims are the contents of an incomingCallContext, which only the server reads.
type offerClaims struct {
	jwt.RegisteredClaims
	Call int `json:"call"`
}

var errContext = errors.New("the incomingCallContext is not one of this resource")

func (s *Server) contextKey() []byte {
	key := sha256.Sum256(append([]byte("incomingCallContext:"), s.key...))
	return key[:]
}

// offerContext returns the incomingCallContext of a new offer: signed, opaque,
// different for each offer.
func (s *Server) offerContext(c *call) string {
	c.offers++
	c.offerID = s.id("offer", c.n, c.offers)
	claims := offerClaims{Call: c.n}
	claims.ID = c.offerID
	claims.IssuedAt = jwt.NewNumericDate(c.started)
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(s.contextKey())
	if err != nil {
		panic(err) // such claims can always be encoded
	}
	return text
}

// callOfOffer returns the call of an incomingCallContext. Its caller checks whether it
// can still be answered: a token has whole seconds only.
func (s *Server) callOfOffer(context string) (*call, error) {
	var claims offerClaims
	_, err := jwt.ParseWithClaims(context, &claims, func(*jwt.Token) (any, error) { return s.contextKey(), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation())
	if err != nil {
		return nil, errContext
	}
	if c := s.callOfNumber(claims.Call); c != nil && claims.ID == c.offerID {
		return c, nil
	}
	return nil, errContext
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone needs no answer
}
