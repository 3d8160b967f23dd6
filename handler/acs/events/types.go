package events

import (
	"time"

	"switchboard/handler/acs"
)

// Common has the members of nearly all callbacks.
type Common struct {
	CallConnectionID string `json:"callConnectionId,omitempty"`
	ServerCallID     string `json:"serverCallId,omitempty"`
	CorrelationID    string `json:"correlationId,omitempty"`

	// OperationContext is the context that was set in the request that caused the event.
	// ParticipantsUpdated and RecordingStateChanged have none.
	OperationContext string `json:"operationContext,omitempty"`

	// ResultInformation is the result of the operation or call; nil if the event has none.
	ResultInformation *ResultInformation `json:"resultInformation,omitempty"`
}

// common returns c. Every type that embeds Common has this method.
func (c *Common) common() *Common { return c }

// ResultInformation is the result of an operation or a call.
type ResultInformation struct {
	Code    int    `json:"code"`    // similar to an HTTP or SIP status
	SubCode int    `json:"subCode"` // ACS's own, such as 560486
	Message string `json:"message"`

	SIPDetails  *ResultDetails `json:"sipDetails,omitempty"`
	Q850Details *ResultDetails `json:"q850Details,omitempty"`
}

// ResultDetails are a code of SIP or Q.850 with which a call ended.
type ResultDetails struct {
	Code    int    `json:"code"`
	Message string `json:"message,omitempty"`
}

// The callbacks about calls. Many have no members but those of Common.
type (
	// CallConnected reports that the call is connected.
	CallConnected struct{ Common }
	// CallDisconnected reports that the call has ended. It is the last event of a call.
	CallDisconnected struct{ Common }
	// CreateCallFailed reports that a call could not be placed.
	CreateCallFailed struct{ Common }
	// AnswerFailed reports that a call could not be answered.
	AnswerFailed struct{ Common }
	// ConnectFailed reports that a call could not be joined.
	ConnectFailed struct{ Common }

	// CallTransferAccepted reports that the target of a transfer has answered.
	CallTransferAccepted struct {
		Common
		TransferTarget acs.Identifier `json:"transferTarget,omitzero"`
		Transferee     acs.Identifier `json:"transferee,omitzero"`
	}
	// CallTransferFailed reports that a transfer has failed.
	CallTransferFailed struct{ Common }
)

// The callbacks about participants.
type (
	// AddParticipantSucceeded reports that the invited participant has joined.
	AddParticipantSucceeded struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
	}
	// AddParticipantFailed reports that the invited participant has not joined.
	AddParticipantFailed struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
	}
	// RemoveParticipantSucceeded reports that a participant was removed from the call.
	RemoveParticipantSucceeded struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
	}
	// RemoveParticipantFailed reports that a participant could not be removed from the call.
	RemoveParticipantFailed struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
	}

	// MoveParticipantSucceeded reports that a participant was moved here from another call.
	MoveParticipantSucceeded struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
		FromCall    string         `json:"fromCall,omitempty"` // the other call's connection
	}
	// MoveParticipantFailed reports that a participant could not be moved here from another call.
	MoveParticipantFailed struct {
		Common
		Participant acs.Identifier `json:"participant,omitzero"`
		FromCall    string         `json:"fromCall,omitempty"` // the other call's connection
	}

	// CancelAddParticipantSucceeded reports that an invitation was cancelled.
	CancelAddParticipantSucceeded struct {
		Common
		InvitationID string `json:"invitationId,omitempty"`
	}
	// CancelAddParticipantFailed reports that an invitation could not be cancelled.
	CancelAddParticipantFailed struct {
		Common
		InvitationID string `json:"invitationId,omitempty"`
	}

	// ParticipantsUpdated reports all participants of the call.
	ParticipantsUpdated struct {
		Common
		SequenceNumber int                   `json:"sequenceNumber"` // increases; an event with a lower number is older
		Participants   []acs.CallParticipant `json:"participants"`
	}
)

