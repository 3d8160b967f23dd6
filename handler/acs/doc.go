// Package acs is a client of the Call Automation REST API of Azure
// Communication Services, all 34 operations of api-version 2026-03-12, for plain
// ACS calls and for Teams Phone extensibility.
//
// It is built on azcore and has its manners: one [Client], one method per REST
// operation, named as the operation; required values are arguments, optional
// ones stand in an options struct, and nil options mean the defaults. Every
// request is bounded by its context and by nothing else.
//
//   - Calls: [Client.CreateCall], [Client.AnswerCall], [Client.RejectCall],
//     [Client.RedirectCall], [Client.Connect], [Client.GetCall],
//     [Client.HangupCall], [Client.TerminateCall].
//   - People: [Client.AddParticipant], [Client.CancelAddParticipant],
//     [Client.RemoveParticipant], [Client.TransferToParticipant],
//     [Client.MoveParticipants], [Client.Mute], [Client.GetParticipant],
//     [Client.NewGetParticipantsPager], [Client.Hold], [Client.Unhold]. Who they
//     are is an [Identifier]; what they are told is a [CustomCallingContext].
//   - Media: [Client.Play], [Client.Recognize],
//     [Client.CancelAllMediaOperations], [Client.SendDTMFTones],
//     [Client.StartContinuousDTMFRecognition] and its end; transcription and
//     media streaming, whose WebSocket messages [ParseFrame] reads.
//   - Recordings: [Client.StartRecording], [Client.PauseRecording],
//     [Client.ResumeRecording], [Client.StopRecording],
//     [Client.GetRecordingProperties]; then their files:
//     [Client.DownloadRecording], [Client.GetRecordingMetadata],
//     [Client.DeleteRecording].
//
// # Asynchronous operations
//
// Most operations only start something. Their return says that ACS took the
// request; how it went arrives later as a callback event at the callback URI,
// perhaps before the method returns. An OperationContext given in the options
// comes back in the events of that operation.
//
// # Repeats
//
// What the client does by itself when no answer came, or a 408 or a 5xx:
//
//   - operations that ring somebody (CreateCall, AddParticipant, RedirectCall,
//     TransferToParticipant, MoveParticipants) are never sent twice: the
//     telephone may be ringing already;
//   - other operations that take a [Repeatability] pair are sent again, with the
//     same pair, so that ACS can tell the repeat from a new request;
//   - reads and deletions are sent again;
//   - media operations have no pair and are not sent again, nor is pausing a
//     recording: a repeat might be heard, so it is the caller's decision.
//
// Between attempts the client waits as [azcore.ClientOptions].Retry says, or as
// long as ACS asks, but gives up at once when the context would end first. After
// a 429 only reads and deletions are sent again, and if it says when; otherwise it
// is returned with its delay, because a repeat with the same pair would get the
// same answer, and because whoever paces the calls should know. Retry options in
// a context have no effect.
//
// # Requests that are not sent
//
// What the service is known to refuse is refused before it is sent, with an
// [*Error] that says what is wrong and is ErrInvalidRequest: a Teams Phone call
// with a source number, a telephone called without one in other calls, a Teams
// Phone recording that is not audio in WAV, times out of range, too many or too
// long headers, and the like.
//
// # Errors
//
// Every failed operation returns an [*Error]. It tells a certain no (Refused)
// from a request of which nothing is known (Temporary without ErrThrottled);
// [errors.Is] tells the kinds that callers branch on. Neither its text nor its
// message repeats what was sent: URLs, tokens and numbers stay out of logs.
//
// # Events
//
// What ACS reports at the callback URI is read by package event of this module.
//
// # Use elsewhere
//
// The package imports nothing else of this module: copy its folder, or import it
// from there, and it is a client like those of azure-sdk-for-go. It follows
// Microsoft's own clients on the wire; where it does not, test/wire says why.
package acs
