package problem

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// document has a member of each kind that documents have.
type document struct {
	Name  string            `json:"name"`
	Count int               `json:"count"`
	Tags  []string          `json:"tags"`
	Keys  map[string]string `json:"keys"`
	Part  struct {
		Text string `json:"text"`
	} `json:"part"`
	Option *option `json:"option"`
	Colour colour  `json:"colour"`
}

type option struct {
	Size int `json:"size"`
}

// colour reads itself, and reports a fault of its own.
type colour string

func (c *colour) UnmarshalJSON(doc []byte) error {
	if string(doc) != `"red"` {
		return errors.New("is not red")
	}
	*c = "red"
	return nil
}

func TestDecodeReportsEveryFaultWithItsPath(t *testing.T) {
	tests := []struct {
		name string
		doc  string
		want Faults
	}{
		{"no faults", `{"name":"n","count":1,"tags":["a","a"],"keys":{"x":"1"},"part":{"text":"t"},"option":{"size":2},"colour":"red"}`, nil},
		{"no members", `{}`, nil},
		{"null members", `{"name":null,"count":null,"tags":null,"keys":null,"part":null,"option":null}`, nil},
		{"an empty document", ``, Faults{{"$", "is not JSON: unexpected end of JSON input"}}},
		{"a document that is not JSON", `{"name":`, Faults{{"$", "is not JSON: unexpected end of JSON input"}}},
		{"text after the document", `{} {}`, Faults{{"$", "is not JSON: invalid character '{' after top-level value"}}},
		{"a list", `[]`, Faults{{"$", "is not an object"}}},
		{"null", `null`, Faults{{"$", "is not an object"}}},
		{"a text", `"name"`, Faults{{"$", "is not an object"}}},
		{"an unknown member", `{"nmae":"n"}`, Faults{{"nmae", "is not known"}}},
		{"an unknown member whose name needs quotes", `{"a\"b\n":1}`, Faults{{"a\"b\n", "is not known"}}},
		{"an unknown member of a member", `{"part":{"txt":"t"}}`, Faults{{"part", `has a member that is not known: "txt"`}}},
		{"a text of another type", `{"name":5}`, Faults{{"name", "must be a text"}}},
		{"a whole number of another type", `{"count":"1"}`, Faults{{"count", "must be a whole number"}}},
		{"a number that is not whole", `{"count":1.5}`, Faults{{"count", "must be a whole number"}}},
		{"a number that no variable can hold", `{"count":1e999}`, Faults{{"count", "must be a whole number"}}},
		{"a list of another type", `{"tags":{}}`, Faults{{"tags", "must be a list"}}},
		{"an element of another type", `{"tags":["a",2]}`, Faults{{"tags", "must be a text"}}},
		{"a map of another type", `{"keys":[]}`, Faults{{"keys", "must be an object"}}},
		{"a value of a map of another type", `{"keys":{"1":2}}`, Faults{{"keys", "must be a text"}}},
		{"an object of another type", `{"part":"t"}`, Faults{{"part", "must be an object"}}},
		{"an optional object of another type", `{"option":1}`, Faults{{"option", "must be an object"}}},
		{"a member of a member of another type", `{"part":{"text":1},"option":{"size":"2"}}`,
			Faults{{"option.size", "must be a whole number"}, {"part.text", "must be a text"}}},
		{"a member that reads itself", `{"colour":"blue"}`, Faults{{"colour", "is not red"}}},
		{"a member twice", `{"name":"a","name":"b"}`, Faults{{"name", "is there twice"}}},
		{"a member three times", `{"name":"a","name":"b","name":"c"}`,
			Faults{{"name", "is there twice"}, {"name", "is there twice"}}},
		{"a member of a member twice", `{"keys":{"1":"a","1":"b"}}`, Faults{{"keys.1", "is there twice"}}},
		{"a member twice in an element of a list", `{"tags":["a",{"x":1,"x":2}]}`,
			Faults{{"tags.1.x", "is there twice"}, {"tags", "must be a text"}}},
		{"faults of several members", `{"tags":1,"name":2,"size":3,"count":4}`,
			Faults{{"name", "must be a text"}, {"size", "is not known"}, {"tags", "must be a list"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, Decode([]byte(tt.doc), new(document))); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}

func TestDecodeReadsTheMembersWithoutFaults(t *testing.T) {
	var got document
	faults := Decode([]byte(`{"count":"?","keys":{"1":"a"},"name":"n","part":{"text":"t"},"size":3}`), &got)
	want := document{Name: "n", Keys: map[string]string{"1": "a"}}
	want.Part.Text = "t"
	if d := cmp.Diff(want, got); d != "" || len(faults) != 2 {
		t.Errorf("%d faults, document (-want +got):\n%s", len(faults), d)
	}
}

func TestDecodeAtPutsThePathBeforeEachMember(t *testing.T) {
	tests := []struct {
		name, at, doc string
		want          Faults
	}{
		{"no faults", "parts.1.", `{"name":"n"}`, nil},
		{"a list", "parts.1.", `[]`, Faults{{"parts.1", "is not an object"}}},
		{"null", "parts.1.", `null`, Faults{{"parts.1", "is not an object"}}},
		{"the document itself", "", `5`, Faults{{"$", "is not an object"}}},
		{"members", "parts.1.", `{"name":1,"size":2,"part":{"text":3},"colour":4}`, Faults{
			{"parts.1.colour", "is not red"}, {"parts.1.name", "must be a text"},
			{"parts.1.part.text", "must be a text"}, {"parts.1.size", "is not known"},
		}},
		{"a member twice is left to Decode", "parts.1.", `{"name":"a","name":"b"}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, DecodeAt([]byte(tt.doc), tt.at, new(document))); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}

func TestObjectPath(t *testing.T) {
	for at, want := range map[string]string{"": "$", "nodes.a.": "nodes.a", "nodes.a": "nodes.a"} {
		if got := ObjectPath(at); got != want {
			t.Errorf("ObjectPath(%q) = %q, want %q", at, got, want)
		}
	}
}

func TestFaultsPrintOneALine(t *testing.T) {
	got := Faults{{Path: "name", Text: "is missing"}, {Path: "start", Text: "is missing"}}.Error()
	if want := "name: is missing\nstart: is missing"; got != want {
		t.Errorf("error = %q, want %q", got, want)
	}
}

// FuzzDecode checks that Decode never panics, and that it returns faults exactly if something is
// wrong: if not, it reads what a strict decoder of encoding/json reads.
func FuzzDecode(f *testing.F) {
	for _, doc := range []string{
		``, `null`, `[]`, `{}`, `{} {}`, `{"name":"n","count":1,"tags":["a"],"keys":{"x":"1"},"part":{"text":"t"}}`,
		`{"name":"a","name":"b"}`, `{"keys":{"1":"a","1":"b"}}`, `{"keys":{":":"\":"}}`, `{"NAME":"n"}`,
		`{"tags":[{"x":1e999}]}`, `{"count":-0}`, `{"":null}`, `{"colour":"blue"}`, "{\"\xff\":1,\"\xfe\":2}",
		`{"part":{"text":"<&>","txt":1},"option":{"size":1.0}}`, `{"option":null,"a.b":{"c":[[]]}}`,
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var got, want document
		faults := Decode(doc, &got)
		right := strictly(doc, &want)
		if right != (len(faults) == 0) {
			t.Fatalf("faults of a document that is right: %t, want none if it is:\n%v", right, faults)
		}
		for _, fault := range faults {
			if fault.Text == "" {
				t.Errorf("fault %+v, want a text", fault)
			}
		}
		if d := cmp.Diff(want, got); right && d != "" {
			t.Errorf("document (-want +got):\n%s", d)
		}
	})
}

// strictly reads an object into a document by the means of encoding/json, and reports whether it
// is right: valid, and each of its members known, of the right type and there once.
func strictly(doc []byte, into *document) bool {
	if !json.Valid(doc) || !strings.HasPrefix(strings.TrimLeft(string(doc), " \t\r\n"), "{") {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	if dec.Decode(into) != nil {
		return false
	}
	var v any
	dec = json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	return dec.Decode(&v) == nil && members(v) == colons(doc)
}

// members returns the number of members of all objects in v, in which no member is there twice.
func members(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			n += 1 + members(member)
		}
	case []any:
		for _, element := range v {
			n += members(element)
		}
	}
	return n
}

// colons returns the number of colons outside the texts of a valid document: one for each member.
func colons(doc []byte) int {
	n, inText := 0, false
	for i := 0; i < len(doc); i++ {
		switch {
		case inText && doc[i] == '\\':
			i++
		case doc[i] == '"':
			inText = !inText
		case doc[i] == ':' && !inText:
			n++
		}
	}
	return n
}
