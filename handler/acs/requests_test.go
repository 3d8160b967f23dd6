package acs

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/test/wire/schema"
)

// requestCase is an operation and the request that it sends, the same as Microsoft's
// JavaScript client sends.
type requestCase struct {
	name   string
	call   func(context.Context, *Client) error
	answer int
	method string
	path   string
	paired bool
	body   string
}

// checkSent runs operations and compares their requests.
func checkSent(t *testing.T, tests []requestCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, c := newRecorder(t, answer{status: tt.answer})
			if err := tt.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			got := rec.requests()
			if len(got) != 1 {
				t.Fatalf("%d requests, want 1", len(got))
			}
			if got[0].Method != tt.method || got[0].URI != tt.path+"?api-version=2026-03-12" {
				t.Errorf("request = %s %s, want %s %s", got[0].Method, got[0].URI, tt.method, tt.path)
			}
			checkPair(t, got[0].Header, tt.paired)
			if d := cmp.Diff(decode(t, tt.body), decode(t, got[0].Body)); d != "" {
				t.Errorf("body (-want +got):\n%s", d)
			}

			// Another status than the operation's own is no success, even among the 2xx.
			for _, status := range []int{206, 400, 404} {
				_, c := newRecorder(t, answer{status: status})
				if err := tt.call(t.Context(), c); err == nil {
					t.Errorf("no error for status %d, want one", status)
				}
			}
		})
	}
}

// checkSchema checks a request against the published description, if that is on
// this machine: see TestSchemaLoads. It skips next links, which the service makes.
func checkSchema(t testing.TB, method, uri, query string, header http.Header, body []byte) {
	t.Helper()
	s, err := schema.Load()
	if err != nil || query != "api-version="+apiVersion {
		return
	}
	if _, err := s.Check(method, uri, header, body); err != nil {
		t.Error(err)
	}
}

// The published description may be absent, but not unreadable.
func TestSchemaLoads(t *testing.T) {
	if _, err := schema.Load(); err != nil && !errors.Is(err, schema.ErrAbsent) {
		t.Fatal(err)
	}
}
