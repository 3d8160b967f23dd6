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

// Decode reads a JSON object into a struct and returns everything that is wrong with its form:
// doc is not JSON or not an object, or one of its members is unknown, is there twice or has the
// wrong type. The members without faults are read all the same.
//
// It is strict because a misspelt member, or one that is overwritten by another, would be
// ignored without notice.
func Decode(doc []byte, into any) Faults {
	if err := json.Unmarshal(doc, new(json.RawMessage)); err != nil {
		return Faults{{"$", "is not JSON: " + err.Error()}}
	}
	return append(repeatedMembers(doc), DecodeAt(doc, "", into)...)
}

// DecodeAt reads an object that is part of a document into a struct, and returns what is wrong
// with the form of its members. It reads them one by one, so that a fault in one does not hide
// the faults in others. At is the object's path with a dot at its end; it is empty for the
// document itself. Members that are there twice are for Decode to report, on the whole document.
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
			faults = append(faults, memberFault(at, name, err))
		}
	}
	return faults
}

// memberFault describes in terms of JSON why a member could not be read.
func memberFault(at, name string, err error) Fault {
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

// kindOf returns the JSON kind of a Go type. Documents have texts, whole numbers, lists and
// objects.
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

// ObjectPath returns the path of the object whose members' paths begin with at: "$" if at is
// empty.
func ObjectPath(at string) string {
	if at == "" {
		return "$"
	}
	return strings.TrimSuffix(at, ".")
}

// repeatedMembers returns a fault for each member that an object has more than once, at any
// depth. encoding/json would use the last one and report nothing. The document must be valid.
func repeatedMembers(doc []byte) Faults {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber() // a number that no float64 can hold is not a fault here
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
				member, _ = token.(string) // the name of a member is always a string
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
