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

// callbackToken returns a bearer token for one callback.
func (s *Server) callbackToken(skew time.Duration) (string, error) {
	return s.sign(time.Now().Add(skew), tokenLife)
}

// tokenClaims is what a token says. Tokens have whole seconds.
type tokenClaims struct {
	issuer, audience string
	from, to         int64 // in seconds
}

// signed caches the tokens of all servers of the process, because signing is the most
// expensive operation of the simulator. RS256 has no randomness: the same claims give
// the same token.
var signed = struct {
	mu    sync.Mutex
	texts map[tokenClaims]string
}{texts: map[tokenClaims]string{}}

// maxSigned is the number of tokens after which the cache is emptied.
const maxSigned = 512

// sign returns a token that is valid from now on for the duration life.
func (s *Server) sign(now time.Time, life time.Duration) (string, error) {
	claims := tokenClaims{s.endpoint(), s.resourceID(), now.Unix(), now.Add(life).Unix()}
	signed.mu.Lock()
	defer signed.mu.Unlock()
	if text, ok := signed.texts[claims]; ok {
		return text, nil
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    claims.issuer,
		Audience:  jwt.ClaimStrings{claims.audience},
		IssuedAt:  jwt.NewNumericDate(time.Unix(claims.from, 0)),
		NotBefore: jwt.NewNumericDate(time.Unix(claims.from, 0)),
		ExpiresAt: jwt.NewNumericDate(time.Unix(claims.to, 0)),
	})
	t.Header["kid"] = signingKeyID
	text, err := t.SignedString(signingKey())
	if err != nil {
		return "", err
	}
	if len(signed.texts) == maxSigned {
		clear(signed.texts)
	}
	signed.texts[claims] = text
	return text, nil
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
