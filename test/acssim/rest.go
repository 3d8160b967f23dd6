package acssim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxBody is the limit of a request's size. The largest in use have a few kilobytes.
const maxBody = 1 << 20

// reply is an answer: a status, and a body that is written as JSON; nil: no body.
type reply struct {
	status int
	body   any
}

// refusal is the error body of the service.
//
// Source: CommunicationErrorResponse, communication/data-plane/Common,
// stable/2025-06-30.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d/%s %s", r.status, r.code, r.message) }

func refuse(status int, code, message string) error { return &refusal{status, code, message} }

// refused returns the answer for an error.
func refused(err error) reply {
	no, ok := errors.AsType[*refusal](err)
	if !ok {
		no = &refusal{http.StatusInternalServerError, "InternalServerError", err.Error()}
	}
	return reply{no.status, map[string]any{"error": map[string]string{"code": no.code, "message": no.message}}}
}

// Refusals that are the service's own fault.
var (
	tooMany       = refuse(http.StatusTooManyRequests, "TooManyRequests", "too many requests")
	unavailable   = refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "the service is not available")
	internalError = refuse(http.StatusInternalServerError, "InternalServerError", "something went wrong")
)

// Codes of refusals.
//
// Source: learn.microsoft.com, "Troubleshooting codes" (Call Automation).
const (
	codeUnauthorized      = "7509" // 401: HMAC validation
	codeNotEstablished    = "8501" // 400
	codeNotFound          = "8522" // 404: no such call or participant
	codeInvalidArgument   = "8523" // 400
	codeRecordingRuns     = "8559" // 400
	codeNoSpeech          = "8567" // 400: no cognitive services endpoint was named
	codeConflict          = "8519" // 409
	codeNotSupported      = "8520" // 405
	codeTransferConflict  = "8607" // 409
	codeIncompatibleMedia = "8583" // 412
	codeWrongState        = "8585" // 400
	codeAnsweredTooLate   = "8587" // 400
)

func (s *Server) serveREST(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeReply(w, refused(refuse(http.StatusRequestEntityTooLarge, "RequestBodyTooLarge", "the body is too large")))
		return
	}
	q, err := s.admit(r, body)
	if err != nil {
		s.note(nil, "request", "%s refused: %v", r.Method, err)
		writeReply(w, refused(err))
		return
	}
	answer, fault := s.execute(q)
	switch fault {
	case faultAnswerCut:
		panic(http.ErrAbortHandler)
	case faultEarlyEvents:
		sleep(s.ctx, earlyHold)
	case faultSlowAnswer:
		sleep(s.ctx, slowHold)
	}
	if answer.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	writeReply(w, answer)
}

// admit checks what every request must have: a signature, an operation, a version.
func (s *Server) admit(r *http.Request, body []byte) (*request, error) {
	if err := s.verify(r, body); err != nil {
		return nil, refuse(http.StatusUnauthorized, codeUnauthorized, "HMAC validation error: "+err.Error())
	}
	q, err := route(r, body)
	if err != nil {
		return nil, err
	}
	return q, checkVersion(q)
}

// execute executes a request, unless it is a repeat or a fault prevents it. It
// returns the answer, and the fault that the answer meets.
func (s *Server) execute(q *request) (reply, requestFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return refused(unavailable), faultNone
	}
	c := s.callOf(q)
	pair, err := repeatabilityOf(q, time.Now())
	if err != nil {
		return refused(err), faultNone
	}
	if pair != nil && !s.IgnoreRepeatability {
		answer, seen, err := s.repeats.lookUp(pair, time.Now())
		if err != nil {
			return refused(err), faultNone
		}
		if seen {
			s.note(c, "request", "%s repeated: %d again", q.operation.name, answer.status)
			return answer, faultNone
		}
	}
	fault := s.requestFault(c, q.operation.name)
	answer := s.answerTo(q, fault)
	if pair != nil {
		s.repeats.remember(pair, answer, time.Now())
	}
	if c == nil { // a call that this request created or answered
		c = s.callOf(q)
	}
	if fault != faultNone {
		s.note(c, "fault", "%s: %s", q.operation.name, fault)
	}
	if fault == faultAnswerCut {
		s.note(c, "request", "%s: done", q.operation.name)
	} else {
		s.note(c, "request", "%s: %s", q.operation.name, answer)
	}
	return answer, fault
}

// answerTo executes a request, unless a fault prevents it.
func (s *Server) answerTo(q *request, fault requestFault) reply {
	switch fault {
	case faultThrottle:
		return refused(tooMany)
	case faultServerError:
		return refused(unavailable)
	}
	answer, err := q.operation.do(s, q)
	if err != nil {
		answer = refused(err)
	}
	if fault == faultAnswerLost {
		return refused(internalError)
	}
	return answer
}

// callOf returns the call of a request, or nil.
func (s *Server) callOf(q *request) *call {
	if r := s.recordings[q.id]; r != nil {
		return r.call
	}
	return s.connections[q.id]
}

// String returns the status, and for a refusal its code and message.
func (r reply) String() string {
	if body, ok := r.body.(map[string]any); ok {
		if e, ok := body["error"].(map[string]string); ok {
			return fmt.Sprintf("%d/%s %s", r.status, e["code"], e["message"])
		}
	}
	return strconv.Itoa(r.status)
}

func writeReply(w http.ResponseWriter, r reply) {
	if r.body == nil {
		w.WriteHeader(r.status)
		return
	}
	writeJSON(w, r.status, r.body)
}

// decode reads the body of a request into v. Unlike the service it refuses members
// that the schema does not have, to show typing mistakes.
func (q *request) decode(v any) error {
	d := json.NewDecoder(bytes.NewReader(q.body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return refuse(http.StatusBadRequest, codeInvalidArgument, "the body does not fit the schema: "+err.Error())
	}
	if d.More() {
		return refuse(http.StatusBadRequest, codeInvalidArgument, "the body is more than one JSON value")
	}
	return nil
}

func required(field string, given bool) error {
	if given {
		return nil
	}
	return refuse(http.StatusBadRequest, codeInvalidArgument, "the field "+field+" is required")
}

// checkCallback refuses callback URIs other than https, which the service accepts, and
// http on loopback, for development.
func checkCallback(name, uri string) error {
	u, err := url.Parse(uri)
	if err == nil && u.Host != "" {
		ip := net.ParseIP(u.Hostname())
		loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
		if u.Scheme == "https" || u.Scheme == "http" && loopback {
			return nil
		}
	}
	return refuse(http.StatusBadRequest, codeInvalidArgument, "The field "+name+" is invalid")
}

// operationCallback returns the callback URI of one operation: uri or, if that is
// empty, the call's.
func (c *call) operationCallback(uri string) (string, error) {
	if uri == "" {
		return c.callbackURI, nil
	}
	return uri, checkCallback("OperationCallbackUri", uri)
}

// known returns the call of a connection id, in any state.
func (s *Server) known(connectionID string) (*call, error) {
	if c := s.connections[connectionID]; c != nil {
		return c, nil
	}
	return nil, refuse(http.StatusNotFound, codeNotFound, "there is no such call")
}

// established returns the call of a connection id, or refuses one that is not
// established.
func (s *Server) established(connectionID string) (*call, error) {
	c, err := s.known(connectionID)
	if err != nil {
		return nil, err
	}
	if c.state != stateConnected {
		return nil, refuse(http.StatusBadRequest, codeNotEstablished, "the call is not established")
	}
	return c, nil
}
