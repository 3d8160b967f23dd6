package acssim

import (
	"net/http"
	"slices"
)

// connectionProperties is a call in the REST API.
//
// Source: CallConnectionProperties, communicationservicescallautomation.json,
// stable/2026-03-12.
type connectionProperties struct {
	CallConnectionID     string             `json:"callConnectionId"`
	ServerCallID         string             `json:"serverCallId"`
	Targets              []identifier       `json:"targets,omitempty"`
	CallConnectionState  string             `json:"callConnectionState"`
	CallbackURI          string             `json:"callbackUri"`
	SourceCallerIDNumber *phoneNumber       `json:"sourceCallerIdNumber,omitempty"`
	SourceDisplayName    string             `json:"sourceDisplayName,omitempty"`
	Source               *identifier        `json:"source,omitempty"`
	CorrelationID        string             `json:"correlationId"`
	AnsweredBy           *communicationUser `json:"answeredBy,omitempty"`
	AnsweredFor          *phoneNumber       `json:"answeredFor,omitempty"`

	MediaStreamingSubscription *subscriptionState `json:"mediaStreamingSubscription,omitempty"`
	TranscriptionSubscription  *subscriptionState `json:"transcriptionSubscription,omitempty"`
}

func (c *call) properties() connectionProperties {
	p := connectionProperties{
		CallConnectionID: c.connectionID, ServerCallID: c.serverCallID, CorrelationID: c.correlationID,
		CallConnectionState: c.connectionState(), CallbackURI: c.callbackURI,
		SourceCallerIDNumber: c.source, SourceDisplayName: c.displayName, AnsweredBy: c.answeredBy,
		MediaStreamingSubscription: c.streaming.subscription(), TranscriptionSubscription: c.transcription.subscription(),
	}
	for _, raw := range c.targets {
		p.Targets = append(p.Targets, identify(raw))
	}
	if c.from != "" {
		source := identify(c.from)
		p.Source = &source
	}
	if c.inbound {
		p.AnsweredFor = identify(c.to).PhoneNumber
	}
	return p
}

// connectOptions are members that create, answer and connect have in common.
type connectOptions struct {
	CallbackURI             string                   `json:"callbackUri"`
	OperationContext        string                   `json:"operationContext"`
	CallIntelligenceOptions *callIntelligenceOptions `json:"callIntelligenceOptions"`
	MediaStreamingOptions   *mediaStreamingOptions   `json:"mediaStreamingOptions"`
	TranscriptionOptions    *transcriptionOptions    `json:"transcriptionOptions"`
}

func (o connectOptions) check() error {
	if err := checkCallback("CallbackUri", o.CallbackURI); err != nil {
		return err
	}
	if err := o.MediaStreamingOptions.check(); err != nil {
		return err
	}
	return o.TranscriptionOptions.check()
}

// prepare sets the options that a call can have only from its creation, answer or
// connection on.
func (c *call) prepare(o connectOptions) {
	c.speechReady = o.CallIntelligenceOptions != nil && o.CallIntelligenceOptions.CognitiveServicesEndpoint != ""
	c.streaming, c.transcription = nil, nil
	if o.MediaStreamingOptions != nil {
		c.streaming = c.newStreaming(o.MediaStreamingOptions)
	}
	if o.TranscriptionOptions != nil {
		c.transcription = c.newTranscription(o.TranscriptionOptions)
	}
}

type callIntelligenceOptions struct {
	CognitiveServicesEndpoint string `json:"cognitiveServicesEndpoint"`
}

// createRequest is the body of CreateCall.
type createRequest struct {
	connectOptions
	Targets              []identifier       `json:"targets"`
	SourceCallerIDNumber *phoneNumber       `json:"sourceCallerIdNumber"`
	SourceDisplayName    string             `json:"sourceDisplayName"`
	Source               *communicationUser `json:"source"`
	TeamsAppSource       *teamsApp          `json:"teamsAppSource"`
}

// callees returns the raw ids of the targets.
func (b createRequest) callees() ([]string, error) {
	var callees []string
	for _, t := range b.Targets {
		raw, err := t.raw()
		if err != nil {
			return nil, refuse(http.StatusBadRequest, codeInvalidArgument, err.Error())
		}
		callees = append(callees, raw)
	}
	return callees, nil
}

