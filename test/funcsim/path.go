package funcsim

import (
	"fmt"
	"net/http"
	"strings"
)

// requestPath returns the path as ASP.NET Core sees it: decoded except for %2F, and
// without dot segments. Repeated slashes stay.
func requestPath(r *http.Request) string {
	return removeDots(decodePath(r.URL.EscapedPath()))
}

// decodePath decodes percent escapes, except for those of a slash.
func decodePath(escaped string) string {
	var b strings.Builder
	for i := 0; i < len(escaped); i++ {
		if escaped[i] == '%' && i+2 < len(escaped) {
			var c byte
			_, err := fmt.Sscanf(escaped[i+1:i+3], "%02x", &c)
			if err == nil && c != '/' {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(escaped[i])
	}
	return b.String()
}

func removeDots(path string) string {
	var out []string
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, p := range parts {
		last := i == len(parts)-1
		switch p {
		case ".", "..":
			if p == ".." && len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, p)
		}
	}
	return "/" + strings.Join(out, "/")
}

// encodePath encodes a path as the proxy does. The percent sign of %2F, which
// decodePath leaves, is escaped once more.
// Source: Yarp.ReverseProxy, RequestUtilities.EncodePath.
func encodePath(path string) string {
	const plain = "!$&'()*+,-./:;=@_~"
	var b strings.Builder
	for _, c := range []byte(path) {
		switch {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', strings.IndexByte(plain, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
