package acs

import "encoding/json"

// CallConnectionState is the state of a call connection.
type CallConnectionState string

// The states of a call connection.
const (
	StateUnknown          CallConnectionState = "unknown"
	StateConnecting       CallConnectionState = "connecting"
	StateConnected        CallConnectionState = "connected"
	StateTransferring     CallConnectionState = "transferring"
	StateTransferAccepted CallConnectionState = "transferAccepted"
	StateDisconnecting    CallConnectionState = "disconnecting"
	StateDisconnected     CallConnectionState = "disconnected"
)

// SubscriptionState is the state of the streaming of a call.
type SubscriptionState string

// The states of a subscription.
const (
	SubscriptionDisabled SubscriptionState = "disabled"
	SubscriptionInactive SubscriptionState = "inactive"
	SubscriptionActive   SubscriptionState = "active"
)

// MediaStreamingSubscription is the streaming of a call's audio.
type MediaStreamingSubscription struct {
	ID                     string            `json:"id"`
	State                  SubscriptionState `json:"state"`
	SubscribedContentTypes []string          `json:"subscribedContentTypes"` // audio
}

// TranscriptionSubscription is the transcription of a call.
type TranscriptionSubscription struct {
	ID                    string            `json:"id"`
	State                 SubscriptionState `json:"state"`
	SubscribedResultTypes []string          `json:"subscribedResultTypes"` // final, intermediate
	Locale                string            `json:"locale"`
}

// CallConnectionProperties is a call as the service sees it. Every field may be
// empty; ServerCallID may come later, with the CallConnected event.
type CallConnectionProperties struct {
	CallConnectionID     string
	ServerCallID         string
	CorrelationID        string
	State                CallConnectionState
	CallbackURI          string
	Targets              []Identifier
	Source               Identifier
	SourceCallerIDNumber Identifier // a phone number
	SourceDisplayName    string
	AnsweredBy           Identifier // a communication user
	AnsweredFor          Identifier // the number that was called

	// MediaStreamingSubscription is nil if the call was opened without media streaming.
	MediaStreamingSubscription *MediaStreamingSubscription
	// TranscriptionSubscription is nil if the call was opened without transcription.
	TranscriptionSubscription *TranscriptionSubscription
}

// UnmarshalJSON reads the properties as they are on the wire.
func (p *CallConnectionProperties) UnmarshalJSON(data []byte) error {
	var w struct {
		CallConnectionID     string              `json:"callConnectionId"`
		ServerCallID         string              `json:"serverCallId"`
		CorrelationID        string              `json:"correlationId"`
		CallConnectionState  CallConnectionState `json:"callConnectionState"`
		CallbackURI          string              `json:"callbackUri"`
		Targets              []Identifier        `json:"targets"`
		Source               Identifier          `json:"source"`
		SourceCallerIDNumber *phoneModel         `json:"sourceCallerIdNumber"`
		SourceDisplayName    string              `json:"sourceDisplayName"`
		AnsweredBy           *userModel          `json:"answeredBy"`
		AnsweredFor          *phoneModel         `json:"answeredFor"`

		MediaStreamingSubscription *MediaStreamingSubscription `json:"mediaStreamingSubscription"`
		TranscriptionSubscription  *TranscriptionSubscription  `json:"transcriptionSubscription"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*p = CallConnectionProperties{
		CallConnectionID:     w.CallConnectionID,
		ServerCallID:         w.ServerCallID,
		CorrelationID:        w.CorrelationID,
		State:                w.CallConnectionState,
		CallbackURI:          w.CallbackURI,
		Targets:              w.Targets,
		Source:               w.Source,
		SourceCallerIDNumber: identifierModel{PhoneNumber: w.SourceCallerIDNumber}.identifier(),
		SourceDisplayName:    w.SourceDisplayName,
		AnsweredBy:           identifierModel{CommunicationUser: w.AnsweredBy}.identifier(),
		AnsweredFor:          identifierModel{PhoneNumber: w.AnsweredFor}.identifier(),

		MediaStreamingSubscription: w.MediaStreamingSubscription,
		TranscriptionSubscription:  w.TranscriptionSubscription,
	}
	return nil
}