// from returns the raw id of the source of a call to the callees; empty for an application without an identity.
func (b createRequest) from(callees []string) (string, error) {
	switch {
	case b.TeamsAppSource != nil:
		return b.fromTeams()
	case b.SourceCallerIDNumber != nil:
		return "4:" + b.SourceCallerIDNumber.Value, nil
	case slices.ContainsFunc(callees, isNumber):
		return "", refuse(http.StatusBadRequest, codeInvalidArgument, "a number is called from a number: sourceCallerIdNumber is required")
	case b.Source != nil:
		return b.Source.ID, nil
	}
	return "", nil
}

// fromTeams returns the raw id of a call's source in Teams Phone.
func (b createRequest) fromTeams() (string, error) {
	if b.SourceCallerIDNumber != nil || b.SourceDisplayName != "" {
		return "", refuse(http.StatusBadRequest, codeInvalidArgument,
			"Invalid request, SourceCallerIdNumber and SourceDisplayName are not supported")
	}
	from, err := (identifier{MicrosoftTeamsApp: b.TeamsAppSource}).raw()
	if err != nil {
		return "", refuse(http.StatusBadRequest, codeInvalidArgument, "the field teamsAppSource is invalid")
	}
	return from, nil
}

func (s *Server) createCall(q *request) (reply, error) {
	var body createRequest
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if err := required("targets", len(body.Targets) > 0); err != nil {
		return reply{}, err
	}
	if err := body.check(); err != nil {
		return reply{}, err
	}
	callees, err := body.callees()
	if err != nil {
		return reply{}, err
	}
	from, err := body.from(callees)
	if err != nil {
		return reply{}, err
	}
	if body.TeamsAppSource != nil {
		if err := s.admitTeamsUsers(callees...); err != nil {
			return reply{}, err
		}
	}
	declined, err := s.admitNumbers(from, callees...)
	if err != nil {
		return reply{}, err
	}

	c := s.newCall(from, callees[0])
	c.targets, c.group = callees, len(callees) > 1
	c.teams = body.TeamsAppSource != nil
	c.displayName, c.source = body.SourceDisplayName, body.SourceCallerIDNumber
	c.prepare(body.connectOptions)
	c.connect(body.CallbackURI, body.OperationContext)
	for _, raw := range callees {
		if declined && isNumber(raw) {
			c.inviteOverLimit(raw, body.OperationContext, body.CallbackURI, purposeTarget)
			continue
		}
		c.invite(raw, body.OperationContext, body.CallbackURI, 0, purposeTarget)
	}
	q.id = c.connectionID
	return reply{http.StatusCreated, c.properties()}, nil
}

func (s *Server) answerCall(q *request) (reply, error) {
	var body struct {
		connectOptions
		IncomingCallContext string             `json:"incomingCallContext"`
		AnsweredBy          *communicationUser `json:"answeredBy"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if err := required("incomingCallContext", body.IncomingCallContext != ""); err != nil {
		return reply{}, err
	}
	if err := body.check(); err != nil {
		return reply{}, err
	}
	c, err := s.openOffer(body.IncomingCallContext)
	if err != nil {
		return reply{}, err
	}
	c.prepare(body.connectOptions)
	c.answer(body.CallbackURI, body.OperationContext)
	q.id = c.connectionID
	c.answeredBy = body.AnsweredBy
	return reply{http.StatusOK, c.properties()}, nil
}

func (s *Server) rejectCall(q *request) (reply, error) {
	var body struct {
		IncomingCallContext string `json:"incomingCallContext"`
		CallRejectReason    string `json:"callRejectReason"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if err := required("incomingCallContext", body.IncomingCallContext != ""); err != nil {
		return reply{}, err
	}
	var why result
	switch body.CallRejectReason {
	case "", "none":
		why = outcomeDeclined.result("4:")
	case "busy":
		why = outcomeBusy.result("4:")
	case "forbidden":
		why = result{Code: 403, SubCode: 560403, Message: "The call was forbidden."}
	default:
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "the field callRejectReason is invalid")
	}
	c, err := s.openOffer(body.IncomingCallContext)
	if err != nil {
		return reply{}, err
	}
	c.rejected = true
	c.end(why)
	return reply{status: http.StatusNoContent}, nil
}

func (s *Server) getCall(q *request) (reply, error) {
	c, err := s.known(q.id)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusOK, c.properties()}, nil
}

func (s *Server) hangupCall(q *request) (reply, error) {
	c, err := s.known(q.id)
	if err != nil {
		return reply{}, err
	}
	c.hangUp()
	return reply{status: http.StatusNoContent}, nil
}

func (s *Server) terminateCall(q *request) (reply, error) {
	c, err := s.known(q.id)
	if err != nil {
		return reply{}, err
	}
	c.terminate()
	return reply{status: http.StatusNoContent}, nil
}
