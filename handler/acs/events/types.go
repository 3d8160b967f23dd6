package events

import (
	"time"

	"switchboard/handler/acs"
)

// Common is what nearly all callbacks say.
type Common struct {
	CallConnectionID string `json:"callConnectionId,omitempty"`
	ServerCallID     string `json:"serverCallId,omitempty"`
	CorrelationID    string `json:"correlationId,omitempty"`

	// OperationContext is what the request that caused the event gave.
	// ParticipantsUpdated and RecordingStateChanged have none.
	OperationContext string `json:"operationContext,omitempty"`

	// ResultInformation says how it went; nil if the event does not.
	ResultInformation *ResultInformation `json:"resultInformation,omitempty"`
}

// common returns c itself: every type that embeds Common has the method.
func (c *Common) common() *Common { return c }

// ResultInformation tells how an operation or a call ended.
type ResultInformation struct {
	Code    int    `json:"code"`    // like an HTTP or SIP status
	SubCode int    `json:"subCode"` // ACS's own, such as 560486
	Message string `json:"message"`

	SIPDetails  *ResultDetails `json:"sipDetails,omitempty"`
	Q850Details *ResultDetails `json:"q850Details,omitempty"`
}

// ResultDetails are how a call ended in the telephone network's own terms.
type ResultDetails struct {
	Code    int    `json:"code"`
	Message string `json:"message,omitempty"`
}

// The callbacks about calls. Where nothing is said, Common is all there is.
type (
	// CallConnected: the call is up.
	CallConnected struct{ Common }
	// CallDisconnected: the call is over; the last event of a call.
	CallDisconnected struct{ Common }
	// CreateCallFailed: a call that was placed came to nothing.
	CreateCallFailed struct{ Common }
	// AnswerFailed: an answer came to nothing.
	AnswerFailed struct{ Common }
	// ConnectFailed: a call could not be joined.
	ConnectFailed struct{ Common }

	// CallTransferAccepted: the target of a transfer has answered.
	CallTransferAccepted struct {
		Common
		TransferTarget acs.Identifier `json:"transferTarget,omitzero"`
		Transferee     acs.Identifier `json:"transferee,omitzero"`
	}
	// CallTransferFailed: a transfer came to nothing.
	CallTransferFailed struct{ Common }
)

// The callbacks about participants.
type (
	// AddParticipantSucceeded: who was invited has joined.
	AddParticipantSucceeded struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
	}
	// AddParticipantFailed: who was invited has not joined.
	AddParticipantFailed struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
	}
	// RemoveParticipantSucceeded: somebody was put out of the call.
	RemoveParticipantSucceeded struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
	}
	// RemoveParticipantFailed: somebody was not put out of the call.
	RemoveParticipantFailed struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
	}

	// MoveParticipantSucceeded: somebody has come from another call.
	MoveParticipantSucceeded struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
		FromCall    string         `json:"fromCall,omitempty"` // the other call's connection
	}
	// MoveParticipantFailed: somebody has not come from another call.
	MoveParticipantFailed struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
		FromCall    string         `json:"fromCall,omitempty"` // the other call's connection
	}

	// CancelAddParticipantSucceeded: an invitation is withdrawn.
	CancelAddParticipantSucceeded struct {
		Common
		InvitationID string `json:"invitationId,omitempty"`
	}
	// CancelAddParticipantFailed: an invitation is not withdrawn.
	CancelAddParticipantFailed struct {
		Common
		InvitationID string `json:"invitationId,omitempty"`
	}

	// ParticipantsUpdated: who is in the call now.
	ParticipantsUpdated struct {
		Common
		SequenceNumber int                   `json:"sequenceNumber"` // grows; a lower one is stale
		Participants   []acs.CallParticipant `json:"participants"`
	}
)

