package events

// newData returns an empty value for the data of an event, by the type without its prefix.
var newData = map[string]func() Data{
	"CallConnected":                         func() Data { return new(CallConnected) },
	"CallDisconnected":                      func() Data { return new(CallDisconnected) },
	"CreateCallFailed":                      func() Data { return new(CreateCallFailed) },
	"AnswerFailed":                          func() Data { return new(AnswerFailed) },
	"ConnectFailed":                         func() Data { return new(ConnectFailed) },
	"CallTransferAccepted":                  func() Data { return new(CallTransferAccepted) },
	"CallTransferFailed":                    func() Data { return new(CallTransferFailed) },
	"AddParticipantSucceeded":               func() Data { return new(AddParticipantSucceeded) },
	"AddParticipantFailed":                  func() Data { return new(AddParticipantFailed) },
	"RemoveParticipantSucceeded":            func() Data { return new(RemoveParticipantSucceeded) },
	"RemoveParticipantFailed":               func() Data { return new(RemoveParticipantFailed) },
	"MoveParticipantSucceeded":              func() Data { return new(MoveParticipantSucceeded) },
	"MoveParticipantFailed":                 func() Data { return new(MoveParticipantFailed) },
	"CancelAddParticipantSucceeded":         func() Data { return new(CancelAddParticipantSucceeded) },
	"CancelAddParticipantFailed":            func() Data { return new(CancelAddParticipantFailed) },
	"ParticipantsUpdated":                   func() Data { return new(ParticipantsUpdated) },
	"PlayStarted":                           func() Data { return new(PlayStarted) },
	"PlayCompleted":                         func() Data { return new(PlayCompleted) },
	"PlayFailed":                            func() Data { return new(PlayFailed) },
	"PlayCanceled":                          func() Data { return new(PlayCanceled) },
	"RecognizeCompleted":                    func() Data { return new(RecognizeCompleted) },
	"RecognizeFailed":                       func() Data { return new(RecognizeFailed) },
	"RecognizeCanceled":                     func() Data { return new(RecognizeCanceled) },
	"ContinuousDtmfRecognitionToneReceived": func() Data { return new(ContinuousDTMFRecognitionToneReceived) },
	"ContinuousDtmfRecognitionToneFailed":   func() Data { return new(ContinuousDTMFRecognitionToneFailed) },
	"ContinuousDtmfRecognitionStopped":      func() Data { return new(ContinuousDTMFRecognitionStopped) },
	"SendDtmfTonesCompleted":                func() Data { return new(SendDTMFTonesCompleted) },
	"SendDtmfTonesFailed":                   func() Data { return new(SendDTMFTonesFailed) },
	"HoldFailed":                            func() Data { return new(HoldFailed) },
	"RecordingStateChanged":                 func() Data { return new(RecordingStateChanged) },
	"StartRecordingFailed":                  func() Data { return new(StartRecordingFailed) },
	"TranscriptionStarted":                  func() Data { return new(TranscriptionStarted) },
	"TranscriptionUpdated":                  func() Data { return new(TranscriptionUpdated) },
	"TranscriptionStopped":                  func() Data { return new(TranscriptionStopped) },
	"TranscriptionFailed":                   func() Data { return new(TranscriptionFailed) },
	"MediaStreamingStarted":                 func() Data { return new(MediaStreamingStarted) },
	"MediaStreamingStopped":                 func() Data { return new(MediaStreamingStopped) },
	"MediaStreamingFailed":                  func() Data { return new(MediaStreamingFailed) },
	"IncomingCall":                          func() Data { return new(IncomingCall) },
	"RecordingFileStatusUpdated":            func() Data { return new(RecordingFileStatusUpdated) },
	"CallStarted":                           func() Data { return new(CallStarted) },
	"CallEnded":                             func() Data { return new(CallEnded) },
	"CallParticipantAdded":                  func() Data { return new(CallParticipantAdded) },
	"CallParticipantRemoved":                func() Data { return new(CallParticipantRemoved) },
}

