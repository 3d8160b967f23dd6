package acssim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// signedHeaders is the Authorization header up to the signature.
const signedHeaders = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="

// maxSkew is the largest allowed error of a request's date. The service's own
// tolerance is not published.
const maxSkew = 5 * time.Minute

// verify returns an error if the signature of a request is invalid. The signed path
// is the escaped one. The signed query may be the received one or its form encoding,
// which the official JavaScript SDK signs.
//
// Source: learn.microsoft.com, "Sign an HTTP request" (Azure Communication Services).
func (s *Server) verify(r *http.Request, body []byte) error {
	return s.verifySigned(r, body, strings.ToLower(r.Host), signedTargets(r.URL))
}

// verifyContent verifies requests for recordings, like verify. They are signed for
// the host of the resource and without their query.
func (s *Server) verifyContent(r *http.Request) error {
	host := strings.ToLower(r.Header.Get("x-ms-host"))
	if _, want, _ := strings.Cut(s.endpoint(), "://"); host != want && !bearer(r) {
		return errors.New("x-ms-host is not the host of the resource")
	}
	return s.verifySigned(r, nil, host, []string{r.URL.EscapedPath()})
}

// bearer reports whether a request has a token instead of a signature.
func bearer(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") }

// verifySigned returns an error unless one of the targets is signed for host, or the
// bearer token is accepted.
func (s *Server) verifySigned(r *http.Request, body []byte, host string, targets []string) error {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		if s.AcceptBearer != nil && s.AcceptBearer(token) {
			return nil
		}
		return errors.New("the bearer token is not accepted")
	}
	hash := sha256.Sum256(body)
	content := base64.StdEncoding.EncodeToString(hash[:])
	if r.Header.Get("x-ms-content-sha256") != content {
		return fmt.Errorf("x-ms-content-sha256 is not the hash of the body")
	}
	date := r.Header.Get("x-ms-date")
	at, err := http.ParseTime(date)
	if err != nil {
		return fmt.Errorf("x-ms-date is not an HTTP date")
	}
	if off := time.Since(at).Abs(); off > maxSkew {
		return fmt.Errorf("x-ms-date is off by %v", off.Round(time.Second))
	}
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), signedHeaders)
	if !ok {
		return fmt.Errorf("the Authorization header is not of the HMAC-SHA256 scheme")
	}
	for _, target := range targets {
		if hmac.Equal([]byte(given), []byte(sign(s.key, r.Method, target, date, host, content))) {
			return nil
		}
	}
	return fmt.Errorf("the signature is not the one of this request")
}

// sign returns the signature of a request. target is its path and query, content the
// base64 of its body's SHA-256.
func sign(key []byte, method, target, date, host, content string) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s\n%s\n%s;%s;%s", strings.ToUpper(method), target, date, host, content)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedTargets returns the spellings of path and query that a client may sign.
func signedTargets(u *url.URL) []string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery == "" {
		return []string{path}
	}
	return []string{path + "?" + u.RawQuery, path + "?" + formEncoded(u.RawQuery)}
}

// formEncoded re-serialises a query as application/x-www-form-urlencoded in its
// own order, as URLSearchParams does. It differs from url.Values in the order,
// in a name without a value and in ~ and *.
func formEncoded(query string) string {
	members := strings.Split(query, "&")
	for i, m := range members {
		name, value, _ := strings.Cut(m, "=")
		members[i] = formEscape(name) + "=" + formEscape(value)
	}
	return strings.Join(members, "&")
}

func formEscape(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return strings.NewReplacer("~", "%7E", "%2A", "*").Replace(url.QueryEscape(plain))
}
