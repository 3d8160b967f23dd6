package acssim

import (
	"net/http"
	"slices"
)

// customCallingContext has the custom headers of an invitation or a transfer. Their
// limits are checked, their values ignored.
//
// Source: CustomCallingContext, communicationservicescallautomation.json,
// stable/2026-03-12; limits: learn.microsoft.com, "Pass contextual data between calls".
type customCallingContext struct {
	VoIPHeaders           map[string]string `json:"voipHeaders"`
	SIPHeaders            map[string]string `json:"sipHeaders"`
	TeamsPhoneCallDetails map[string]any    `json:"teamsPhoneCallDetails"`
}

const (
	maxSIPHeaders  = 5 // in addition to User-To-User
	maxVoIPHeaders = 1000
	maxHeaderKey   = 64
	maxSIPValue    = 256
	maxVoIPValue   = 1024
)

func (c *customCallingContext) check() error {
	if c == nil {
		return nil
	}
	custom := 0
	for key, value := range c.SIPHeaders {
		if key != "User-To-User" {
			custom++
		}
		if len(key) > maxHeaderKey || len(value) > maxSIPValue {
			return refuse(http.StatusBadRequest, codeInvalidArgument, "a SIP header is too long")
		}
	}
	for key, value := range c.VoIPHeaders {
		if len(key) > maxHeaderKey || len(value) > maxVoIPValue {
			return refuse(http.StatusBadRequest, codeInvalidArgument, "a VoIP header is too long")
		}
	}
	if custom > maxSIPHeaders || len(c.VoIPHeaders) > maxVoIPHeaders {
		return refuse(http.StatusBadRequest, codeInvalidArgument, "there are too many custom headers")
	}
	return nil
}

func (s *Server) transferToParticipant(q *request) (reply, error) {
	var body struct {
		operationOptions
		TargetParticipant    *identifier           `json:"targetParticipant"`
		Transferee           *identifier           `json:"transferee"`
		CustomCallingContext *customCallingContext `json:"customCallingContext"`
		SourceCallerIDNumber *phoneNumber          `json:"sourceCallerIdNumber"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	raw, err := person("targetParticipant", body.TargetParticipant)
	if err != nil {
		return reply{}, err
	}
	if err := body.CustomCallingContext.check(); err != nil {
		return reply{}, err
	}
	callback, err := c.operationCallback(body.OperationCallbackURI)
	if err != nil {
		return reply{}, err
	}
	who, err := c.transferee(body.Transferee)
	switch {
	case err != nil:
		return reply{}, err
	case c.find(raw) != nil:
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "the target is in the call")
	case c.transferring():
		return reply{}, refuse(http.StatusConflict, codeTransferConflict, "a participant is being transferred already")
	}
	i, err := c.inviteIfAllowed(raw, body.OperationContext, callback, transferTime, purposeTransfer)
	if err != nil {
		return reply{}, err
	}
	i.transferee = who
	return reply{http.StatusAccepted, operationAnswer(body.OperationContext)}, nil
}

// transferee returns the participant to be transferred: the named one, or the only one.
func (c *call) transferee(id *identifier) (*participant, error) {
	if id != nil {
		return c.participant("transferee", id)
	}
	if len(c.people) != 1 {
		return nil, refuse(http.StatusBadRequest, codeInvalidArgument, "in a group the field transferee is required")
	}
	return c.people[0], nil
}

func (s *Server) moveParticipants(q *request) (reply, error) {
	var body struct {
		operationOptions
		TargetParticipants []identifier `json:"targetParticipants"`
		FromCall           string       `json:"fromCall"`
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
	if err := required("fromCall", body.FromCall != ""); err != nil {
		return reply{}, err
	}
	callback, err := c.operationCallback(body.OperationCallbackURI)
	if err != nil {
		return reply{}, err
	}
	from, err := s.established(body.FromCall)
	if err != nil {
		return reply{}, err
	}
	if from == c {
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "fromCall is the call itself")
	}
	var raws []string
	listed := []callParticipant{}
	for _, id := range body.TargetParticipants {
		raw, err := person("targetParticipants", &id)
		if err != nil {
			return reply{}, err
		}
		if !slices.Contains(raws, raw) {
			raws = append(raws, raw)
			listed = append(listed, callParticipant{Identifier: identify(raw)})
		}
	}
	s.after(connectTime, func() { c.moveHere(from, raws, body.OperationContext, callback) })
	answer := operationAnswer(body.OperationContext)
	answer["participants"], answer["fromCall"] = listed, body.FromCall
	return reply{http.StatusAccepted, answer}, nil
}

// operationAnswer returns the body of an answer, with the operationContext.
func operationAnswer(context string) map[string]any {
	answer := map[string]any{}
	if context != "" {
		answer["operationContext"] = context
	}
	return answer
}
