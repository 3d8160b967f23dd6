package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"switchboard/handler/acs"
)

// checkHMAC checks signatures from under a frozen clock: of single requests, and of
// whole calls as they were sent.
func checkHMAC(_ context.Context, r *report, doc []byte) error {
	var file struct {
		Policy []struct {
			Name, Method, URL, Date, Key, StringToSign string
			WirePathAndQuery, SignedPathAndQuery       string
			Body                                       *string
			Headers                                    map[string]string
		}
		WholeCalls []struct {
			Name, Key string
			Signed    struct{ Host, PathAndQuery, StringToSign string }
			Wire      struct {
				Method, Target, Body string
				Headers              map[string]string
			}
		}
	}
	if err := json.Unmarshal(doc, &file); err != nil {
		return err
	}
	for _, v := range file.Policy {
		var o outcome
		body := ""
		if v.Body != nil {
			body = *v.Body
		}
		o.signed(v.Key, acs.Signed{
			Method: v.Method, PathAndQuery: cmp.Or(v.SignedPathAndQuery, v.WirePathAndQuery), Date: v.Date,
			Host: hostOf(v.URL), ContentHash: acs.ContentHash([]byte(body)),
		}, v.StringToSign, v.Headers)
		r.add("policy "+v.Name, o)
	}
	for _, v := range file.WholeCalls {
		var o outcome
		o.signed(v.Key, acs.Signed{
			Method: v.Wire.Method, PathAndQuery: v.Signed.PathAndQuery, Date: v.Wire.Headers["x-ms-date"],
			Host: v.Signed.Host, ContentHash: acs.ContentHash([]byte(v.Wire.Body)),
		}, v.Signed.StringToSign, v.Wire.Headers)
		r.add("call "+v.Name, o)
	}
	return nil
}

// signed compares a string to sign, its signature and the hash in it.
func (o *outcome) signed(key string, covered acs.Signed, stringToSign string, headers map[string]string) {
	k, err := acs.ParseAccessKey(key)
	if err != nil {
		o.fail("key", "an access key", err)
		return
	}
	if got := covered.String(); stringToSign != "" && got != stringToSign {
		o.fail("string to sign", stringToSign, got)
	}
	_, want, _ := strings.Cut(headers["authorization"], "&Signature=")
	if got := k.Signature(covered); got != want {
		o.fail("signature", want, got)
	}
	if want := headers["x-ms-content-sha256"]; want != "" && covered.ContentHash != want {
		o.fail("content hash", want, covered.ContentHash)
	}
}

// hostOf returns the Host header of a request: in lower case, with the port if it
// is not the scheme's default.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	port := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	return strings.TrimSuffix(strings.ToLower(u.Host), port)
}
