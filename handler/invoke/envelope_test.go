package invoke

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTrigger(t *testing.T) {
	tests := []struct {
		name    string
		body    string
		binding string
		want    string // "" means an error
	}{
		{"an object is returned unchanged", `{"Data":{"event":{"id":"e1"}},"Metadata":{}}`, "event", `{"id":"e1"}`},
		{"a number in a string is a number", `{"Data":{"n":"1"}}`, "n", `1`},
		{"an array in a string is an array", `{"Data":{"event":"[{\"id\":\"e1\"}]"}}`, "event", `[{"id":"e1"}]`},
		{"a message is a string, even if it contains JSON", `{"Data":{"msg":"\"{\\\"a\\\":1}\""}}`, "msg", `"{\"a\":1}"`},
		{"an empty message is an empty string", `{"Data":{"msg":"\"\""}}`, "msg", `""`},
		{"unknown members are ignored", `{"Data":{"event":{},"x":1},"More":[]}`, "event", `{}`},
		{"a chunked body may end in white space", "{\"Data\":{\"event\":{}}}\r\n", "event", `{}`},
		{"another binding is missing", `{"Data":{"req":{}}}`, "event", ""},
		{"null is missing", `{"Data":{"event":null}}`, "event", ""},
		{"no data at all", `{}`, "event", ""},
		{"data that is not an object", `{"Data":[]}`, "event", ""},
		{"an empty body", ``, "event", ""},
		{"null", `null`, "event", ""},
		{"base64 is not what our triggers send", `{"Data":{"msg":"eyJiNjQiOjF9"}}`, "msg", ""},
		{"half a document", `{"Data":{"event":{"id":`, "event", ""},
		{"two documents", `{"Data":{"event":{}}}{}`, "event", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := trigger([]byte(tt.body), tt.binding)
			if (err != nil) != (tt.want == "") {
				t.Fatalf("error = %v, want one: %v", err, tt.want == "")
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestTriggerErrorsDoNotQuoteTheBody(t *testing.T) {
	_, err := trigger([]byte(`{"Data":{"msg":"secret context"}}`), "msg")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error = %v, want one without the body", err)
	}
}

func FuzzTrigger(f *testing.F) {
	for _, r := range recordings(f) {
		f.Add([]byte(r.Body))
	}
	f.Add([]byte(`{"Data":{"msg":"\"\""}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, binding := range []string{"event", "msg", "timer"} {
			data, err := trigger(body, binding)
			if err == nil && !json.Valid(data) {
				t.Errorf("%s: data %q, want JSON", binding, data)
			}
			if err != nil && data != nil {
				t.Errorf("%s: data %q and error %v, want one of them", binding, data, err)
			}
		}
	})
}
