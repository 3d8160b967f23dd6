package acssim

import (
	"context"
	"slices"
)

// isLine reports whether whoever calls raw calls the application.
func (s *Server) isLine(raw string) bool {
	return identify(raw).MicrosoftTeamsApp != nil ||
		slices.ContainsFunc(s.Lines, func(line string) bool { return rawID(line) == raw })
}

// ringLine rings a line of the application's own out of a call: a call of its
// own is offered, and to be answered or rejected, and joined to the first for as
// long as both last.
func (c *call) ringApplicationLine(i *invitation) *phone {
	p := &phone{s: c.s, call: c, raw: i.raw, invitation: i}
	p.ctx, p.cancel = context.WithCancel(c.s.ctx)
	from := c.application()
	if c.caller != nil { // who calls is shown, not who passes the call on
		from = c.from
	}
	leg := c.s.newCall(from, i.raw)
	leg.displayName = c.displayName
	leg.parent, p.line = p, leg
	leg.offer(Script{})
	return p
}

// connectOuter tells the call that a line was rung out of that it is answered.
func (c *call) connectParentLeg() {
	if c.parent != nil {
		c.parent.invitation.answered()
	}
}

// endOuter tells the call that a line was rung out of that the line is out of it.
func (c *call) endParentLeg(why result) {
	p := c.parent
	if p == nil || p.ctx.Err() != nil {
		return
	}
	if p.who != nil {
		p.call.leave(p.who)
		return
	}
	p.invitation.ended(why)
}
