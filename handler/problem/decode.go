package problem

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing wrong with a document, at a JSON path such as
// "nodes.menu.keys.1"; "$" is the document itself.
type Fault struct {
	Path string
	Text string
}

// Faults is every fault of a document, as an error.
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Path + ": " + fault.Text
	}
	return strings.Join(lines, "\n")
}

// Decode reads a document into a struct and reports everything wrong with its
// form. Every member must be known and be there once: a misspelt or overwritten
// member would be something that silently does not happen.
func Decode(doc []byte, into any) Faults {
	if err := json.Unmarshal(doc, new(json.RawMessage)); err != nil {
		return Faults{{"$", "is not JSON: " + err.Error()}}
	}
	return append(repeated(doc), DecodeAt(doc, "", into)...)
}

// decode reads the members of an object one by one, so that a fault in one does
// not hide those in others. At is the path of the object, with a dot at its end.
func DecodeAt(doc []byte, at string, into any) Faults {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil || members == nil {
		return Faults{{ObjectPath(at), "is not an object"}}
	}
	var faults Faults
	for _, name := range slices.Sorted(maps.Keys(members)) {
		alone, err := json.Marshal(map[string]json.RawMessage{name: members[name]})
		if err != nil {
			faults = append(faults, Fault{at + name, err.Error()})
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(alone))
		dec.DisallowUnknownFields()
		if err := dec.Decode(into); err != nil {
			faults = append(faults, misread(at, name, err))
		}
	}
	return faults
}

// misread says in the document's own terms why a member could not be read.
func misread(at, name string, err error) Fault {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return Fault{at + wrong.Field, "must be " + kindOf(wrong.Type)}
	}
	if unknown, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if unknown == strconv.Quote(name) {
			return Fault{at + name, "is not known"}
		}
		return Fault{at + name, "has a member that is not known: " + unknown}
	}
	return Fault{at + name, err.Error()}
}

// kindOf names a Go type as JSON does.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}

// object is the path of an object whose members' paths begin with at.
func ObjectPath(at string) string {
	if at == "" {
		return "$"
	}
	return strings.TrimSuffix(at, ".")
}

// repeated reports members that an object has twice; encoding/json takes the
// last one without a word. The document must be valid.
func repeated(doc []byte) Faults {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber() // a number too great for a float64 is somebody else's fault
	var faults Faults
	var value func(at string) error
	value = func(at string) error {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		open, ok := token.(json.Delim)
		if !ok {
			return nil
		}
		names := map[string]bool{}
		for i := 0; dec.More(); i++ {
			member := strconv.Itoa(i)
			if open == '{' {
				token, err := dec.Token()
				if err != nil {
					return err
				}
				member, _ = token.(string) // a member's name always is
				if names[member] {
					faults = append(faults, Fault{at + member, "is there twice"})
				}
				names[member] = true
			}
			if err := value(at + member + "."); err != nil {
				return err
			}
		}
		_, err = dec.Token() // the closing bracket
		return err
	}
	if err := value(""); err != nil {
		return Faults{{"$", fmt.Sprintf("is not JSON: %v", err)}}
	}
	return faults
}
