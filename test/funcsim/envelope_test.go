package funcsim

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestObjectsArePassedOnAsTheHostWritesThem(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"blanks go", "{ \"a\" : [ 1 , 2 ] }", `{"a":[1,2]}`},
		{"an offset becomes UTC", `{"t":"2024-01-02T03:04:05.120+05:30"}`, `{"t":"2024-01-01T21:34:05.12+00:00"}`},
		{"an offset without a colon", `["2024-01-02T03:04:05+0530"]`, `["2024-01-01T21:34:05+00:00"]`},
		{"UTC loses zeros of its fraction", `{"t":"2024-01-02T03:04:05.1200000Z"}`, `{"t":"2024-01-02T03:04:05.12Z"}`},
		{"no zone stays none", `{"t":"2024-01-02T03:04:05"}`, `{"t":"2024-01-02T03:04:05"}`},
		{"eight digits of fraction are no date", `{"t":"2024-01-02T03:04:05.12000000Z"}`, `{"t":"2024-01-02T03:04:05.12000000Z"}`},
		{"nor is a month 13", `{"t":"2024-13-02T03:04:05.10Z"}`, `{"t":"2024-13-02T03:04:05.10Z"}`},
		{"nor a date alone", `{"t":"2024-01-02"}`, `{"t":"2024-01-02"}`},
		{"names stay", `{"2024-01-02T03:04:05.10Z":1}`, `{"2024-01-02T03:04:05.10Z":1}`},
		{"text in a string stays", `{"t":"\"2024-01-02T03:04:05.10Z\""}`, `{"t":"\"2024-01-02T03:04:05.10Z\""}`},
		{"numbers stay", `[1.0,1e3,12345678901234567890]`, `[1.0,1e3,12345678901234567890]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := reformat([]byte(tt.in))
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestMembersOfAMessageBecomeMetadata(t *testing.T) {
	message := `{"s":"x","n":1.50,"i":7,"b":true,"f":false,"o":{"t":"2024-01-02T03:04:05.10Z"},"l":[1],"z":null,` +
		`"id":1,"Id":"mine","queueTrigger":1}`
	c := messageCall(&function{name: "Fn", binding: "msg"}, Message{ID: "m1", PopReceipt: "p"}, message)
	var got struct{ Metadata map[string]any }
	if err := json.Unmarshal(c.body("guid"), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"s": `"x"`, "n": `"1.5"`, "i": `"7"`, "b": `"True"`, "f": `"False"`, "l": nil, "z": nil,
		"Id": `"mine"`, "queueTrigger": nil, "PopReceipt": `"p"`, "DequeueCount": "0",
	} {
		if got.Metadata[name] != want {
			t.Errorf("Metadata.%s = %v, want %v", name, got.Metadata[name], want)
		}
	}
	if o, ok := got.Metadata["o"].(map[string]any); !ok || o["t"] != "2024-01-02T03:04:05.1Z" {
		t.Errorf("Metadata.o = %v, want an object with its time", got.Metadata["o"])
	}
}

func FuzzReformat(f *testing.F) {
	f.Add([]byte(`{"t":"2024-01-02T03:04:05.120+05:30","d":{"2024-01-02T03:04:05Z":"\"2024-01-02T03:04:05Z\""}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		once, err := reformat(raw)
		if err != nil {
			return
		}
		if !json.Valid([]byte(once)) {
			t.Fatalf("quoted = %s, want JSON", once)
		}
		twice, err := reformat([]byte(once))
		if err != nil || twice != once {
			t.Errorf("again: %s, %v, want %s", twice, err, once)
		}
	})
}

func FuzzEventCalls(f *testing.F) {
	f.Add([]byte(`[{"id":"1","data":{}},{"data":"x"}]`))
	f.Add([]byte(`{"id":"1","data":[1]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		calls, err := eventCalls(&function{name: "Fn", binding: "event"}, raw)
		if err != nil {
			return
		}
		for _, c := range calls {
			if body := c.body("guid"); !json.Valid(body) || bytes.ContainsRune(body, '\n') {
				t.Errorf("body = %s, want JSON on one line", body)
			}
		}
	})
}

func FuzzMessageCall(f *testing.F) {
	f.Add(`{"a":1,"b":"2024-01-02T03:04:05Z"}`)
	f.Add(`not JSON`)
	f.Fuzz(func(t *testing.T, text string) {
		c := messageCall(&function{name: "Fn", binding: "msg"}, Message{ID: "1"}, text)
		if body := c.body("guid"); !json.Valid(body) {
			t.Errorf("body = %s, want JSON", body)
		}
	})
}
