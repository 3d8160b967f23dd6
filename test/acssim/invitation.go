package acssim

import (
	"cmp"
	"slices"
	"time"
)

// invitation is a telephone that rings because the application wants somebody
// in the call: as target of a new call or added to one.
type invitation struct {
	call        *call
	id          string
	raw         string
	added       bool // to a call, as opposed to a target that a call was created with
	context     string
	callbackURI string
	phone       *phone
	timer       *time.Timer
}

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
func (c *call) invite(raw, context, callbackURI string, timeout time.Duration, added bool) *invitation {
	if timeout == 0 {
		timeout = internetSetup
		if isNumber(raw) {
			timeout = networkSetup
		}
	}
	c.s.rings[ringKey{raw, context}]++
	c.invited++
	i := &invitation{
		call: c, id: c.s.id("invitation", c.n, c.invited), raw: raw, added: added,
		context: context, callbackURI: callbackURI,
	}
	c.invitations[i.id] = i
	script, ok := c.s.phones[raw]
	if !ok {
		script = defaultScript
	}
	c.s.note(c, "ring", "%s rings", masked(raw))
	i.timer = c.s.after(timeout, func() { i.failed(unanswered) })
	i.phone = c.pickUp(raw, script, i)
	return i
}

// answered brings the callee into the call, and an outbound call to life.
func (i *invitation) answered() {
	c := i.call
	i.end()
	i.phone.note("answer", "answers")
	first := c.state == connecting
	c.join(i.phone)
	if first {
		c.establish()
	}
	if i.added {
		who := identify(i.raw)
		c.emitTo(i.callbackURI, "AddParticipantSucceeded",
			callbackData{OperationContext: i.context, Participant: &who, ResultInformation: &done})
	}
	c.participantsUpdated()
}

// failed is the end of an invitation that was not answered.
func (i *invitation) failed(why verdict) {
	c, r := i.call, why.result(i.raw)
	i.over()
	i.phone.note("refuse", "%s", r.Message)
	switch {
	case i.added:
		who := identify(i.raw)
		c.emitTo(i.callbackURI, "AddParticipantFailed",
			callbackData{OperationContext: i.context, Participant: &who, ResultInformation: &r})
	case c.state == connecting && len(c.invitations) == 0:
		c.fail(r)
	}
}

// over stops the ringing.
func (i *invitation) over() {
	i.end()
	i.phone.cancel()
}

func (i *invitation) end() {
	i.call.s.stop(i.timer)
	delete(i.call.invitations, i.id)
}

type ringKey struct{ raw, context string }

// Rings counts how often the telephone of a person was made to ring by one
// operation of the application.
type Rings struct {
	RawID            string `json:"rawId"`
	OperationContext string `json:"operationContext"`
	Count            int    `json:"count"`
}

// Rings are all telephones that the application has made ring, by raw id, then
// by operationContext. An operation that rings twice has been done twice.
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
