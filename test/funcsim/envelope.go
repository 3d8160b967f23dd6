package funcsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// object builds a JSON object. Like the host, it keeps its members in the order in
// which they were set.
type object struct {
	names  []string
	values map[string]string // compact JSON
}

// set adds a member, or replaces its value.
func (o *object) set(name, value string) {
	if o.values == nil {
		o.values = map[string]string{}
	}
	if _, ok := o.values[name]; !ok {
		o.names = append(o.names, name)
	}
	o.values[name] = value
}

// setMetadata adds a member to Metadata. Like the host, it leaves out names that
// end in "trigger".
func (o *object) setMetadata(name, value string) {
	if !strings.HasSuffix(strings.ToLower(name), "trigger") {
		o.set(name, value)
	}
}

func (o *object) String() string {
	var b strings.Builder
	for i, name := range o.names {
		b.WriteString([]string{"{", ","}[min(i, 1)] + quote(name) + ":" + o.values[name])
	}
	if len(o.names) == 0 {
		b.WriteByte('{')
	}
	return b.String() + "}"
}

// quote returns s as a JSON string with no more escapes than needed.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string into memory: cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// quoteTwice returns s in the host's form of texts: a JSON string that contains a
// JSON string.
func quoteTwice(s string) string { return quote(quote(s)) }

// envelope returns the body of a JSON-form invocation: {"Data":…,"Metadata":…}.
func envelope(binding, value string, metadata object) []byte {
	var data, env object
	data.set(binding, value)
	env.set("Data", data.String())
	env.set("Metadata", metadata.String())
	return []byte(env.String())
}

// sysMember returns the value of Metadata.sys.
func sysMember(function, id string, now time.Time) string {
	var o object
	o.set("MethodName", quote(function))
	o.set("UtcNow", quote(now.UTC().Format("2006-01-02T15:04:05.9999999Z")))
	o.set("RandGuid", quote(id))
	return o.String()
}

// dateLike matches a JSON string that Newtonsoft.Json reads as a date: quotes,
// date, up to seven digits of fraction, zone.
var dateLike = regexp.MustCompile(
	`"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?)(Z|[+-]\d\d:?\d\d)?"`)

// reformat returns JSON as the host writes it when it passes an object on. It is
// compact. Every value that looks like a date is in the host's own form and in UTC.
// Names of members are unchanged.
func reformat(raw []byte) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return "", err
	}
	text := b.Bytes()
	var out strings.Builder
	done := 0
	for _, m := range dateLike.FindAllSubmatchIndex(text, -1) {
		if m[1] < len(text) && text[m[1]] == ':' { // a name
			continue
		}
		if t, zone, ok := parseDate(string(text[m[0]+1 : m[1]-1])); ok {
			out.Write(text[done:m[0]])
			out.WriteString(quote(t.Format("2006-01-02T15:04:05.9999999") + zone))
			done = m[1]
		}
	}
	out.Write(text[done:])
	return out.String(), nil
}

// parseDate parses a text that Newtonsoft.Json reads as a date. zone is the form in
// which the host writes its zone: Z, +00:00 for any offset, or nothing.
func parseDate(s string) (t time.Time, zone string, ok bool) {
	for _, f := range []struct{ layout, zone string }{
		{"2006-01-02T15:04:05", ""},
		{"2006-01-02T15:04:05Z", "Z"},
		{"2006-01-02T15:04:05-07:00", "+00:00"},
		{"2006-01-02T15:04:05-0700", "+00:00"},
	} {
		if t, err := time.Parse(f.layout, s); err == nil {
			return t.UTC(), f.zone, dateLike.MatchString(quote(s))
		}
	}
	return time.Time{}, "", false
}

// member is one member of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members returns a JSON object's members in their order, or nil if raw is not an
// object.
func members(raw []byte) []member {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil
		}
		m := member{name: fmt.Sprint(name)}
		if err := dec.Decode(&m.value); err != nil {
			return nil
		}
		out = append(out, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil
	}
	return out
}

// scalarText returns a scalar of a message as the host writes it in Metadata: the
// text of .NET's ToString in the invariant culture. It returns false for arrays
// and null.
func scalarText(raw json.RawMessage) (string, bool) {
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "", false
		}
		if t, _, ok := parseDate(s); ok {
			return t.Format("01/02/2006 15:04:05"), true
		}
		return s, true
	case 't':
		return "True", true
	case 'f':
		return "False", true
	case '[', 'n':
		return "", false
	}
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil && strings.ContainsAny(string(raw), ".eE") {
		return strconv.FormatFloat(f, 'f', -1, 64), true
	}
	return string(raw), true
}
