package acssim

import "net/http"

// hold is the state of a participant on hold.
type hold struct {
	music bool // music is played to the participant
}

func (s *Server) muteParticipants(q *request) (reply, error) {
	var body struct {
		OperationContext   string       `json:"operationContext"`
		TargetParticipants []identifier `json:"targetParticipants"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	if err := required("targetParticipants", len(body.TargetParticipants) > 0); err != nil {
		return reply{}, err
	}
	var muted []*participant
	for _, id := range body.TargetParticipants {
		p, err := c.participant("targetParticipants", &id)
		if err != nil {
			return reply{}, err
		}
		if who := identify(p.raw); who.CommunicationUser == nil && who.TeamsExtensionUser == nil {
			return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "only users of Azure Communication Services can be muted")
		}
		muted = append(muted, p)
	}
	for _, p := range muted {
		p.muted = true
		c.endSoundsOf(p.raw)
	}
	c.participantsUpdated()
	return reply{http.StatusOK, operationAnswer(body.OperationContext)}, nil
}

func (s *Server) holdParticipant(q *request) (reply, error) {
	var body struct {
		operationOptions
		TargetParticipant *identifier `json:"targetParticipant"`
		PlaySourceInfo    *playSource `json:"playSourceInfo"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	p, err := c.participant("targetParticipant", body.TargetParticipant)
	if err != nil {
		return reply{}, err
	}
	callback, err := c.operationCallback(body.OperationCallbackURI)
	if err != nil {
		return reply{}, err
	}
	var music mediaOp
	if body.PlaySourceInfo != nil {
		if err := c.prompt(&music, []playSource{*body.PlaySourceInfo}); err != nil {
			return reply{}, err
		}
	}
	switch failed := c.mediaFault("Hold"); {
	case p.hold != nil:
		return reply{}, refuse(http.StatusBadRequest, codeWrongState, "the participant is on hold")
	case music.unplayable || failed:
		why := &fileNotFound
		if failed {
			why = &mediaBroken
		}
		c.emitTo(callback, "HoldFailed", callbackData{OperationContext: body.OperationContext, ResultInformation: why})
	default:
		p.hold = &hold{music: body.PlaySourceInfo != nil}
		c.endSoundsOf(p.raw)
		p.phone.note("hold", "is on hold")
		c.participantsUpdated()
		c.notifyPhones()
	}
	return reply{status: http.StatusOK}, nil
}

func (s *Server) unholdParticipant(q *request) (reply, error) {
	var body struct {
		operationOptions
		TargetParticipant *identifier `json:"targetParticipant"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	p, err := c.participant("targetParticipant", body.TargetParticipant)
	if err != nil {
		return reply{}, err
	}
	if _, err := c.operationCallback(body.OperationCallbackURI); err != nil {
		return reply{}, err
	}
	if p.hold == nil {
		return reply{}, refuse(http.StatusBadRequest, codeWrongState, "the participant is not on hold")
	}
	p.hold = nil
	p.phone.note("hold", "is off hold")
	c.participantsUpdated()
	c.notifyPhones()
	return reply{status: http.StatusOK}, nil
}
