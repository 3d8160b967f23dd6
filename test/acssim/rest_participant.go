package acssim

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	defaultPageSize      = 2
	maxInvitationSeconds = 180
)

func (s *Server) getParticipants(q *request) (reply, error) {
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	from, err := strconv.Atoi(cmp.Or(q.query.Get("skip"), "0"))
	if err != nil || from < 0 {
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "the page is not one of the list")
	}
	all := c.listed()
	from = min(from, len(all))
	to := min(from+cmp.Or(s.PageSize, defaultPageSize), len(all))
	page := struct {
		Value    []callParticipant `json:"value"`
		NextLink string            `json:"nextLink,omitempty"`
	}{Value: all[from:to]}
	if to < len(all) {
		page.NextLink = s.endpoint() + "/calling/callConnections/" + c.connectionID + "/participants?" +
			url.Values{"api-version": {apiVersion}, "skip": {strconv.Itoa(to)}}.Encode()
	}
	return reply{http.StatusOK, page}, nil
}

func (s *Server) getParticipant(q *request) (reply, error) {
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	for _, p := range c.listed() {
		if p.Identifier.RawID == q.who {
			return reply{http.StatusOK, p}, nil
		}
	}
	return reply{}, refuse(http.StatusNotFound, codeNotFound, "there is no such participant")
}

// operationOptions are the common members of operations within a call.
type operationOptions struct {
	OperationContext     string `json:"operationContext"`
	OperationCallbackURI string `json:"operationCallbackUri"`
}

// person returns the raw id of a required identifier.
func person(field string, id *identifier) (string, error) {
	if id == nil {
		return "", refuse(http.StatusBadRequest, codeInvalidArgument, "the field "+field+" is required")
	}
	raw, err := id.raw()
	if err != nil {
		return "", refuse(http.StatusBadRequest, codeInvalidArgument, "the field "+field+" is invalid: "+err.Error())
	}
	return raw, nil
}

func (s *Server) addParticipant(q *request) (reply, error) {
	var body struct {
		operationOptions
		ParticipantToAdd           *identifier           `json:"participantToAdd"`
		SourceCallerIDNumber       *phoneNumber          `json:"sourceCallerIdNumber"`
		SourceDisplayName          string                `json:"sourceDisplayName"`
		InvitationTimeoutInSeconds int                   `json:"invitationTimeoutInSeconds"`
		CustomCallingContext       *customCallingContext `json:"customCallingContext"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	raw, err := person("participantToAdd", body.ParticipantToAdd)
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
	switch {
	case body.InvitationTimeoutInSeconds < 0 || body.InvitationTimeoutInSeconds > maxInvitationSeconds:
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "invitationTimeoutInSeconds is not in 0 to 180")
	case c.teams && body.SourceCallerIDNumber != nil:
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "Invalid request, SourceCallerIdNumber is not supported")
	case !c.teams && isNumber(raw) && body.SourceCallerIDNumber == nil:
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "a number is called from a number: sourceCallerIdNumber is required")
	case c.find(raw) != nil:
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "the participant is in the call")
	}
	i, err := c.inviteIfAllowed(raw, body.OperationContext, callback, time.Duration(body.InvitationTimeoutInSeconds)*time.Second, purposeAddition)
	if err != nil {
		return reply{}, err
	}
	answer := operationAnswer(body.OperationContext)
	answer["participant"], answer["invitationId"] = callParticipant{Identifier: identify(raw)}, i.id
	return reply{http.StatusAccepted, answer}, nil
}

func (s *Server) cancelAddParticipant(q *request) (reply, error) {
	var body struct {
		operationOptions
		InvitationID string `json:"invitationId"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	if err := required("invitationId", body.InvitationID != ""); err != nil {
		return reply{}, err
	}
	callback, err := c.operationCallback(body.OperationCallbackURI)
	if err != nil {
		return reply{}, err
	}
	data := callbackData{OperationContext: body.OperationContext, InvitationID: body.InvitationID, ResultInformation: &done}
	if i := c.invitations[body.InvitationID]; i != nil {
		i.phone.note("refuse", "is not wanted any more")
		i.stopRinging()
		c.emitTo(callback, "CancelAddParticipantSucceeded", data)
	} else {
		data.ResultInformation = &result{Code: 404, SubCode: 8522, Message: "There is no such invitation, or it is over."}
		c.emitTo(callback, "CancelAddParticipantFailed", data)
	}
	answer := operationAnswer(body.OperationContext)
	answer["invitationId"] = body.InvitationID
	return reply{http.StatusAccepted, answer}, nil
}

func (s *Server) removeParticipant(q *request) (reply, error) {
	var body struct {
		operationOptions
		ParticipantToRemove *identifier `json:"participantToRemove"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	raw, err := person("participantToRemove", body.ParticipantToRemove)
	if err != nil {
		return reply{}, err
	}
	callback, err := c.operationCallback(body.OperationCallbackURI)
	if err != nil {
		return reply{}, err
	}
	who := identify(raw)
	p := c.find(raw)
	switch {
	case p == nil && c.invitationOf(raw) != nil:
		c.emitTo(callback, "RemoveParticipantFailed",
			callbackData{OperationContext: body.OperationContext, Participant: &who, ResultInformation: &notJoined})
		return reply{http.StatusAccepted, operationAnswer(body.OperationContext)}, nil
	case p == nil:
		return reply{}, refuse(http.StatusNotFound, codeNotFound, "there is no such participant")
	}
	c.emitTo(callback, "RemoveParticipantSucceeded",
		callbackData{OperationContext: body.OperationContext, Participant: &who, ResultInformation: &done})
	c.leave(p)
	return reply{http.StatusAccepted, operationAnswer(body.OperationContext)}, nil
}
