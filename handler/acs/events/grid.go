package events

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"switchboard/handler/acs"
)

// IncomingCall reports that a call rings a line. It waits to be answered, rejected or redirected.
type IncomingCall struct {
	To                acs.Identifier `json:"to,omitzero"`
	From              acs.Identifier `json:"from,omitzero"`
	OnBehalfOfCallee  acs.Identifier `json:"onBehalfOfCallee,omitzero"` // the callee, if that is not To
	CallerDisplayName string         `json:"callerDisplayName,omitempty"`
	ServerCallID      string         `json:"serverCallId,omitempty"`
	CorrelationID     string         `json:"correlationId,omitempty"`

	// IncomingCallContext is the token with which the call is answered. It must not be logged.
	IncomingCallContext string `json:"incomingCallContext,omitempty"`

	CustomContext CustomContext `json:"customContext,omitzero"`
}

// CustomContext holds the custom headers of the caller. User-To-User is spelled "userToUser".
type CustomContext struct {
	SIPHeaders  map[string]string `json:"sipHeaders,omitempty"`
	VoIPHeaders map[string]string `json:"voipHeaders,omitempty"`
}

// RecordingFileStatusUpdated reports that the files of a recording can be downloaded, for 24 h. The
// ids of the recording and the call are in the event's subject: see [RecordingSubject].
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

	// StorageType is AzureBlob if the files are in the customer's own storage.
	StorageType string `json:"storageType,omitempty"`
	// RecordingID is set if the files are in the customer's own storage.
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
// "/recording/call/{call id}/recordingId/{recording id}", or with serverCallId in the place of
// recordingId for the customer's own storage. An id that the subject does not have is empty.
func RecordingSubject(subject string) (callID, recordingID, serverCallID string) {
	// The last id may contain a slash, because it is base64.
	rest, recordingID, _ := strings.Cut(subject, "/recordingId/")
	rest, serverCallID, _ = strings.Cut(rest, "/serverCallId/")
	_, callID, _ = strings.Cut(rest, "/call/")
	return callID, recordingID, serverCallID
}

// The events about calls between users of ACS. Event Grid has no such events about Teams Phone
// calls or telephones.
type (
	// CallStarted reports that a call has begun.
	CallStarted struct{ CallDetails }
	// CallEnded reports that a call has ended.
	CallEnded struct {
		CallDetails
		EndedBy               *CallEndedBy `json:"endedBy,omitempty"`
		Reason                *CallReason  `json:"reason,omitempty"`
		CallDurationInSeconds Seconds      `json:"callDurationInSeconds,omitempty"`
		DurationOfCall        Seconds      `json:"durationOfCall,omitempty"` // the name of callDurationInSeconds in older events
	}
	// CallParticipantAdded reports that a participant has joined a call.
	CallParticipantAdded struct{ CallParticipantDetails }
	// CallParticipantRemoved reports that a participant has left a call.
	CallParticipantRemoved struct{ CallParticipantDetails }
)

// CallDetails are the members of all events about calls.
type CallDetails struct {
	StartedBy     CallUser `json:"startedBy,omitzero"`
	ServerCallID  string   `json:"serverCallId,omitempty"`
	CorrelationID string   `json:"correlationId,omitempty"`
	Group         *CallID  `json:"group,omitempty"`
	Room          *CallID  `json:"room,omitempty"`
	IsTwoParty    bool     `json:"isTwoParty,omitempty"`
	IsRoomsCall   bool     `json:"isRoomsCall,omitempty"`
}

// CallParticipantDetails are the members of all events about participants.
type CallParticipantDetails struct {
	CallDetails
	User          CallUser `json:"user,omitzero"`
	DisplayName   string   `json:"displayName,omitempty"`
	ParticipantID string   `json:"participantId,omitempty"`
	UserAgent     string   `json:"userAgent,omitempty"`
	EndpointType  string   `json:"endpointType,omitempty"` // only in older events
}

// CallID is an object with an id, as in CallDetails.
type CallID struct {
	ID string `json:"id"`
}

// CallUser is a participant of a call.
type CallUser struct {
	Identifier acs.Identifier `json:"communicationIdentifier"`
	Role       string         `json:"role,omitempty"`
}

// UnmarshalJSON reads a user. Older events have the members of the identifier in its place.
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

// CallEndedBy is the participant or service that ended a call.
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

// Seconds is a duration in seconds, which events have as a number or as a text.
type Seconds float64

// UnmarshalJSON reads a number, or a text that is a number. It leaves s as it is for any other value.
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

// validationType is the type of the event of Event Grid's handshake.
const validationType = "Microsoft.EventGrid.SubscriptionValidationEvent"

// SubscriptionValidation asks a webhook, in Event Grid's schema, to confirm a subscription. See
// Handshakes.
type SubscriptionValidation struct {
	ValidationCode string `json:"validationCode"`
	ValidationURL  string `json:"validationUrl,omitempty"`
}
