package acssim

import (
	"net/http"
	"time"
)

// toneSubscription is a continuous recognition of a participant's keys.
type toneSubscription struct {
	context     string
	callbackURI string
	sequence    int
}

// toneRequest reads the body of both requests for continuous recognition.
func (s *Server) toneRequest(q *request) (p *participant, sub toneSubscription, err error) {
	var body struct {
		operationOptions
		TargetParticipant *identifier `json:"targetParticipant"`
	}
	if err := q.decode(&body); err != nil {
		return nil, sub, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return nil, sub, err
	}
	if p, err = c.participant("targetParticipant", body.TargetParticipant); err != nil {
		return nil, sub, err
	}
	sub.context = body.OperationContext
	sub.callbackURI, err = c.operationCallback(body.OperationCallbackURI)
	return p, sub, err
}

func (s *Server) startContinuousDTMF(q *request) (reply, error) {
	p, sub, err := s.toneRequest(q)
	if err != nil {
		return reply{}, err
	}
	if !p.call.media.admits(&mediaOp{subLeg: true}) {
		return reply{}, refuse(http.StatusPreconditionFailed, codeIncompatibleMedia, "the operation does not go with those that run or wait")
	}
	p.tones = &sub
	return reply{status: http.StatusOK}, nil
}

func (s *Server) stopContinuousDTMF(q *request) (reply, error) {
	p, sub, err := s.toneRequest(q)
	if err != nil {
		return reply{}, err
	}
	if p.tones == nil {
		return reply{}, refuse(http.StatusBadRequest, codeWrongState, "no continuous recognition runs for the participant")
	}
	p.tones = nil
	p.call.emitTo(sub.callbackURI, "ContinuousDtmfRecognitionStopped", callbackData{OperationContext: sub.context, ResultInformation: &done})
	return reply{status: http.StatusOK}, nil
}

// pressed reports a key to the application if continuous recognition runs.
func (p *participant) pressed(tone string) {
	sub := p.tones
	if sub == nil {
		return
	}
	sub.sequence++
	if p.call.mediaFault("ContinuousDtmf") {
		p.call.emitTo(sub.callbackURI, "ContinuousDtmfRecognitionToneFailed",
			callbackData{OperationContext: sub.context, ResultInformation: &mediaBroken})
		return
	}
	p.call.emitTo(sub.callbackURI, "ContinuousDtmfRecognitionToneReceived", callbackData{
		OperationContext: sub.context, SequenceID: sub.sequence, Tone: tone, ResultInformation: &done,
	})
}

// maxSentTones is the limit of tones in one request.
//
// Source: learn.microsoft.com, "Control mid-call media actions".
const maxSentTones = 18

func (s *Server) sendDTMFTones(q *request) (reply, error) {
	var body struct {
		operationOptions
		Tones             []string    `json:"tones"`
		TargetParticipant *identifier `json:"targetParticipant"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return reply{}, err
	}
	if len(body.Tones) == 0 || len(body.Tones) > maxSentTones || !areTones(body.Tones...) {
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "want 1 to 18 tones")
	}
	p, err := c.participant("targetParticipant", body.TargetParticipant)
	if err != nil {
		return reply{}, err
	}
	if !isNumber(p.raw) {
		return reply{}, refuse(http.StatusBadRequest, codeInvalidArgument, "tones are sent to telephone numbers only")
	}
	op := &mediaOp{
		context: body.OperationContext, targets: []*participant{p}, subLeg: true,
		sent: body.Tones, length: time.Duration(len(body.Tones)) * toneGap,
	}
	if op.callbackURI, err = c.operationCallback(body.OperationCallbackURI); err != nil {
		return reply{}, err
	}
	if err := c.addMedia(op, false); err != nil {
		return reply{}, err
	}
	return reply{http.StatusAccepted, operationAnswer(body.OperationContext)}, nil
}