// The callbacks about what is played and heard.
type (
	// PlayStarted: a prompt is being heard.
	PlayStarted struct{ Common }
	// PlayCompleted: a prompt was heard to its end.
	PlayCompleted struct{ Common }
	// PlayFailed: a prompt could not be played.
	PlayFailed struct {
		Common
		// FailedPlaySourceIndex is which of the play sources failed, from 0; nil if unknown.
		FailedPlaySourceIndex *int `json:"failedPlaySourceIndex,omitempty"`
	}
	// PlayCanceled: a prompt was cut short.
	PlayCanceled struct{ Common }

	// RecognizeCompleted: a participant was understood. RecognitionType says which
	// of the results is there.
	RecognizeCompleted struct {
		Common
		RecognitionType acs.RecognizeInputType `json:"recognitionType,omitempty"` // dtmf, speech or choices
		DTMFResult      *DTMFResult            `json:"dtmfResult,omitempty"`
		ChoiceResult    *ChoiceResult          `json:"choiceResult,omitempty"`
		SpeechResult    *SpeechResult          `json:"speechResult,omitempty"`
	}
	// RecognizeFailed: a participant was not understood; the result says why.
	RecognizeFailed struct {
		Common
		// FailedPlaySourceIndex is which of the play sources failed, from 0; nil if unknown.
		FailedPlaySourceIndex *int `json:"failedPlaySourceIndex,omitempty"`
		// DTMFResult are the keys before it failed, which the published schema
		// does not have here.
		DTMFResult *DTMFResult `json:"dtmfResult,omitempty"`
	}
	// RecognizeCanceled: listening was cut short.
	RecognizeCanceled struct{ Common }

	// ContinuousDTMFRecognitionToneReceived: a key was pressed.
	ContinuousDTMFRecognitionToneReceived struct {
		Common
		SequenceID int      `json:"sequenceId"`
		Tone       acs.Tone `json:"tone"`
	}
	// ContinuousDTMFRecognitionToneFailed: a key was not understood.
	ContinuousDTMFRecognitionToneFailed struct{ Common }
	// ContinuousDTMFRecognitionStopped: keys are no longer reported.
	ContinuousDTMFRecognitionStopped struct{ Common }

	// SendDTMFTonesCompleted: keys were pressed for the application.
	SendDTMFTonesCompleted struct{ Common }
	// SendDTMFTonesFailed: keys could not be pressed.
	SendDTMFTonesFailed struct{ Common }

	// HoldFailed: somebody is not on hold; there is no event for success.
	HoldFailed struct{ Common }
)

// DTMFResult are the keys that were pressed, in their order.
type DTMFResult struct {
	Tones []acs.Tone `json:"tones"`
}

// ChoiceResult is the choice that was made.
type ChoiceResult struct {
	Label            string  `json:"label"`
	RecognizedPhrase string  `json:"recognizedPhrase,omitempty"` // empty if a key was pressed
	Confidence       float64 `json:"confidence,omitempty"`       // 0 to 1
}

// SpeechResult is what was said.
type SpeechResult struct {
	Speech     string  `json:"speech"`
	Confidence float64 `json:"confidence,omitempty"` // 0 to 1
}

// The callbacks about recordings.
type (
	// RecordingStateChanged: a recording runs, or no longer.
	RecordingStateChanged struct {
		Common
		RecordingID   string             `json:"recordingId,omitempty"`
		State         acs.RecordingState `json:"state,omitempty"`
		StartDateTime time.Time          `json:"startDateTime,omitzero"`
		RecordingKind string             `json:"recordingKind,omitempty"` // azureCommunicationServices, teams, teamsCompliance
	}
	// StartRecordingFailed: a recording did not start.
	StartRecordingFailed struct {
		Common
		RecordingID string `json:"recordingId,omitempty"`
	}
)

// The callbacks about streams.
type (
	// TranscriptionStarted: what is said is being written down.
	TranscriptionStarted struct {
		Common
		TranscriptionUpdate *TranscriptionUpdate `json:"transcriptionUpdate,omitempty"`
	}
	// TranscriptionUpdated: it goes on in another language.
	TranscriptionUpdated struct {
		Common
		TranscriptionUpdate *TranscriptionUpdate `json:"transcriptionUpdate,omitempty"`
	}
	// TranscriptionStopped: it has ended.
	TranscriptionStopped struct {
		Common
		TranscriptionUpdate *TranscriptionUpdate `json:"transcriptionUpdate,omitempty"`
	}
	// TranscriptionFailed: it did not start, or broke off.
	TranscriptionFailed struct {
		Common
		TranscriptionUpdate *TranscriptionUpdate `json:"transcriptionUpdate,omitempty"`
	}

	// MediaStreamingStarted: the audio is being streamed.
	MediaStreamingStarted struct {
		Common
		MediaStreamingUpdate *MediaStreamingUpdate `json:"mediaStreamingUpdate,omitempty"`
	}
	// MediaStreamingStopped: it no longer is.
	MediaStreamingStopped struct {
		Common
		MediaStreamingUpdate *MediaStreamingUpdate `json:"mediaStreamingUpdate,omitempty"`
	}
	// MediaStreamingFailed: the stream did not start, or broke off.
	MediaStreamingFailed struct {
		Common
		MediaStreamingUpdate *MediaStreamingUpdate `json:"mediaStreamingUpdate,omitempty"`
	}
)

// TranscriptionUpdate is how a transcription stands, in ACS's words: such as
// transcriptionStarted, because of subscriptionStarted.
type TranscriptionUpdate struct {
	Status  string `json:"transcriptionStatus,omitempty"`
	Details string `json:"transcriptionStatusDetails,omitempty"`
}

// MediaStreamingUpdate is how a stream stands, in ACS's words: such as
// mediaStreamingStarted, because of subscriptionStarted.
type MediaStreamingUpdate struct {
	ContentType string `json:"contentType,omitempty"` // audio
	Status      string `json:"mediaStreamingStatus,omitempty"`
	Details     string `json:"mediaStreamingStatusDetails,omitempty"`
}
