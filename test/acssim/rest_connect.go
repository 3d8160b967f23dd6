package acssim

import "net/http"

// callLocator names a call that the application is not in.
//
// Source: CallLocator, communicationservicescallautomation.json, stable/2026-03-12.
type callLocator struct {
	Kind         string `json:"kind"`
	ServerCallID string `json:"serverCallId"`
	GroupCallID  string `json:"groupCallId"`
	RoomID       string `json:"roomId"`
}

// check refuses a locator without exactly one id, or with an id of another kind.
func (l *callLocator) check() error {
	ids := map[string]string{"serverCallLocator": l.ServerCallID, "groupCallLocator": l.GroupCallID, "roomCallLocator": l.RoomID}
	given := 0
	for _, id := range ids {
		if id != "" {
			given++
		}
	}
	if given != 1 || l.Kind != "" && ids[l.Kind] == "" {
		return refuse(http.StatusBadRequest, codeInvalidArgument, "the field callLocator is invalid")
	}
	return nil
}

// locate returns the ongoing call of a locator, or nil.
func (s *Server) locate(l *callLocator) *call {
	for c := range s.ongoing {
		switch {
		case l.ServerCallID != "" && c.serverCallID == l.ServerCallID,
			l.GroupCallID != "" && c.groupID == l.GroupCallID,
			l.RoomID != "" && c.roomID == l.RoomID:
			return c
		}
	}
	return nil
}

func (s *Server) connectCall(q *request) (reply, error) {
	var body struct {
		connectOptions
		CallLocator *callLocator `json:"callLocator"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if err := required("callLocator", body.CallLocator != nil); err != nil {
		return reply{}, err
	}
	if err := body.CallLocator.check(); err != nil {
		return reply{}, err
	}
	if err := body.check(); err != nil {
		return reply{}, err
	}
	c := s.locate(body.CallLocator)
	missing := c == nil && body.CallLocator.GroupCallID == "" // a group begins with its first participant
	switch {
	case c == nil:
		c = s.newCall("", "")
		c.group, c.groupID = true, body.CallLocator.GroupCallID
	case c.connectionID != "" && !c.appLeft:
		return reply{}, refuse(http.StatusBadRequest, codeWrongState, "the application is in the call")
	case c.state != stateConnected:
		return reply{}, refuse(http.StatusBadRequest, codeNotEstablished, "the call is not established")
	}
	c.prepare(body.connectOptions)
	c.enter(body.CallbackURI, body.OperationContext, missing)
	q.id = c.connectionID
	return reply{http.StatusOK, c.properties()}, nil
}

func (s *Server) redirectCall(q *request) (reply, error) {
	var body struct {
		IncomingCallContext string      `json:"incomingCallContext"`
		Target              *identifier `json:"target"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if err := required("incomingCallContext", body.IncomingCallContext != ""); err != nil {
		return reply{}, err
	}
	raw, err := person("target", body.Target)
	if err != nil {
		return reply{}, err
	}
	c, err := s.openOffer(body.IncomingCallContext)
	if err != nil {
		return reply{}, err
	}
	if c.wanted != "" {
		return reply{}, refuse(http.StatusMethodNotAllowed, codeNotSupported, "a call on behalf of a resource account cannot be redirected")
	}
	if _, err := s.admitNumbers(c.to, raw); err != nil {
		return reply{}, err
	}
	c.redirect(raw)
	return reply{status: http.StatusNoContent}, nil
}