func (*CallConnected) eventType() string                 { return "CallConnected" }
func (*CallDisconnected) eventType() string              { return "CallDisconnected" }
func (*CreateCallFailed) eventType() string              { return "CreateCallFailed" }
func (*AnswerFailed) eventType() string                  { return "AnswerFailed" }
func (*ConnectFailed) eventType() string                 { return "ConnectFailed" }
func (*CallTransferAccepted) eventType() string          { return "CallTransferAccepted" }
func (*CallTransferFailed) eventType() string            { return "CallTransferFailed" }
func (*AddParticipantSucceeded) eventType() string       { return "AddParticipantSucceeded" }
func (*AddParticipantFailed) eventType() string          { return "AddParticipantFailed" }
func (*RemoveParticipantSucceeded) eventType() string    { return "RemoveParticipantSucceeded" }
func (*RemoveParticipantFailed) eventType() string       { return "RemoveParticipantFailed" }
func (*MoveParticipantSucceeded) eventType() string      { return "MoveParticipantSucceeded" }
func (*MoveParticipantFailed) eventType() string         { return "MoveParticipantFailed" }
func (*CancelAddParticipantSucceeded) eventType() string { return "CancelAddParticipantSucceeded" }
func (*CancelAddParticipantFailed) eventType() string    { return "CancelAddParticipantFailed" }
func (*ParticipantsUpdated) eventType() string           { return "ParticipantsUpdated" }
func (*PlayStarted) eventType() string                   { return "PlayStarted" }
func (*PlayCompleted) eventType() string                 { return "PlayCompleted" }
func (*PlayFailed) eventType() string                    { return "PlayFailed" }
func (*PlayCanceled) eventType() string                  { return "PlayCanceled" }
func (*RecognizeCompleted) eventType() string            { return "RecognizeCompleted" }
func (*RecognizeFailed) eventType() string               { return "RecognizeFailed" }
func (*RecognizeCanceled) eventType() string             { return "RecognizeCanceled" }
func (*ContinuousDTMFRecognitionToneReceived) eventType() string {
	return "ContinuousDtmfRecognitionToneReceived"
}
func (*ContinuousDTMFRecognitionToneFailed) eventType() string {
	return "ContinuousDtmfRecognitionToneFailed"
}
func (*ContinuousDTMFRecognitionStopped) eventType() string {
	return "ContinuousDtmfRecognitionStopped"
}
func (*SendDTMFTonesCompleted) eventType() string     { return "SendDtmfTonesCompleted" }
func (*SendDTMFTonesFailed) eventType() string        { return "SendDtmfTonesFailed" }
func (*HoldFailed) eventType() string                 { return "HoldFailed" }
func (*RecordingStateChanged) eventType() string      { return "RecordingStateChanged" }
func (*StartRecordingFailed) eventType() string       { return "StartRecordingFailed" }
func (*TranscriptionStarted) eventType() string       { return "TranscriptionStarted" }
func (*TranscriptionUpdated) eventType() string       { return "TranscriptionUpdated" }
func (*TranscriptionStopped) eventType() string       { return "TranscriptionStopped" }
func (*TranscriptionFailed) eventType() string        { return "TranscriptionFailed" }
func (*MediaStreamingStarted) eventType() string      { return "MediaStreamingStarted" }
func (*MediaStreamingStopped) eventType() string      { return "MediaStreamingStopped" }
func (*MediaStreamingFailed) eventType() string       { return "MediaStreamingFailed" }
func (*IncomingCall) eventType() string               { return "IncomingCall" }
func (*RecordingFileStatusUpdated) eventType() string { return "RecordingFileStatusUpdated" }
func (*CallStarted) eventType() string                { return "CallStarted" }
func (*CallEnded) eventType() string                  { return "CallEnded" }
func (*CallParticipantAdded) eventType() string       { return "CallParticipantAdded" }
func (*CallParticipantRemoved) eventType() string     { return "CallParticipantRemoved" }

// eventType returns "" for types that are not of Azure Communication Services.
func (*Unknown) eventType() string                { return "" }
func (*SubscriptionValidation) eventType() string { return "" }
