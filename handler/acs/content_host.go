package acs

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// contentHosts are the endings of the host names on which the service stores
// recordings. A host name has at least one character before the dot.
//
// Source: @azure/communication-call-automation 1.6.0.
var contentHosts = []string{
	".asm.skype.com",
	".asyncgw.teams.microsoft.com",
	".ams.gov.teams.microsoft.us",
}

// parseContent parses the address of a recording. It refuses an address to which
// credentials must not be sent: addresses come with events, that is from outside.
func (c *Client) parseContent(location string) (*url.URL, error) {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return nil, errors.New("the location is not an absolute URL")
	}
	host := strings.ToLower(u.Hostname())
	own := matchHost(host, c.recordingHosts)
	switch {
	case u.User != nil:
		return nil, errors.New("the location has a user in it")
	case u.Scheme == "http" && (!own || !secure(u) || c.endpoint.Scheme != "http"), u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the location is not https")
	case !own && !matchHost(host, contentHosts):
		return nil, errors.New("the location is on a host that keeps no recordings")
	case !own && u.Port() != "" && u.Port() != "443":
		return nil, errors.New("the location has a port of its own")
	}
	u.Fragment, u.RawFragment = "", ""
	u.RawQuery = escapeQuery(u.RawQuery)
	return u, nil
}

// escapeQuery escapes the characters that a request line must not contain. It
// keeps existing escapes as they are, because the query may be signed.
func escapeQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// matchHost reports whether host is one of the names, or ends in one that begins
// with a dot.
func matchHost(host string, names []string) bool {
	for _, name := range names {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, ".") && strings.HasSuffix(host, name) && len(host) > len(name) || host == name {
			return true
		}
	}
	return false
}
