package main

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"
)

// checkURLs checks from which addresses content is fetched.
func checkURLs(ctx context.Context, r *report, doc []byte) error {
	var file struct {
		URLs []struct {
			URL   string
			Valid bool
		}
	}
	if err := json.Unmarshal(doc, &file); err != nil {
		return err
	}
	rec := newRecorder()
	defer rec.close()
	client, err := rec.client(nil)
	if err != nil {
		return err
	}
	for _, e := range file.URLs {
		var o outcome
		rec.prepare([]response{{Status: 200, Body: json.RawMessage(`"content"`)}})
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := call(ctx, client, "CallRecording.downloadStreaming", input{"url": e.URL})
		cancel()
		switch fetched := len(rec.seen()) > 0; {
		case fetched && !e.Valid:
			o.fail("content", "not fetched", "fetched")
		case !fetched && e.Valid:
			o.explain(difference{"content", "fetched", err}, urlRule(e.URL))
		}
		r.add("url "+e.URL, o)
	}
	return nil
}

// urlRule returns the rule by which an address is refused, nil if there is none.
func urlRule(address string) *rule {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.User != nil || u.Port() != "" && u.Port() != "443" {
		return &strictURL
	}
	return nil
}
