package scenario

import (
	"context"

	"switchboard/test/acssim"
)

// setPhone is `phone WHO: SCRIPT`.
type setPhone struct{ raw, script string }

func (c *setPhone) run(_ context.Context, t *telling) error { return t.ACS.SetPhone(c.raw, c.script) }

// ring is `call NAME FROM > TO: SCRIPT`.
type ring struct{ name, from, to, script string }

func (c *ring) run(_ context.Context, t *telling) error {
	id, err := t.ACS.Ring(acssim.Caller{From: c.from, To: c.to, Script: c.script})
	t.order = append(t.order, c.name)
	t.rung[c.name] = id
	return err
}

func checkScript(script string) error {
	_, err := acssim.ParseScript(script)
	return err
}
