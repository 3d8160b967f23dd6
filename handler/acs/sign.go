package acs

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// AccessKey is one of the two keys of an ACS resource, with which requests to
// all its APIs are signed. It prints as a mask.
type AccessKey struct{ key []byte }

// ParseAccessKey reads an access key in base64, as the portal shows it.
func ParseAccessKey(text string) (AccessKey, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) == 0 {
		return AccessKey{}, errors.New("acs: the access key is not base64") // the decoder's error would quote it
	}
	return AccessKey{key}, nil
}

// String hides the key.
func (AccessKey) String() string { return masked }

// GoString hides the key.
func (AccessKey) GoString() string { return masked }

// Signed holds the parts of a request that its signature covers, as they are sent.
//
// Source: "Sign an HTTP request", Azure Communication Services documentation.
type Signed struct {
	Method       string
	PathAndQuery string // path and query of the request line, escaped
	Date         string // x-ms-date, in the form of [http.TimeFormat]
	Host         string // host, with the port if it is not the scheme's default
	ContentHash  string // x-ms-content-sha256
}

// append appends the string to sign to b. The query may be given separately.
func (s Signed) append(b []byte, query string) []byte {
	b = append(append(b, strings.ToUpper(s.Method)...), '\n')
	b = append(b, s.PathAndQuery...)
	if query != "" {
		b = append(append(b, '?'), query...)
	}
	b = append(append(append(b, '\n'), s.Date...), ';')
	b = append(append(b, s.Host...), ';')
	return append(b, s.ContentHash...)
}

// String returns the string to sign.
func (s Signed) String() string { return string(s.append(nil, "")) }

// ContentHash returns the base64 SHA-256 of a body, the value of x-ms-content-sha256.
func ContentHash(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Signature returns the base64 signature of s. Client signs its own requests; use
// this for other APIs of the resource, and in servers that check signatures.
func (k AccessKey) Signature(s Signed) string {
	mac := hmac.New(sha256.New, k.key)
	mac.Write(s.append(nil, ""))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedFor, as a request's operation value, makes the key policy sign it for the
// resource's host although it goes to another one: see fetch.
type signedFor struct{ host string }

// keyPolicy signs requests with an access key. It runs for each attempt, so that
// each carries a fresh date: the service refuses old ones.
type keyPolicy struct{ signers sync.Pool }

func newKeyPolicy(key AccessKey) *keyPolicy {
	p := &keyPolicy{}
	p.signers.New = func() any {
		return &signer{mac: hmac.New(sha256.New, key.key), sha: sha256.New()}
	}
	return p
}

func (p *keyPolicy) Do(req *policy.Request) (*http.Response, error) {
	s := p.signers.Get().(*signer)
	err := s.sign(req, time.Now())
	p.signers.Put(s)
	if err != nil {
		return nil, fmt.Errorf("hash body: %w", err)
	}
	return req.Next()
}

// signer holds the buffers of signing, for reuse. A signature then allocates the
// three header values and their list only.
type signer struct {
	mac, sha hash.Hash
	read     [2048]byte // buffer for reading the body
	sum      [sha256.Size]byte
	other    signedFor
	buf      []byte
}

const authorization = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="

// sign sets the date, hash and signature of req for the time at. It rewinds the body.
func (s *signer) sign(req *policy.Request, at time.Time) error {
	raw := req.Raw()
	s.sha.Reset()
	if body := req.Body(); body != nil {
		if _, err := io.CopyBuffer(s.sha, body, s.read[:]); err != nil {
			return err
		}
		// Not RewindBody: that would undo the wrapping by which the retry policy keeps the body open.
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	raw.Host = signedHost(raw.URL) // sent as it is signed
	covered := Signed{Method: raw.Method, PathAndQuery: cmp.Or(raw.URL.EscapedPath(), "/"), Host: raw.Host}
	query := raw.URL.RawQuery
	if req.OperationValue(&s.other) {
		covered.Host, query = s.other.host, ""
	}
	s.buf = at.UTC().AppendFormat(s.buf[:0], http.TimeFormat)
	covered.Date = string(s.buf)
	s.buf = base64.StdEncoding.AppendEncode(s.buf[:0], s.sha.Sum(s.sum[:0]))
	covered.ContentHash = string(s.buf)

	s.mac.Reset()
	s.buf = covered.append(s.buf[:0], query)
	s.mac.Write(s.buf)
	s.buf = base64.StdEncoding.AppendEncode(append(s.buf[:0], authorization...), s.mac.Sum(s.sum[:0]))

	values := []string{covered.Date, covered.ContentHash, string(s.buf)}
	raw.Header["X-Ms-Date"] = values[0:1:1]
	raw.Header["X-Ms-Content-Sha256"] = values[1:2:2]
	raw.Header["Authorization"] = values[2:3:3]
	return nil
}

// signedHost returns the Host header of requests to u: in lower case, with the
// port if it is not the scheme's default.
func signedHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	default:
		return strings.TrimSuffix(host, ":80")
	}
}
