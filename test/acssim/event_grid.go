package acssim

import (
	"maps"
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
	OnBehalfOfCallee    *identifier   `json:"onBehalfOfCallee,omitempty"`
	CorrelationID       string        `json:"correlationId"`
}

type customContext struct {
	SIPHeaders  map[string]string `json:"sipHeaders"`
	VoIPHeaders map[string]string `json:"voipHeaders"`
}

// full returns a copy without nil maps.
func (c customContext) full() customContext {
	full := customContext{map[string]string{}, map[string]string{}}
	maps.Copy(full.SIPHeaders, c.SIPHeaders)
	maps.Copy(full.VoIPHeaders, c.VoIPHeaders)
	return full
}

// Recommended settings of subscriptions to IncomingCall, because a caller rings
// for 30 s only.
//
// Source: learn.microsoft.com, "Incoming call concepts".
const (
	offerAttempts = 2
	offerLife     = time.Minute
)

const (
	gridTopic = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/acssim" +
		"/providers/Microsoft.Communication/CommunicationServices/acssim"
	gridTime = "2006-01-02T15:04:05.0000000Z"
)

// cloudGridEvent is an event in the schema of CloudEvents 1.0.
type cloudGridEvent struct {
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Subject     string `json:"subject"`
	Time        string `json:"time"`
	SpecVersion string `json:"specversion"`
	Data        any    `json:"data"`
}

func (e gridEvent) cloud() cloudGridEvent {
	return cloudGridEvent{e.ID, e.Topic, e.EventType, e.Subject, e.EventTime, "1.0", e.Data}
}

// announce offers a call to the application. The caller holds s.mu.
func (s *Server) announce(c *call, context string) {
	line, behalf := c.to, ""
	if c.wanted != "" {
		line, behalf = c.behalfForm.parties(c.to, c.wanted)
	}
	data := incomingCall{
		To: gridIdentifier(line), From: gridIdentifier(c.from), ServerCallID: c.serverCallID, CallerDisplayName: c.displayName,
		CustomContext: c.headers.full(), IncomingCallContext: context, CorrelationID: c.correlationID,
	}
	if behalf != "" {
		who := gridIdentifier(behalf)
		data.OnBehalfOfCallee = &who
	}
	s.publish(c, gridEvent{
		ID: s.id("incoming call", c.n, c.offers), Topic: gridTopic, Subject: "/caller/" + c.from + "/recipient/" + line,
		EventType: typePrefix + "IncomingCall", EventTime: c.rung.UTC().Format(gridTime),
		Data: data, DataVersion: "1.0", MetadataVersion: "1",
	})
}

// gridIdentifier returns an identifier in Event Grid's older model, in which resource
// accounts and extension users are unknown.
func gridIdentifier(raw string) identifier {
	id := identify(raw)
	if id.MicrosoftTeamsApp != nil || id.TeamsExtensionUser != nil {
		return identifier{Kind: "unknown", RawID: raw}
	}
	return id
}
