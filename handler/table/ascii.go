package table

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// asciiBody is a pipeline policy that sends JSON bodies in ASCII, other characters
// as \u escapes, which mean the same. Azurite 3.35.0 decodes the body of a single
// write piece by piece as it arrives, and so stores U+FFFD for a character that
// lies across two pieces; transactions it decodes whole, and they stay as they are.
// Source: https://github.com/Azure/Azurite/issues/2670
type asciiBody struct{}

func (asciiBody) Do(req *policy.Request) (*http.Response, error) {
	contentType := req.Raw().Header.Get("Content-Type")
	if req.Body() == nil || contentType != "application/json" || !isLoopback(req.Raw().URL.Hostname()) {
		return req.Next()
	}
	body, err := io.ReadAll(req.Body())
	if err != nil {
		return nil, err
	}
	err = req.SetBody(streaming.NopCloser(bytes.NewReader(asciiJSON(body))), contentType)
	if err != nil {
		return nil, err
	}
	return req.Next()
}

// isLoopback reports whether a host is this machine, where only Azurite is.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// asciiJSON writes a JSON document with no byte above 0x7F.
func asciiJSON(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for _, r := range string(doc) {
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r <= 0xFFFF:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}
