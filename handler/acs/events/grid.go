package events

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"switchboard/handler/acs"
)

// IncomingCall: a call rings a line and waits to be answered, rejected or
// redirected. See ParseOffer for what the exchange makes of it.
type IncomingCall struct {
	To                acs.Identifier `json:"to,omitzero"`
	From              acs.Identifier `json:"from,omitzero"`
	OnBehalfOfCallee  acs.Identifier `json:"onBehalfOfCallee,omitzero"` // for whom the call is, if not for To
	CallerDisplayName string         `json:"callerDisplayName,omitempty"`
	ServerCallID      string         `json:"serverCallId,omitempty"`
	CorrelationID     string         `json:"correlationId,omitempty"`

	// IncomingCallContext is a token: it is what answering takes. Not for logs.
	IncomingCallContext string `json:"incomingCallContext,omitempty"`

	CustomContext CustomContext `json:"customContext,omitzero"`
}

// CustomContext is what the caller's side sent along. User-To-User is spelled
// "userToUser".
type CustomContext struct {
	SIPHeaders  map[string]string `json:"sipHeaders,omitempty"`
	VoIPHeaders map[string]string `json:"voipHeaders,omitempty"`
}

// RecordingFileStatusUpdated: the files of a recording are there, for 24 h. The
// recording's and the call's ids are in the event's subject: [RecordingSubject].
type RecordingFileStatusUpdated struct {
	RecordingStorageInfo struct {
		RecordingChunks []RecordingChunk `json:"recordingChunks"`
	} `json:"recordingStorageInfo"`
	RecordingStartTime   time.Time `json:"recordingStartTime,omitzero"`
	RecordingDurationMs  int64     `json:"recordingDurationMs"`
	RecordingContentType string    `json:"recordingContentType,omitempty"` // Audio, AudioVideo
	RecordingChannelType string    `json:"recordingChannelType,omitempty"` // Mixed, Unmixed
	RecordingFormatType  string    `json:"recordingFormatType,omitempty"`  // Wav, Mp3, Mp4
	SessionEndReason     string    `json:"sessionEndReason,omitempty"`     // CallEnded, InitiatorLeft …

	// Where the files went to the customer's own storage:
	StorageType string `json:"storageType,omitempty"` // AzureBlob
	RecordingID string `json:"recordingId,omitempty"`
}

// RecordingChunk is one file of a recording.
type RecordingChunk struct {
	DocumentID       string `json:"documentId"`
	Index            int64  `json:"index"`
	EndReason        string `json:"endReason,omitempty"` // SessionEnded, ChunkMaximumSizeExceeded …
	ContentLocation  string `json:"contentLocation,omitempty"`
	MetadataLocation string `json:"metadataLocation,omitempty"`
	DeleteLocation   string `json:"deleteLocation,omitempty"`
}

// RecordingSubject reads the subject of a RecordingFileStatusUpdated event:
// "/recording/call/{call id}/recordingId/{recording id}", or with serverCallId for
// the customer's own storage. What the subject does not name is empty.
func RecordingSubject(subject string) (callID, recordingID, serverCallID string) {
	// The last of them may hold a slash: they are base64.
	rest, recordingID, _ := strings.Cut(subject, "/recordingId/")
	rest, serverCallID, _ = strings.Cut(rest, "/serverCallId/")
	_, callID, _ = strings.Cut(rest, "/call/")
	return callID, recordingID, serverCallID
}

// The events about calls between users of ACS. There are none for Teams Phone
// calls, nor about telephones.
type (
	// CallStarted: a call has begun.
	CallStarted struct{ CallDetails }
	// CallEnded: a call is over.
	CallEnded struct {
		CallDetails
		EndedBy               *CallEndedBy `json:"endedBy,omitempty"`
		Reason                *CallReason  `json:"reason,omitempty"`
		CallDurationInSeconds Seconds      `json:"callDurationInSeconds,omitempty"`
		DurationOfCall        Seconds      `json:"durationOfCall,omitempty"` // its name in older events
	}
	// CallParticipantAdded: somebody has joined a call.
	CallParticipantAdded struct{ CallParticipantDetails }
	// CallParticipantRemoved: somebody has left a call.
	CallParticipantRemoved struct{ CallParticipantDetails }
)

// CallDetails are what all events about calls say.
type CallDetails struct {
	StartedBy     CallUser `json:"startedBy,omitzero"`
	ServerCallID  string   `json:"serverCallId,omitempty"`
	CorrelationID string   `json:"correlationId,omitempty"`
	Group         *CallID  `json:"group,omitempty"`
	Room          *CallID  `json:"room,omitempty"`
	IsTwoParty    bool     `json:"isTwoParty,omitempty"`
	IsRoomsCall   bool     `json:"isRoomsCall,omitempty"`
}

// CallParticipantDetails are what the events about participants say.
type CallParticipantDetails struct {
	CallDetails
	User          CallUser `json:"user,omitzero"`
	DisplayName   string   `json:"displayName,omitempty"`
	ParticipantID string   `json:"participantId,omitempty"`
	UserAgent     string   `json:"userAgent,omitempty"`
	EndpointType  string   `json:"endpointType,omitempty"` // of older events
}

// CallID is the id of a group or room.
type CallID struct {
	ID string `json:"id"`
}

// CallUser is somebody who takes part in a call.
type CallUser struct {
	Identifier acs.Identifier `json:"communicationIdentifier"`
	Role       string         `json:"role,omitempty"`
}

// UnmarshalJSON reads a user; older events have the identifier's members in its place.
func (u *CallUser) UnmarshalJSON(doc []byte) error {
	var w struct {
		Identifier *acs.Identifier `json:"communicationIdentifier"`
		Role       string          `json:"role"`
	}
	if err := decode(doc, &w); err != nil {
		return err
	}
	u.Role = w.Role
	if w.Identifier != nil {
		u.Identifier = *w.Identifier
		return nil
	}
	return decode(doc, &u.Identifier)
}

// CallEndedBy is who ended a call.
type CallEndedBy struct {
	Identifier acs.Identifier `json:"communicationIdentifier,omitzero"`
	Type       string         `json:"type,omitempty"` // Participant, MicrosoftInternal
	Name       string         `json:"name,omitempty"`
}

// CallReason is why a call ended.
type CallReason struct {
	Code    int    `json:"code"`
	SubCode int    `json:"subCode"`
	Phrase  string `json:"phrase,omitempty"`
}

// Seconds is a duration that may come as a number or as a text.
type Seconds float64

// UnmarshalJSON reads a number, also one in a string.
func (s *Seconds) UnmarshalJSON(doc []byte) error {
	var text string
	if json.Unmarshal(doc, &text) != nil {
		text = string(doc)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f >= 0 && f < 1e12 {
		*s = Seconds(f)
	}
	return nil
}

// validationType is the type of Event Grid's handshake.
const validationType = "Microsoft.EventGrid.SubscriptionValidationEvent"

// SubscriptionValidation asks a webhook, in Event Grid's schema, whether it wants
// the events of a subscription. See Handshakes.
type SubscriptionValidation struct {
	ValidationCode string `json:"validationCode"`
	ValidationURL  string `json:"validationUrl,omitempty"`
}
