package main

import (
	"context"
	"encoding/json"

	"switchboard/handler/acs"
)

// checkRawIDs checks identifiers against raw ids and their form on the wire, both ways.
func checkRawIDs(_ context.Context, r *report, doc []byte) error {
	var file struct {
		FromRawID []struct {
			RawID      string
			Identifier json.RawMessage
		}
		FromIdentifier []struct {
			Identifier, Serialized, RawID json.RawMessage
			Kind                          string
		}
		Deserialized []struct{ Model, Identifier json.RawMessage }
	}
	if err := json.Unmarshal(doc, &file); err != nil {
		return err
	}
	for _, v := range file.FromRawID {
		var o outcome
		got := acs.ParseRawID(v.RawID)
		o.identifier(v.Identifier, got)
		if got.RawID() != v.RawID {
			o.fail("raw id of the parsed identifier", v.RawID, got.RawID())
		}
		r.add("raw id "+v.RawID, o)
	}
	for _, v := range file.FromIdentifier {
		var o outcome
		o.built(v.Identifier, v.Serialized, v.RawID, v.Kind)
		r.add("identifier "+string(v.Identifier), o)
	}
	for _, v := range file.Deserialized {
		var o outcome
		var got acs.Identifier
		if err := json.Unmarshal(v.Model, &got); err != nil {
			o.fail("model", "an identifier", err)
		} else {
			o.identifier(v.Identifier, got)
		}
		r.add("model "+string(v.Model), o)
	}
	return nil
}

// thrown reports whether Microsoft's client threw instead of giving a value.
func thrown(in any) bool {
	m, ok := in.(map[string]any)
	return ok && (m["error"] != nil || m["thrown"] != nil)
}

// identifier compares got with an identifier of Microsoft's client.
func (o *outcome) identifier(want json.RawMessage, got acs.Identifier) {
	value, err := decode(want)
	members, ok := value.(map[string]any)
	switch {
	case err != nil || !ok:
		o.fail("identifier", "an object", string(want))
		return
	case thrown(value):
		o.explain(difference{"identifier", value, got}, &lenient)
		return
	}
	w := identifier(members)
	w.Raw, got.Raw = w.RawID(), got.RawID() // ours keeps it only if it differs from the other fields
	if w != got {
		o.fail("identifier", w, got)
	}
}

// built checks the raw id, the kind and the JSON of an identifier.
func (o *outcome) built(in, serialized, rawID json.RawMessage, kind string) {
	value, err := decode(in)
	if err != nil {
		o.fail("identifier", "JSON", err)
		return
	}
	members, _ := value.(map[string]any)
	got := identifier(members)
	if want, err := decode(rawID); err != nil || thrown(want) || want == nil {
		o.explain(difference{"raw id", want, got.RawID()}, &lenient)
	} else if want != got.RawID() {
		o.fail("raw id", want, got.RawID())
	}
	if kind != "" && kind != string(got.Kind) {
		o.fail("kind", kind, got.Kind)
	}
	want, err := decode(serialized)
	if err != nil || thrown(want) || want == nil {
		o.explain(difference{"JSON", want, got}, &lenient)
		return
	}
	doc, err := json.Marshal(got)
	if err != nil {
		o.fail("JSON", want, err)
		return
	}
	model := must(decode(doc)).(map[string]any)
	if w, ok := want.(map[string]any); ok && w["kind"] == nil {
		delete(model, "kind") // only call operations send it
	}
	for _, d := range compare(nil, "", want, any(model)) {
		o.explain(d, nil)
	}
}
