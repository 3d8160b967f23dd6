package acssim

import (
	"cmp"
	"slices"
	"time"
)

// invitation is a telephone that rings for a call.
type invitation struct {
	call        *call
	id          string
	raw         string
	purpose     purpose
	context     string
	callbackURI string
	transferee  *participant // who is transferred; nil: no transfer
	phone       *phone
	timer       *time.Timer
}

// purpose is what an invitation is for.
type purpose string

const (
	purposeTarget   purpose = "target"     // a target of a new call
	purposeAddition purpose = "addition"   // AddParticipant
	purposeTransfer purpose = "transfer"   // the target of a transfer
	purposeRedirect purpose = "redirected" // the target of a redirected offer
)

// Default time-outs of a ringing telephone.
//
// Source: learn.microsoft.com, "Service limits" (Azure Communication Services):
// PSTN and 1:1 call set-up time-outs.
const (
	networkSetup  = 115 * time.Second
	internetSetup = 85 * time.Second
)

// invite rings raw for at most timeout; 0: for the network's own limit. The caller
// holds s.mu, as for all methods of an invitation.
func (c *call) invite(raw, context, callbackURI string, timeout time.Duration, purpose purpose) *invitation {
	if timeout == 0 {
		timeout = internetSetup
		if isNumber(raw) {
			timeout = networkSetup
		}
	}
	i := c.newInvitation(raw, context, callbackURI, purpose)
	c.s.countRing(ringKey{raw, context})
	c.s.note(c, "ring", "%s rings", masked(raw))
	i.timer = c.s.after(timeout, func() { i.failed(outcomeNoAnswer) })
	if c.s.isLine(raw) {
		i.phone = c.ringApplicationLine(i)
	} else {
		i.phone = c.pickUp(raw, c.s.scriptOf(raw), i)
	}
	return i
}

// inviteIfAllowed invites raw if the network and the tenant allow it.
func (c *call) inviteIfAllowed(raw, context, callbackURI string, timeout time.Duration, purpose purpose) (*invitation, error) {
	if c.teams {
		if err := c.s.admitTeamsUsers(raw); err != nil {
			return nil, err
		}
	}
	declined, err := c.s.admitNumbers(c.line(), raw)
	if err != nil {
		return nil, err
	}
	if declined {
		return c.inviteOverLimit(raw, context, callbackURI, purpose), nil
	}
	return c.invite(raw, context, callbackURI, timeout, purpose), nil
}

// inviteOverLimit returns an invitation that the network declines because the line
// has too many calls. Nothing rings.
func (c *call) inviteOverLimit(raw, context, callbackURI string, purpose purpose) *invitation {
	i := c.newInvitation(raw, context, callbackURI, purpose)
	i.phone = c.pickUp(raw, Script{}, i)
	i.timer = c.s.after(connectTime, func() { i.ended(lineLimit) })
	return i
}

func (c *call) newInvitation(raw, context, callbackURI string, purpose purpose) *invitation {
	c.invited++
	i := &invitation{
		call: c, id: c.s.id("invitation", c.n, c.invited), raw: raw, purpose: purpose,
		context: context, callbackURI: callbackURI,
	}
	c.invitations[i.id] = i
	return i
}

// answered adds the callee to the call, and establishes an outbound call.
func (i *invitation) answered() {
	c := i.call
	i.remove()
	i.phone.note("answer", "answers")
	switch i.purpose {
	case purposeTransfer:
		c.transferred(i)
		return
	case purposeRedirect:
		c.join(c.caller)
	}
	first := c.state == stateConnecting
	c.join(i.phone)
	if first {
		c.establish()
	}
	if i.purpose == purposeAddition {
		who := identify(i.raw)
		c.emitTo(i.callbackURI, "AddParticipantSucceeded",
			callbackData{OperationContext: i.context, Participant: &who, ResultInformation: &done})
	}
	c.participantsUpdated()
}

// failed ends an invitation that was not answered.
func (i *invitation) failed(why outcome) {
	i.ended(why.result(i.raw))
}

// ended ends an invitation and reports r to the application.
func (i *invitation) ended(r result) {
	c := i.call
	i.stopRinging()
	i.phone.note("refuse", "%s", r.Message)
	switch {
	case i.purpose == purposeTransfer:
		c.emitTo(i.callbackURI, "CallTransferFailed", callbackData{OperationContext: i.context, ResultInformation: &r})
	case i.purpose == purposeRedirect:
		c.end(r)
	case i.purpose == purposeAddition:
		who := identify(i.raw)
		c.emitTo(i.callbackURI, "AddParticipantFailed",
			callbackData{OperationContext: i.context, Participant: &who, ResultInformation: &r})
	case c.state == stateConnecting && len(c.invitations) == 0:
		c.fail(r)
	}
}

// invitationOf returns the invitation of raw to the call, or nil.
func (c *call) invitationOf(raw string) *invitation {
	for _, i := range c.invitations {
		if i.raw == raw && i.purpose != purposeTransfer {
			return i
		}
	}
	return nil
}

// stopRinging ends the invitation and its telephone.
func (i *invitation) stopRinging() {
	i.remove()
	i.phone.off()
}

// remove stops the timer of the invitation and removes it from its call.
func (i *invitation) remove() {
	i.call.s.stop(i.timer)
	delete(i.call.invitations, i.id)
}

type ringKey struct{ raw, context string }

// countRing counts one more ring and forgets the oldest counts above Keep.
func (s *Server) countRing(key ringKey) {
	if s.rings[key]++; s.rings[key] == 1 {
		s.rang = append(s.rang, key)
	}
	for len(s.rang) > cmp.Or(s.Keep, defaultKeep) {
		delete(s.rings, s.rang[0])
		s.rang = s.rang[1:]
	}
}

// Rings is the number of times that one operation of the application rang one
// person's telephone.
type Rings struct {
	RawID            string `json:"rawId"`
	OperationContext string `json:"operationContext"`
	Count            int    `json:"count"`
}

// Rings returns the telephones that the application has rung, by raw id, then by
// operationContext. It has the latest, see Keep. An operation that rings twice was
// executed twice.
func (s *Server) Rings() []Rings {
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Rings, 0, len(s.rings))
	for key, count := range s.rings {
		list = append(list, Rings{key.raw, key.context, count})
	}
	slices.SortFunc(list, func(a, b Rings) int {
		return cmp.Or(cmp.Compare(a.RawID, b.RawID), cmp.Compare(a.OperationContext, b.OperationContext))
	})
	return list
}

// RingsOf returns the number of times that the application has rung one person's
// telephone. raw is a raw id or a number in E.164.
func (s *Server) RingsOf(raw string) int {
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for key, n := range s.rings {
		if key.raw == rawID(raw) {
			count += n
		}
	}
	return count
}
