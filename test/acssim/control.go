package acssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// The control API is for people and tests, not for the application: it makes
// telephones ring, presses their keys, and shows what happened. The README
// documents it.

func (s *Server) controlAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sim/calls", s.controlRing)
	mux.HandleFunc("GET /sim/calls", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Calls()) })
	mux.HandleFunc("POST /sim/conversations", s.controlStartConversation)
	mux.HandleFunc("POST /sim/calls/{id}/press", s.controlPress)
	mux.HandleFunc("POST /sim/calls/{id}/say", s.controlSay)
	mux.HandleFunc("POST /sim/calls/{id}/hangup", s.controlHangUp)
	mux.HandleFunc("PUT /sim/phones/{rawID}", s.controlPhone)
	mux.HandleFunc("PUT /sim/faults", s.controlFaults)
	mux.HandleFunc("GET /sim/faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.faultsNow()) })
	mux.HandleFunc("GET /sim/rings", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Rings()) })
	mux.HandleFunc("GET /sim/subscriptions/{code}", s.serveValidation)
	mux.HandleFunc("GET /sim/timeline", s.serveTimeline)
	return mux
}

// errNoPhone means that there is no such call, or no such person in it.
var errNoPhone = errors.New("there is no such call, or no person with that id is in it")

// Press lets a person in a call press keys such as 12#. call is a CallInfo's ID or
// connection id. raw is the person's raw id or number; empty: the caller or, in an
// outbound call, the person who joined first.
func (s *Server) Press(call, raw, keys string) error {
	if _, err := tonesOf(keys); err != nil {
		return err
	}
	return s.handle(call, raw, func(p *phone) { p.s.spawn(func() { p.press(strings.ToUpper(keys)) }) })
}

// Say lets a person in a call say words. call and raw are as for Press.
func (s *Server) Say(call, raw, words string) error {
	if words == "" {
		return errors.New("want words to say")
	}
	return s.handle(call, raw, func(p *phone) { p.call.speech(p, words) })
}

// HangUp lets a person in a call hang up. call and raw are as for Press. A caller
// can hang up before the call is answered.
func (s *Server) HangUp(call, raw string) error { return s.handle(call, raw, (*phone).hangUp) }

// handle calls do with a telephone that is in use.
func (s *Server) handle(call, raw string, do func(*phone)) error {
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if c.id != call && c.connectionID != call || c.state == stateDisconnected {
			continue
		}
		if raw == "" && c.caller != nil && c.caller.ctx.Err() == nil {
			do(c.caller)
			return nil
		}
		for _, p := range c.people {
			if raw == "" || p.raw == rawID(raw) {
				do(p.phone)
				return nil
			}
		}
	}
	return errNoPhone
}

func (s *Server) controlRing(w http.ResponseWriter, r *http.Request) {
	var caller Caller
	if !readControl(w, r, &caller) {
		return
	}
	id, err := s.Ring(caller)
	if err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Location", "/sim/calls/"+id)
	writeJSON(w, http.StatusAccepted, map[string]string{"id": id})
}

func (s *Server) controlStartConversation(w http.ResponseWriter, r *http.Request) {
	var conversation Conversation
	if !readControl(w, r, &conversation) {
		return
	}
	id, err := s.StartConversation(conversation)
	if err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Location", "/sim/calls/"+id)
	writeJSON(w, http.StatusAccepted, map[string]string{"id": id})
}

func (s *Server) controlPress(w http.ResponseWriter, r *http.Request) {
	var body struct{ Tones, Participant string }
	if readControl(w, r, &body) {
		concludeControl(w, s.Press(r.PathValue("id"), body.Participant, body.Tones))
	}
}

func (s *Server) controlSay(w http.ResponseWriter, r *http.Request) {
	var body struct{ Text, Participant string }
	if readControl(w, r, &body) {
		concludeControl(w, s.Say(r.PathValue("id"), body.Participant, body.Text))
	}
}

func (s *Server) controlHangUp(w http.ResponseWriter, r *http.Request) {
	var body struct{ Participant string }
	if r.ContentLength == 0 || readControl(w, r, &body) {
		concludeControl(w, s.HangUp(r.PathValue("id"), body.Participant))
	}
}

func (s *Server) controlPhone(w http.ResponseWriter, r *http.Request) {
	var body struct{ Script string }
	if readControl(w, r, &body) {
		concludeControl(w, s.SetPhone(r.PathValue("rawID"), body.Script))
	}
}

func (s *Server) controlFaults(w http.ResponseWriter, r *http.Request) {
	var faults Faults
	if readControl(w, r, &faults) {
		concludeControl(w, s.SetFaults(faults))
	}
}

// readControl reads a JSON body into v. If the body is invalid it answers with a
// problem document and returns false.
func readControl(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		problem(w, http.StatusBadRequest, fmt.Errorf("the body is not what it should be: %w", err))
		return false
	}
	return true
}

func concludeControl(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, errNoPhone):
		problem(w, http.StatusNotFound, err)
	default:
		problem(w, http.StatusBadRequest, err)
	}
}

// problem answers with a problem document (RFC 9457).
func problem(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that has gone needs no answer
		"title": http.StatusText(status), "status": status, "detail": err.Error(),
	})
}
