package scenario

import (
	"context"

	"switchboard/test/acssim"
)

// setPhone is `phone WHO: SCRIPT`.
type setPhone struct{ raw, script string }

func (c *setPhone) run(_ context.Context, r *run) error { return r.ACS.SetPhone(c.raw, c.script) }

// placeCall is `call NAME FROM > TO: SCRIPT`.
type placeCall struct{ name, from, to, script string }

func (c *placeCall) run(_ context.Context, r *run) error {
	id, err := r.ACS.Ring(acssim.Caller{From: c.from, To: c.to, Script: c.script})
	r.callNames = append(r.callNames, c.name)
	r.placed[c.name] = id
	return err
}

func checkScript(script string) error {
	_, err := acssim.ParseScript(script)
	return err
}
