package main

import (
	"context"
	"encoding/json"
	"strings"
	"switchboard/handler/acs/events"
)

// checkEvents checks callbacks. It reads every element of a payload and writes it
// again, once as it came and once from its fields, without the members that the
// package does not know.
func checkEvents(_ context.Context, r *report, doc []byte) error {
	var file struct {
		Types  []string
		Events []struct {
			Name    string
			Payload json.RawMessage
		}
		Edge []struct {
			Name         string
			Input, Error json.RawMessage
		}
	}
	if err := json.Unmarshal(doc, &file); err != nil {
		return err
	}
	for _, name := range file.Types {
		var o outcome
		all, err := events.Parse(must(json.Marshal(map[string]string{"type": name})))
		if err != nil || len(all) != 1 {
			o.fail("event", name, err)
		} else if _, unknown := all[0].Data.(*events.Unknown); unknown {
			o.fail("type", "a known type", "unknown")
		}
		r.add("type "+name, o)
	}
	for _, v := range file.Events {
		var o outcome
		o.events(v.Payload, true)
		r.add("event "+v.Name, o)
	}
	for _, v := range file.Edge {
		var o outcome
		if v.Error == nil {
			o.events(v.Input, false)
		} else if all, err := events.Parse(v.Input); err == nil { // Microsoft's client throws: ours must not panic
			for _, e := range all {
				o.written(member(must(decode(e.Raw)), "data"), e, false)
			}
		}
		r.add("edge "+v.Name, o)
	}
	return nil
}

// events checks a payload, and if fields is set, its events written from their fields.
func (o *outcome) events(payload []byte, fields bool) {
	payloads, err := decode(payload)
	if err != nil {
		o.fail("payload", "JSON", err)
		return
	}
	list, ok := payloads.([]any)
	if !ok {
		list = []any{payloads}
	}
	all, err := events.Parse(payload)
	if err != nil || len(all) != len(list) {
		o.fail("events", len(list), err)
		return
	}
	for i, e := range all {
		want := member(list[i], "data")
		o.written(want, e, false)
		if fields {
			e.Raw = nil
			o.written(want, e, true)
		}
	}
}

// written checks that e is written with all members of want, and equal ones. If
// fields is set, missing members pass. It compares times as times.
func (o *outcome) written(want any, e events.Event, fields bool) {
	doc, err := json.Marshal(e)
	if err != nil {
		o.fail("event", "JSON", err)
		return
	}
	for _, d := range compare(nil, "/data", want, member(must(decode(doc)), "data")) {
		_, extra := d.want.(absent)
		_, missing := d.got.(absent)
		if extra || fields && missing || sameTime(d) {
			continue
		}
		o.explain(d, nil)
	}
}

func member(v any, name string) any {
	m, _ := v.(map[string]any)
	for key, value := range m {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return nil
}
