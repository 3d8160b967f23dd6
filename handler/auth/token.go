package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// leeway is the tolerated difference between the issuer's clock and ours. A callback token is valid for
// 5 minutes, so it is accepted for at most 10.
//
// Source:
// https://learn.microsoft.com/azure/communication-services/how-tos/call-automation/secure-webhook-endpoint
const leeway = 5 * time.Minute

// maxToken is the longest token that is parsed, in bytes. A callback token has about 1 KB.
const maxToken = 8 << 10

// TokenConfig names the tokens that a Verifier accepts.
type TokenConfig struct {
	Issuer   string // compared literally
	Audience string // the immutable id of our Communication Services resource
	JWKSURL  string // where the issuer publishes its keys
}

// Verifier checks the bearer tokens of callbacks. It may be used concurrently.
type Verifier struct {
	parser *jwt.Parser
	keys   *keySet
}

// NewVerifier returns a Verifier that fetches the issuer's keys when it first needs one, through client, or
// http.DefaultClient if that is nil. Fetches end with ctx; the Verifier has no goroutine while none is under
// way.
func NewVerifier(ctx context.Context, t TokenConfig, client *http.Client) *Verifier {
	if client == nil {
		client = http.DefaultClient
	}
	return &Verifier{
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}),
			jwt.WithIssuer(t.Issuer),
			jwt.WithAudience(t.Audience),
			jwt.WithExpirationRequired(),
			jwt.WithLeeway(leeway),
		),
		keys: newKeySet(ctx, t.JWKSURL, client),
	}
}

// Verify checks the value of an Authorization header. It returns nil for a valid token, ErrUnauthorized for
// any other, and ErrKeysUnavailable if the token cannot be checked. It may wait for the issuer's keys, until
// ctx ends.
func (v *Verifier) Verify(ctx context.Context, authorization string) error {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return fmt.Errorf("%w: no bearer token", ErrUnauthorized)
	}
	_, err := v.parser.ParseWithClaims(token, new(jwt.RegisteredClaims), func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		if id == "" {
			return nil, errors.New("no key id")
		}
		return v.keys.find(ctx, id)
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrKeysUnavailable):
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnauthorized, err)
}
