package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Key is a signing secret and the id that a MAC made with it carries. The id has no dot.
type Key struct {
	ID     string
	Secret []byte
}

// Signer makes and checks MACs. It may be used concurrently.
type Signer struct {
	keys []Key
}

// NewSigner returns a Signer that signs with the first key and verifies with all, so that a key can be
// changed while URLs signed with the old one are still in use. It panics if there is none.
func NewSigner(keys []Key) *Signer {
	if len(keys) == 0 {
		panic("auth: a Signer needs a key")
	}
	return &Signer{keys}
}

// CallbackSubject returns the subject that the MAC in a call's callback URL signs; with op above 0, the
// subject for the callbacks of this operation of the call. A call id contains no slash.
func CallbackSubject(callID string, op int) string {
	if op > 0 {
		callID += "/" + strconv.Itoa(op)
	}
	return "callback:" + callID
}

// macEncoding is strict, so that each MAC has one spelling.
var macEncoding = base64.RawURLEncoding.Strict()

// Sign returns "<key id>.<mac>", fit for a URL's query, where mac is the HMAC-SHA256 of subject in unpadded
// base64url.
func (s *Signer) Sign(subject string) string {
	key := s.keys[0]
	return key.ID + "." + macEncoding.EncodeToString(mac(key, subject))
}

// Verify returns nil if token was made by Sign for subject with one of the keys, otherwise an
// ErrUnauthorized.
func (s *Signer) Verify(subject, token string) error {
	id, encoded, ok := strings.Cut(token, ".")
	if !ok {
		return fmt.Errorf("%w: MAC is malformed", ErrUnauthorized)
	}
	got, err := macEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("%w: MAC is malformed", ErrUnauthorized)
	}
	for _, key := range s.keys {
		if key.ID != id {
			continue
		}
		if !hmac.Equal(got, mac(key, subject)) {
			return fmt.Errorf("%w: MAC is wrong", ErrUnauthorized)
		}
		return nil
	}
	return fmt.Errorf("%w: MAC is of an unknown key", ErrUnauthorized)
}

func mac(key Key, subject string) []byte {
	h := hmac.New(sha256.New, key.Secret)
	h.Write([]byte(subject))
	return h.Sum(nil)
}
