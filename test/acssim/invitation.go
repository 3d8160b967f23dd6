package acssim

import (
	"cmp"
	"slices"
	"time"
)

// invitation is a telephone that rings because somebody is wanted in the call.
type invitation struct {
	call        *call
	id          string
	raw         string
	purpose     purpose
	context     string
	callbackURI string
	transferee  *participant // of a transfer
	phone       *phone
	timer       *time.Timer
}

// purpose is what an invitation is for.
type purpose string

const (
	purposeTarget   purpose = "target"     // of a new call
	purposeAddition purpose = "addition"   // to a call
	purposeTransfer purpose = "transfer"   // of a participant
	purposeRedirect purpose = "redirected" // call, which the application has nothing to do with any more
)

// How long a telephone rings where the application does not say.
//
// Source: learn.microsoft.com, "Service limits" (Azure Communication Services):
// PSTN and 1:1 call set-up time-outs.
const (
	networkSetup  = 115 * time.Second
	internetSetup = 85 * time.Second
)

// invite rings raw for at most timeout, or for the network's own limit if that
// is zero. The caller holds s.mu, as for all methods of an invitation.
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

// wish invites raw where the network and the tenant allow it.
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

// turnAway is an invitation that the network declines: nothing rings.
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

// answered brings the callee into the call, and an outbound call to life.
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

// failed is the end of an invitation that was not answered.
func (i *invitation) failed(why outcome) {
	i.ended(why.result(i.raw))
}

// ended is the end of an invitation, with what became of it.
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

// invitationOf is the invitation of somebody who rings for the call, or nil.
func (c *call) invitationOf(raw string) *invitation {
	for _, i := range c.invitations {
		if i.raw == raw && i.purpose != purposeTransfer {
			return i
		}
	}
	return nil
}

// over stops the ringing.
func (i *invitation) stopRinging() {
	i.remove()
	i.phone.off()
}

func (i *invitation) remove() {
	i.call.s.stop(i.timer)
	delete(i.call.invitations, i.id)
}

type ringKey struct{ raw, context string }

// countRing counts one more ring and forgets the oldest where there are too many.
func (s *Server) countRing(key ringKey) {
	if s.rings[key]++; s.rings[key] == 1 {
		s.rang = append(s.rang, key)
	}
	for len(s.rang) > cmp.Or(s.Keep, defaultKeep) {
		delete(s.rings, s.rang[0])
		s.rang = s.rang[1:]
	}
}

// Rings counts how often the telephone of a person was made to ring by one
// operation of the application.
type Rings struct {
	RawID            string `json:"rawId"`
	OperationContext string `json:"operationContext"`
	Count            int    `json:"count"`
}

// Rings are the telephones that the application has made ring, by raw id, then
// by operationContext; the latest, see Keep. An operation that rings twice has been done twice.
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

// RingsOf is how often the application has made one person's telephone ring.
// raw is a raw id or a number in E.164.
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
