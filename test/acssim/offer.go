package acssim

import (
	"errors"
	"fmt"
	"time"
)

// ringTime is how long a caller waits for the application to answer.
//
// Source: learn.microsoft.com, "Incoming call concepts" (Call Automation).
const ringTime = 30 * time.Second

// Caller is somebody who rings the application.
type Caller struct {
	From        string `json:"from"` // raw id, or a number in E.164
	To          string `json:"to"`   // a line of the application: 28:orgid:…, 4:+…, 8:acs:…
	DisplayName string `json:"displayName"`
	// Script is what the caller does from the first ring on; it begins with
	// `wait answer` or anything that implies it. Empty: the caller listens and
	// stays on the line.
	Script string `json:"script"`
}

// Ring lets somebody ring the application: an IncomingCall event goes to Event
// Grid, and after 30 s without an answer the caller gives up. It returns the
// simulator's id of the call. The error says what is wrong with the caller.
func (s *Server) Ring(caller Caller) (id string, err error) {
	script, err := ParseScript(caller.Script)
	if err != nil {
		return "", fmt.Errorf("script: %w", err)
	}
	if err := script.checkCaller(); err != nil {
		return "", fmt.Errorf("script: %w", err)
	}
	from, to := rawID(caller.From), rawID(caller.To)
	if from == "" || to == "" {
		return "", errors.New("from and to must say who rings whom")
	}
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", errors.New("the simulator is closed")
	}
	c := s.newCall(from, to)
	c.inbound, c.state = true, offered
	c.teams = identify(to).MicrosoftTeamsApp != nil
	c.displayName = caller.DisplayName
	if c.displayName == "" && isNumber(from) {
		c.displayName = from[len("4:"):]
	}
	c.targets = []string{to}
	context, err := s.offerContext(c)
	if err != nil {
		return "", err
	}
	s.note(c, "ring", "%s rings %s", masked(from), masked(to))
	c.caller = c.pickUp(from, script, nil)
	c.ringing = s.after(ringTime, func() { c.end(unanswered.result(from)) })
	s.announce(c, context)
	return c.id, nil
}

// answer connects an offered call to the application.
func (c *call) answer(callbackURI, context string) {
	c.s.stop(c.ringing)
	c.connect(callbackURI, context)
	c.ringing = c.s.after(connectTime, func() {
		c.join(c.caller)
		c.establish()
		c.participantsUpdated()
	})
}

// takeOffer is the call that can still be answered or rejected with an
// incomingCallContext, or why there is none.
func (s *Server) takeOffer(context string) (*call, error) {
	c, err := s.offered(context)
	switch {
	case err != nil:
		return nil, refuse(400, invalidArgument, err.Error())
	case time.Since(c.started) >= ringTime:
		return nil, refuse(400, answeredTooLate, "the call was not answered in time")
	case c.state == disconnected && c.connectionID == "" && !c.rejected:
		return nil, refuse(404, notFound, "the caller has hung up")
	case c.state != offered:
		return nil, refuse(400, wrongState, "the call has been answered or rejected already")
	}
	return c, nil
}