// The callbacks about prompts, recognition, tones and hold.
type (
	// PlayStarted reports that a prompt is being played.
	PlayStarted struct{ Common }
	// PlayCompleted reports that a prompt was played to its end.
	PlayCompleted struct{ Common }
	// PlayFailed reports that a prompt could not be played.
	PlayFailed struct {
		Common
		// FailedPlaySourceIndex is the index of the play source that failed, from 0; nil if unknown.
		FailedPlaySourceIndex *int `json:"failedPlaySourceIndex,omitempty"`
	}
	// PlayCanceled reports that a prompt was canceled.
	PlayCanceled struct{ Common }

	// RecognizeCompleted reports that a participant was understood. RecognitionType says which of the
	// results is set.
	RecognizeCompleted struct {
		Common
		RecognitionType acs.RecognizeInputType `json:"recognitionType,omitempty"` // dtmf, speech or choices
		DTMFResult      *DTMFResult            `json:"dtmfResult,omitempty"`
		ChoiceResult    *ChoiceResult          `json:"choiceResult,omitempty"`
		SpeechResult    *SpeechResult          `json:"speechResult,omitempty"`
	}
	// RecognizeFailed reports that a participant was not understood. ResultInformation says why.
	RecognizeFailed struct {
		Common
		// FailedPlaySourceIndex is the index of the play source that failed, from 0; nil if unknown.
		FailedPlaySourceIndex *int `json:"failedPlaySourceIndex,omitempty"`
		// DTMFResult has the keys that were pressed before it failed. The published schema does not have
		// this member.
		DTMFResult *DTMFResult `json:"dtmfResult,omitempty"`
	}
	// RecognizeCanceled reports that recognition was canceled.
	RecognizeCanceled struct{ Common }

	// ContinuousDTMFRecognitionToneReceived reports that a key was pressed.
	ContinuousDTMFRecognitionToneReceived struct {
		Common
		SequenceID int      `json:"sequenceId"`
		Tone       acs.Tone `json:"tone"`
	}
	// ContinuousDTMFRecognitionToneFailed reports that a key was not understood.
	ContinuousDTMFRecognitionToneFailed struct{ Common }
	// ContinuousDTMFRecognitionStopped reports that keys are no longer reported.
	ContinuousDTMFRecognitionStopped struct{ Common }

	// SendDTMFTonesCompleted reports that tones were sent for the application.
	SendDTMFTonesCompleted struct{ Common }
	// SendDTMFTonesFailed reports that tones could not be sent.
	SendDTMFTonesFailed struct{ Common }

	// HoldFailed reports that a participant could not be put on hold. Success has no event.
	HoldFailed struct{ Common }
)

// DTMFResult has the keys that were pressed, in their order.
type DTMFResult struct {
	Tones []acs.Tone `json:"tones"`
}

// ChoiceResult is the choice that was made.
type ChoiceResult struct {
	Label            string  `json:"label"`
	RecognizedPhrase string  `json:"recognizedPhrase,omitempty"` // empty if a key was pressed
	Confidence       float64 `json:"confidence,omitempty"`       // 0 to 1
}

// SpeechResult is the text that was said.
type SpeechResult struct {
	Speech     string  `json:"speech"`
	Confidence float64 `json:"confidence,omitempty"` // 0 to 1
}

// The callbacks about recordings.
type (
	// RecordingStateChanged reports that a recording has started or stopped.
	RecordingStateChanged struct {
		Common
		RecordingID   string             `json:"recordingId,omitempty"`
		State         acs.RecordingState `json:"state,omitempty"`
		StartDateTime time.Time          `json:"startDateTime,omitzero"`
		RecordingKind string             `json:"recordingKind,omitempty"` // azureCommunicationServices, teams, teamsCompliance
	}
	// StartRecordingFailed reports that a recording did not start.
	StartRecordingFailed struct {
		Common
		RecordingID string `json:"recordingId,omitempty"`
	}
)

// The callbacks about streams.
type (
	// TranscriptionStarted reports that a transcription has started.
	TranscriptionStarted struct {
		Common
		TranscriptionUpdate *TranscriptionUpdate `json:"transcriptionUpdate,omitempty"`
	}
	// TranscriptionUpdated reports that a transcription continues in another language.
	TranscriptionUpdated struct {
		Common
		TranscriptionUpdate *TranscriptionUpdate `json:"transcriptionUpdate,omitempty"`
	}
	// TranscriptionStopped reports that a transcription has stopped.
	TranscriptionStopped struct {
		Common
		TranscriptionUpdate *TranscriptionUpdate `json:"transcriptionUpdate,omitempty"`
	}
	// TranscriptionFailed reports that a transcription did not start, or broke off.
	TranscriptionFailed struct {
		Common
		TranscriptionUpdate *TranscriptionUpdate `json:"transcriptionUpdate,omitempty"`
	}

	// MediaStreamingStarted reports that streaming of the audio has started.
	MediaStreamingStarted struct {
		Common
		MediaStreamingUpdate *MediaStreamingUpdate `json:"mediaStreamingUpdate,omitempty"`
	}
	// MediaStreamingStopped reports that streaming of the audio has stopped.
	MediaStreamingStopped struct {
		Common
		MediaStreamingUpdate *MediaStreamingUpdate `json:"mediaStreamingUpdate,omitempty"`
	}
	// MediaStreamingFailed reports that streaming did not start, or broke off.
	MediaStreamingFailed struct {
		Common
		MediaStreamingUpdate *MediaStreamingUpdate `json:"mediaStreamingUpdate,omitempty"`
	}
)

// TranscriptionUpdate is the status of a transcription, such as transcriptionStarted with the details
// subscriptionStarted.
type TranscriptionUpdate struct {
	Status  string `json:"transcriptionStatus,omitempty"`
	Details string `json:"transcriptionStatusDetails,omitempty"`
}

// MediaStreamingUpdate is the status of a stream, such as mediaStreamingStarted with the details
// subscriptionStarted.
type MediaStreamingUpdate struct {
	ContentType string `json:"contentType,omitempty"` // audio
	Status      string `json:"mediaStreamingStatus,omitempty"`
	Details     string `json:"mediaStreamingStatusDetails,omitempty"`
}
