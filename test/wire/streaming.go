package main

import (
	"context"
	"encoding/json"

	"switchboard/handler/acs"
)

// checkStreaming checks WebSocket frames. It reads inbound ones and writes them
// again; it creates outbound ones.
func checkStreaming(_ context.Context, r *report, doc []byte) error {
	var file struct {
		Inbound []struct {
			Name          string
			Packet, Error json.RawMessage
		}
		Outbound []struct {
			Name  string
			Input struct{ Data []byte }
			JSON  struct {
				Kind string
			}
			Wire string
		}
	}
	if err := json.Unmarshal(doc, &file); err != nil {
		return err
	}
	for _, v := range file.Inbound {
		var o outcome
		f, err := acs.ParseFrame(v.Packet)
		if err != nil {
			o.fail("frame", "a frame", err)
		} else {
			o.frame(v.Packet, f, false)
			if v.Error == nil {
				f.Raw = nil
				o.frame(v.Packet, f, true)
			}
		}
		r.add("inbound "+v.Name, o)
	}
	for _, v := range file.Outbound {
		var o outcome
		f := acs.OutboundAudio(v.Input.Data)
		if v.JSON.Kind == string(acs.FrameStopAudio) {
			f = acs.StopAudio()
		}
		o.frame([]byte(v.Wire), f, false)
		r.add("outbound "+v.Name, o)
	}
	return nil
}

// frame checks that f is written as want. If fields is set, missing members pass.
func (o *outcome) frame(want []byte, f acs.Frame, fields bool) {
	doc, err := json.Marshal(f)
	if err != nil {
		o.fail("frame", "JSON", err)
		return
	}
	w, err := decode(want)
	if err != nil {
		o.fail("frame", "JSON", err)
		return
	}
	for _, d := range compare(nil, "", w, must(decode(doc))) {
		if _, missing := d.got.(absent); !fields || !missing && !sameTime(d) {
			o.explain(d, nil)
		}
	}
}
