package acssim

import (
	"context"
	"slices"
)

// isLine reports whether raw is a line of the application.
func (s *Server) isLine(raw string) bool {
	return identify(raw).MicrosoftTeamsApp != nil ||
		slices.ContainsFunc(s.Lines, func(line string) bool { return rawID(line) == raw })
}

// ringApplicationLine rings one of the application's lines from within a call. The
// line gets a call of its own, which is offered to the application. Once answered, it
// stays joined to c until one of the two ends.
func (c *call) ringApplicationLine(i *invitation) *phone {
	p := &phone{s: c.s, call: c, raw: i.raw, invitation: i}
	p.ctx, p.cancel = context.WithCancel(c.s.ctx)
	from := c.application()
	if c.caller != nil { // the offer shows the caller, not the application
		from = c.from
	}
	leg := c.s.newCall(from, i.raw)
	leg.displayName = c.displayName
	leg.parent, p.line = p, leg
	leg.offer(Script{})
	return p
}

// connectParentLeg reports to the parent call, if any, that this leg is answered.
func (c *call) connectParentLeg() {
	if c.parent != nil {
		c.parent.invitation.answered()
	}
}

// endParentLeg removes this leg from the parent call, if any.
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
