package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// absent stands for a missing value.
type absent struct{}

// difference is a place where the value is not the wanted one.
type difference struct {
	where     string // a JSON pointer in the body, or a description
	want, got any
}

// missing reports whether there is no value where one is wanted.
func (d difference) missing() bool { return d.got == absent{} }

// extra reports whether there is a value where none is wanted.
func (d difference) extra() bool { return d.want == absent{} }

// compare appends the differences between two JSON values.
func compare(diffs []difference, where string, want, got any) []difference {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(w)) {
			if value, ok := g[name]; ok {
				diffs = compare(diffs, pointer(where, name), w[name], value)
			} else {
				diffs = append(diffs, difference{pointer(where, name), w[name], absent{}})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(g)) {
			if _, ok := w[name]; !ok {
				diffs = append(diffs, difference{pointer(where, name), absent{}, g[name]})
			}
		}
		return diffs
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for i := range w {
			diffs = compare(diffs, pointer(where, fmt.Sprint(i)), w[i], g[i])
		}
		return diffs
	}
	if !equal(want, got) {
		diffs = append(diffs, difference{where, want, got})
	}
	return diffs
}

// pointer returns the JSON pointer (RFC 6901) to a member.
func pointer(where, name string) string {
	return where + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// equal reports whether two values are equal; it compares numbers by value.
func equal(want, got any) bool {
	w, wIs := want.(json.Number)
	g, gIs := got.(json.Number)
	if !wIs || !gIs {
		return reflect.DeepEqual(want, got)
	}
	if w == g {
		return true
	}
	wf, err1 := w.Float64()
	gf, err2 := g.Float64()
	return err1 == nil && err2 == nil && wf == gf
}

// sameTime reports whether both values are the same time in different spellings.
func sameTime(d difference) bool {
	want, _ := d.want.(string)
	got, _ := d.got.(string)
	w, err1 := time.Parse(time.RFC3339Nano, want)
	g, err2 := time.Parse(time.RFC3339Nano, got)
	return err1 == nil && err2 == nil && w.Equal(g)
}

// decode reads JSON, with numbers as they are written. An empty document is nil.
func decode(doc []byte) (v any, err error) {
	if len(bytes.TrimSpace(doc)) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

// leaves returns the values in v that are not containers.
func leaves(v any) []any {
	var found []any
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			found = append(found, leaves(e)...)
		}
	case []any:
		for _, e := range v {
			found = append(found, leaves(e)...)
		}
	default:
		found = append(found, v)
	}
	return found
}

// show returns v as text of at most limit bytes.
func show(v any) string {
	const limit = 600
	var text string
	switch v := v.(type) {
	case absent:
		return "(absent)"
	case error:
		text = v.Error()
	default:
		doc, err := json.Marshal(v)
		if err != nil {
			doc = fmt.Append(nil, v)
		}
		text = string(doc)
	}
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	return text
}
