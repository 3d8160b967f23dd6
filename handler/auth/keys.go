package auth

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"golang.org/x/time/rate"
)

const (
	// keysMaxAge is the age at which the keys are fetched again, so that a withdrawn key is not trusted for
	// ever.
	keysMaxAge = time.Hour
	// fetchEvery and fetchBurst limit the fetches that callers can cause with unknown key ids.
	fetchEvery = 10 * time.Second
	fetchBurst = 2
	// fetchTimeout bounds one fetch. A callback has 5 s to be committed.
	fetchTimeout = 3 * time.Second
	// maxKeys bounds the document of keys, in bytes.
	maxKeys = 1 << 20
)

// keySet holds the keys that an issuer publishes. It fetches them when a key id is unknown, and in the
// background when they are older than keysMaxAge. Keys that could not be renewed stay valid: the issuer's
// outage must not be ours.
//
// The remote storage of jwkset is not used: it makes its first request while it is constructed, lets callers
// queue for its rate limiter, and cannot distinguish an unknown key from keys that could not be fetched.
type keySet struct {
	ctx    context.Context // ends every fetch
	url    string
	client *http.Client
	limit  *rate.Limiter

	mu      sync.Mutex
	keys    map[string]*rsa.PublicKey // by key id; replaced as a whole
	fetched time.Time                 // of the last fetch that succeeded
	err     error                     // of the last fetch
	fetch   chan struct{}             // closed when the fetch in flight ends; nil if there is none
}

func newKeySet(ctx context.Context, url string, client *http.Client) *keySet {
	limit := rate.NewLimiter(rate.Every(fetchEvery), fetchBurst)
	return &keySet{ctx: ctx, url: url, client: client, limit: limit}
}

// find returns the key with this id. It waits for one fetch if the id is unknown.
func (s *keySet) find(ctx context.Context, id string) (*rsa.PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.keys[id]
	if key != nil && time.Since(s.fetched) < keysMaxAge {
		return key, nil
	}
	if s.fetch == nil && s.limit.Allow() {
		s.fetch = make(chan struct{})
		go s.refresh(s.fetch)
	}
	if key != nil {
		return key, nil
	}
	if done := s.fetch; done != nil {
		s.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
		}
		s.mu.Lock()
	}
	if key = s.keys[id]; key != nil {
		return key, nil
	}
	if s.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, s.err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, err)
	}
	return nil, errors.New("unknown key id")
}

// refresh fetches the keys and closes done.
func (s *keySet) refresh(done chan struct{}) {
	keys, err := s.get()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err = err; err == nil {
		s.keys, s.fetched = keys, time.Now()
	}
	s.fetch = nil
	close(done)
}

func (s *keySet) get() (keys map[string]*rsa.PublicKey, err error) {
	defer func() {
		if v := recover(); v != nil { // in a goroutine of its own, it would end the process
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	ctx, cancel := context.WithTimeout(s.ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", s.url, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeys))
	if err != nil {
		return nil, err
	}
	keys, err = parseKeys(body)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", s.url, err)
	}
	return keys, nil
}

// parseKeys returns the RSA keys of a JWK set, by id. It ignores other keys and entries that do not parse: an
// issuer may publish keys that are not for us.
func parseKeys(document []byte) (map[string]*rsa.PublicKey, error) {
	var set jwkset.JWKSMarshal
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("JWK set: %w", err)
	}
	keys := make(map[string]*rsa.PublicKey)
	for _, entry := range set.Keys {
		if entry.USE != "" && entry.USE != jwkset.UseSig {
			continue
		}
		// Only modulus and exponent are used; the certificates in the entry need not match them.
		lenient := jwkset.JWKValidateOptions{SkipAll: true}
		jwk, err := jwkset.NewJWKFromMarshal(entry, jwkset.JWKMarshalOptions{}, lenient)
		if err != nil {
			continue
		}
		if key, ok := jwk.Key().(*rsa.PublicKey); ok && entry.KID != "" {
			keys[entry.KID] = key
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("JWK set has no RSA key for signatures")
	}
	return keys, nil
}
