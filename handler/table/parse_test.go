package table

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzTransactionAnswers(f *testing.F) {
	const contentType = "multipart/mixed; boundary=batchresponse_1"
	for _, parts := range [][]string{
		nil,
		{refusal(412, "UpdateConditionNotSatisfied")},
		{"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 x\r\nETag: 1\r\n\r\n"},
	} {
		body, err := io.ReadAll(transactionAnswer(nil, parts...).Body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(contentType, body)
		f.Add(contentType, body[:len(body)/2])
	}
	f.Add("application/json", []byte(`{}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		outer := &http.Response{
			Header: http.Header{"Content-Type": {contentType}},
			Body:   io.NopCloser(bytes.NewReader(body)),
		}
		answers, err := transactionAnswers(outer)
		if err != nil && answers != nil {
			t.Fatalf("answers %v and error %v, want one of them", answers, err)
		}
		for _, a := range answers {
			if _, err := io.ReadAll(a.Body); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add("1!8!cA--", "1!8!cg--", "WyJhIiwiYiJd")
	f.Add("p", "", "?")
	f.Add("", "", "bnVsbA")
	f.Fuzz(func(t *testing.T, partition, row, s string) {
		if got := token(&partition, &row); got != "" {
			p, r, err := readToken(got)
			if err != nil {
				t.Fatal(err)
			}
			if utf8.ValidString(partition) && utf8.ValidString(row) && (*p != partition || *r != row) {
				t.Fatalf("token reads as (%q, %q), want (%q, %q)", *p, *r, partition, row)
			}
		}
		if p, _, err := readToken(s); err == nil && p == nil {
			t.Fatalf("token %q without a partition, want an error", s)
		}
	})
}

func FuzzReadEntity(f *testing.F) {
	f.Add([]byte(`{"odata.etag":"W/\"1\"","PartitionKey":"p","RowKey":"r","Timestamp":"2026-01-01T00:00:00Z",` +
		`"Doc0":"{}","Due@odata.type":"Edm.DateTime","Due":"2026-01-01T00:00:00.123Z",` +
		`"N@odata.type":"Edm.Int64","N":"1","B":true,"F":1.5}`))
	f.Add([]byte(`{"Doc0":1,"Doc1":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := readEntity(data)
		for name, v := range e.Columns {
			switch v.(type) {
			case string, bool, int64, time.Time:
			default:
				t.Fatalf("column %q is a %T (%v), want a type of a column", name, v, err)
			}
		}
	})
}
