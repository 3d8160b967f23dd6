package acssim

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// gridEvent is an event in Event Grid's own schema.
//
// Source: learn.microsoft.com, "Azure Event Grid event schema".
type gridEvent struct {
	ID              string `json:"id"`
	Topic           string `json:"topic"`
	Subject         string `json:"subject"`
	EventType       string `json:"eventType"`
	EventTime       string `json:"eventTime"`
	Data            any    `json:"data"`
	DataVersion     string `json:"dataVersion"`
	MetadataVersion string `json:"metadataVersion"`
}

// incomingCall is the data of an IncomingCall event.
//
// Source: AcsIncomingCallEventData, Azure/azure-rest-api-specs,
// Microsoft.Communication, stable/2018-01-01.
type incomingCall struct {
	To                  identifier    `json:"to"`
	From                identifier    `json:"from"`
	ServerCallID        string        `json:"serverCallId"`
	CallerDisplayName   string        `json:"callerDisplayName"`
	CustomContext       customContext `json:"customContext"`
	IncomingCallContext string        `json:"incomingCallContext"`
	CorrelationID       string        `json:"correlationId"`
}

type customContext struct {
	SIPHeaders  map[string]string `json:"sipHeaders"`
	VoIPHeaders map[string]string `json:"voipHeaders"`
}

// What is recommended for subscriptions to IncomingCall, because a caller rings
// for 30 s only.
//
// Source: learn.microsoft.com, "Incoming call concepts"; "Event Grid message
// delivery and retry".
const (
	gridAttempts = 2
	gridRetry    = 10 * time.Second
	gridLife     = time.Minute
	gridTopic    = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/acssim" +
		"/providers/Microsoft.Communication/CommunicationServices/acssim"
	gridTime = "2006-01-02T15:04:05.0000000Z"
)

// gridRefusals are the answers after which Event Grid does not try again.
var gridRefusals = []int{http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge}

// subscription is the webhook's consent to be sent events.
type subscription struct {
	validated chan struct{} // closed when it has consented
}

// subscribe asks the webhook for its consent until it gives it: the host may
// come up later than the simulator.
func (s *Server) subscribe() {
	code := s.id("validation")
	handshake := []gridEvent{{
		ID: s.id("subscription"), Topic: gridTopic, EventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
		Data:        map[string]string{"validationCode": code},
		DataVersion: "2", MetadataVersion: "1",
	}}
	waiting := false
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		handshake[0].EventTime = time.Now().UTC().Format(gridTime)
		status, answer, err := s.postJSON(s.EventGridURL, handshake, http.Header{"Aeg-Event-Type": {"SubscriptionValidation"}})
		var consent struct {
			ValidationResponse string `json:"validationResponse"`
		}
		if err == nil && status == http.StatusOK && json.Unmarshal(answer, &consent) == nil && consent.ValidationResponse == code {
			s.note(nil, "eventgrid", "the webhook is subscribed")
			close(s.grid.validated)
			return
		}
		if !waiting && s.ctx.Err() == nil {
			waiting = true
			s.logf("acssim: the Event Grid webhook does not answer yet; trying again")
			s.note(nil, "eventgrid", "the webhook does not answer yet")
		}
		if !s.sleep(pause) {
			return
		}
	}
}

// announce offers a call to the application. The caller holds s.mu.
func (s *Server) announce(c *call, context string) {
	if s.EventGridURL == "" {
		s.note(c, "eventgrid", "nobody is subscribed")
		return
	}
	from, to := identify(c.from), identify(c.to)
	if c.teams { // a resource account is no kind that Event Grid's model knows
		to = identifier{Kind: "unknown", RawID: c.to}
	}
	event := gridEvent{
		ID: s.id("incoming call", c.n), Topic: gridTopic, Subject: "/caller/" + c.from + "/recipient/" + c.to,
		EventType: typePrefix + "IncomingCall", EventTime: c.started.UTC().Format(gridTime),
		Data: incomingCall{
			To: to, From: from, ServerCallID: c.serverCallID, CallerDisplayName: c.displayName,
			CustomContext:       customContext{SIPHeaders: map[string]string{}, VoIPHeaders: map[string]string{}},
			IncomingCallContext: context, CorrelationID: c.correlationID,
		},
		DataVersion: "1.0", MetadataVersion: "1",
	}
	faults := s.eventFaults(c.n, "IncomingCall")
	s.spawn(func() { s.publish(c, event, faults.delay) })
	if faults.duplicate {
		s.note(c, "fault", "IncomingCall comes twice")
		s.spawn(func() { s.publish(c, event, faults.delay+faults.lag) })
	}
}

// publish delivers an event by Event Grid's rules.
func (s *Server) publish(c *call, event gridEvent, delay time.Duration) {
	life := time.NewTimer(gridLife)
	defer life.Stop()
	select {
	case <-s.grid.validated:
	case <-life.C:
		s.note(c, "eventgrid", "IncomingCall was dropped: the webhook never answered")
		return
	case <-s.ctx.Done():
		return
	}
	if !s.sleep(delay) {
		return
	}
	for n := range gridAttempts {
		if n > 0 && !s.sleep(gridRetry) {
			return
		}
		status, _, err := s.postJSON(s.EventGridURL, []gridEvent{event}, http.Header{"Aeg-Event-Type": {"Notification"}})
		switch {
		case s.ctx.Err() != nil:
			return
		case err != nil:
			s.note(c, "eventgrid", "IncomingCall was not taken: %v", err)
			continue
		case status >= 200 && status <= 204:
			s.note(c, "eventgrid", "IncomingCall")
			return
		}
		s.note(c, "eventgrid", "IncomingCall was not taken: %d", status)
		if slices.Contains(gridRefusals, status) {
			return
		}
	}
}
