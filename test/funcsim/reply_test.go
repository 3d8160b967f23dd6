package funcsim

import (
	"errors"
	"slices"
	"testing"
)

func TestRepliesAreJudgedByTheHostsRules(t *testing.T) {
	const (
		succeeds = iota
		fails
		hangs
	)
	tests := []struct {
		name        string
		status      int
		contentType string
		body        string
		want        int
	}{
		{"an empty object", 200, "application/json", "{}", succeeds},
		{"a content type with a charset", 202, "application/json; charset=utf-8", "{}", succeeds},
		{"text/json", 200, "text/json", "{}", succeeds},
		{"names in lower case, numbers among the logs", 200, "application/json", `{"logs":["a",1],"outputs":null,"more":1}`, succeeds},
		{"something behind the object", 200, "application/json", "\ufeff {} garbage", succeeds},
		{"no body", 200, "application/json", "", hangs},
		{"no body and no type", 200, "", "", hangs},
		{"204", 204, "", "", hangs},
		{"null", 200, "application/json", " null", hangs},
		{"no body as text", 200, "text/plain", "", fails},
		{"JSON as text", 200, "text/plain; charset=utf-8", "{}", fails},
		{"a problem", 200, "application/problem+json", "{}", fails},
		{"no type", 200, "", "{}", fails},
		{"half an object", 200, "application/json", `{"Outputs":`, fails},
		{"an array", 200, "application/json", "[]", fails},
		{"a string", 200, "application/json", `"ok"`, fails},
		{"outputs that are an array", 200, "application/json", `{"Outputs":[]}`, fails},
		{"logs that are a string", 200, "application/json", `{"Logs":"a"}`, fails},
		{"logs with an object", 200, "application/json", `{"Logs":[{}]}`, fails},
		{"a client error", 400, "application/json", "{}", fails},
		{"a server error", 503, "application/json", "{}", fails},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseReply(tt.status, tt.contentType, []byte(tt.body))
			got := succeeds
			if errors.Is(err, errHangs) {
				got = hangs
			} else if err != nil {
				got = fails
			}
			if got != tt.want {
				t.Errorf("got %d (%v), want %d", got, err, tt.want)
			}
		})
	}
}

func TestLogsAndOutputsOfAReply(t *testing.T) {
	r, err := parseReply(200, "application/json", []byte(`{"Logs":["a",2],"Outputs":{"z":1,"b":{}}}`))
	if err != nil || !slices.Equal(r.logs, []string{"a", "2"}) || !slices.Equal(r.outputs, []string{"b", "z"}) {
		t.Errorf("reply = %+v, %v, want logs a and 2, outputs b and z", r, err)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"Logs":["a"],"Outputs":{"a":1}}`))
	f.Add(204, "", []byte(nil))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		if _, err := parseReply(status, contentType, body); err == nil && status/100 != 2 {
			t.Errorf("status %d was taken for success, want an error", status)
		}
	})
}
