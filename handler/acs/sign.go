package acs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// keyPolicy signs requests with an access key. It stands inside the retry loop,
// so that each attempt carries a fresh date: the service refuses old ones.
//
// Source: "Sign an HTTP request", Azure Communication Services documentation.
type keyPolicy struct {
	key []byte
}

func (p *keyPolicy) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	hash, err := contentHash(req.Body())
	if err != nil {
		return nil, fmt.Errorf("hash body: %w", err)
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	raw.Host = signedHost(raw.URL) // sent as it is signed
	text := stringToSign(raw.Method, raw.URL.RequestURI(), date, raw.Host, hash)
	raw.Header.Set("X-Ms-Date", date)
	raw.Header.Set("X-Ms-Content-Sha256", hash)
	raw.Header.Set("Authorization",
		"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="+p.sign(text))
	return req.Next()
}

func (p *keyPolicy) sign(text string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// stringToSign is what the signature covers. The path and query are those of
// the request line, escapes and all.
func stringToSign(method, pathAndQuery, date, host, hash string) string {
	return strings.ToUpper(method) + "\n" + pathAndQuery + "\n" + date + ";" + host + ";" + hash
}

// signedHost is the Host header of requests to u: lower case, and a port only
// where it is not the scheme's own.
func signedHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	default:
		return strings.TrimSuffix(host, ":80")
	}
}

// contentHash is the base64 SHA-256 of a body, nil meaning the empty one. It
// leaves the body where it was: at the start.
func contentHash(body io.ReadSeeker) (string, error) {
	h := sha256.New()
	if body != nil {
		if _, err := io.Copy(h, body); err != nil {
			return "", err
		}
		// Not RewindBody: that would undo the wrapping by which the retry policy keeps the body open.
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}
