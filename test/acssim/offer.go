package acssim

import (
	"errors"
	"fmt"
	"time"
)

// ringTime is the time that the application has to answer an offer.
//
// Source: learn.microsoft.com, "Incoming call concepts" (Call Automation).
const ringTime = 30 * time.Second

// Caller is a person who rings the application.
type Caller struct {
	From        string `json:"from"` // raw id, or a number in E.164
	To          string `json:"to"`   // line of the application: 28:orgid:…, 4:+…, 8:acs:…; with OnBehalfOf: the callee
	DisplayName string `json:"displayName"`
	// Script is what the caller does from the first ring on. It begins with
	// `wait answer` or a step that implies it. Empty: the caller listens and stays
	// on the line.
	Script string `json:"script"`
	// OnBehalfOf is a resource account. The caller is an agent who calls To on its
	// behalf: the application is offered the call and has to add To.
	OnBehalfOf string `json:"onBehalfOf,omitempty"`
	// OnBehalfForm is the form of an offer with OnBehalfOf. Default: LineIsCallee.
	OnBehalfForm OnBehalfForm `json:"onBehalfForm,omitempty"`
	// SIPHeaders and VoIPHeaders are custom headers of the caller.
	SIPHeaders  map[string]string `json:"sipHeaders,omitempty"`
	VoIPHeaders map[string]string `json:"voipHeaders,omitempty"`
}

// OnBehalfForm is a form of the IncomingCall event for calls on behalf of a resource
// account. The documentation allows all of them: it has no sample.
type OnBehalfForm string

const (
	// LineIsCallee has the resource account in `to` and the callee in `onBehalfOfCallee`.
	LineIsCallee OnBehalfForm = "lineIsCallee"
	// LineIsBehalf has the callee in `to` and the resource account in `onBehalfOfCallee`.
	LineIsBehalf OnBehalfForm = "lineIsBehalf"
	// LineIsBoth has the resource account in both and does not name the callee.
	LineIsBoth OnBehalfForm = "lineIsBoth"
)

// parties returns `to` and `onBehalfOfCallee` of an offer.
func (f OnBehalfForm) parties(line, wanted string) (to, behalf string) {
	switch f {
	case LineIsBehalf:
		return wanted, line
	case LineIsBoth:
		return line, line
	}
	return line, wanted
}

func (f OnBehalfForm) valid() bool {
	return f == "" || f == LineIsCallee || f == LineIsBehalf || f == LineIsBoth
}

// Ring starts a call to the application and returns the simulator's id of it. It
// publishes an IncomingCall event; after 30 s without an answer the caller gives up.
// An error names the invalid field of caller.
func (s *Server) Ring(caller Caller) (id string, err error) {
	script, err := ParseScript(caller.Script)
	if err != nil {
		return "", fmt.Errorf("script: %w", err)
	}
	if err := script.checkCaller(); err != nil {
		return "", fmt.Errorf("script: %w", err)
	}
	if !caller.OnBehalfForm.valid() {
		return "", fmt.Errorf("unknown form %q of an offer on behalf of a resource account", caller.OnBehalfForm)
	}
	from, to := rawID(caller.From), rawID(caller.To)
	if from == "" || to == "" {
		return "", errors.New("from and to are required")
	}
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", errors.New("the simulator is closed")
	}
	c := s.newCall(from, to)
	if line := rawID(caller.OnBehalfOf); line != "" {
		c.to, c.wanted, c.behalfForm = line, to, caller.OnBehalfForm
	}
	c.displayName, c.headers = caller.DisplayName, customContext{caller.SIPHeaders, caller.VoIPHeaders}
	if c.displayName == "" && isNumber(from) {
		c.displayName = from[len("4:"):]
	}
	s.note(c, "ring", "%s rings %s", masked(from), masked(to))
	c.offer(script)
	return c.id, nil
}

// offer starts the caller's telephone and offers the call to the application. The
// caller of offer holds s.mu.
func (c *call) offer(script Script) {
	c.inbound, c.state = true, stateOffered
	c.caller = c.pickUp(c.from, script, nil)
	c.offerAt(c.to)
}

// offerAt offers the call to the application under one of its lines.
func (c *call) offerAt(line string) {
	c.to, c.targets = line, []string{line}
	c.teams = identify(line).MicrosoftTeamsApp != nil
	c.s.stop(c.ringing)
	c.rung = time.Now()
	c.ringing = c.s.after(ringTime, func() { c.end(outcomeNoAnswer.result(c.from)) })
	c.s.announce(c, c.s.offerContext(c))
}

// answer connects an offered call to the application.
func (c *call) answer(callbackURI, context string) {
	c.s.stop(c.ringing)
	c.connect(callbackURI, context)
	c.ringing = c.s.after(connectTime, func() {
		c.join(c.caller)
		c.establish()
		c.participantsUpdated()
		c.connectParentLeg()
	})
}

// redirect passes an offered call on, without an event to the application. Another
// line of the application gets a new offer, other targets ring by telephone.
func (c *call) redirect(to string) {
	c.s.note(c, "ring", "is redirected to %s", masked(to))
	if c.s.isLine(to) {
		c.offerAt(to)
		return
	}
	c.s.stop(c.ringing)
	c.state, c.appLeft = stateConnecting, true
	c.invite(to, "", "", 0, purposeRedirect)
}

// openOffer returns the call of an incomingCallContext if it can still be answered,
// rejected or redirected.
func (s *Server) openOffer(context string) (*call, error) {
	c, err := s.callOfOffer(context)
	switch {
	case err != nil:
		return nil, refuse(400, codeInvalidArgument, err.Error())
	case s.between(c.rung, time.Now()) >= ringTime:
		return nil, refuse(400, codeAnsweredTooLate, "the call was not answered in time")
	case c.state == stateDisconnected && c.connectionID == "" && !c.rejected && !c.appLeft:
		return nil, refuse(404, codeNotFound, "the caller has hung up")
	case c.state != stateOffered:
		return nil, refuse(400, codeWrongState, "the call has been answered, rejected or redirected already")
	}
	return c, nil
}
