// Package acs is a client of the Call Automation REST API of Azure
// Communication Services, all 34 operations of api-version 2026-03-12, for plain
// ACS calls and for Teams Phone extensibility.
//
// It is built on azcore and follows its conventions: one [Client], one method per
// REST operation, named as the operation; required values are arguments, optional
// ones are in an options struct, and nil options mean the defaults. Every
// request is bounded by its context and by nothing else.
//
//   - Calls: [Client.CreateCall], [Client.AnswerCall], [Client.RejectCall],
//     [Client.RedirectCall], [Client.Connect], [Client.GetCall],
//     [Client.HangupCall], [Client.TerminateCall].
//   - People: [Client.AddParticipant], [Client.CancelAddParticipant],
//     [Client.RemoveParticipant], [Client.TransferToParticipant],
//     [Client.MoveParticipants], [Client.Mute], [Client.GetParticipant],
//     [Client.NewGetParticipantsPager], [Client.Hold], [Client.Unhold]. An
//     [Identifier] names each; a [CustomCallingContext] is passed to those rung.
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
// Most operations only start something. They return when ACS has accepted the
// request; ACS reports the result as a callback event at the callback URI, perhaps
// before the method returns. An OperationContext given in the options comes back
// in the events of that operation.
//
// # Repeats
//
// After no answer, a 408 or a 5xx the client does this:
//
//   - operations that ring a telephone or client (CreateCall, AddParticipant, RedirectCall,
//     TransferToParticipant, MoveParticipants) are never sent twice: the
//     telephone may be ringing already;
//   - other operations that take a [Repeatability] pair are sent again, with the
//     same pair, so that ACS can distinguish the repeat from a new request;
//   - reads and deletions are sent again;
//   - media operations have no pair and are not sent again, nor is pausing a
//     recording: a repeat might be heard, so it is the caller's decision.
//
// Between attempts the client waits as [azcore.ClientOptions].Retry says, or as
// long as ACS asks, but gives up at once if the context would end first. After a
// 429 it repeats reads and deletions only, and only if the answer has a delay.
// Otherwise it returns the error with its delay: a repeat with the same pair would
// get the same answer, and the caller that paces the calls has to know. Retry
// options in a context have no effect.
//
// # Requests that are not sent
//
// The client does not send what the service is known to refuse. It returns an
// [*Error] that names the fault and is ErrInvalidRequest: for a Teams Phone call
// with a source number, a telephone called without one in other calls, a Teams
// Phone recording that is not audio in WAV, times out of range, too many or too
// long headers, and the like.
//
// # Errors
//
// Every failed operation returns an [*Error]. If it is Refused, the operation was
// certainly not carried out; if it is Temporary and not ErrThrottled, the outcome
// is unknown. [errors.Is] distinguishes the kinds that callers branch on. Neither
// text nor message repeats what was sent: no URL, token or number gets into a log.
//
// # Events
//
// What ACS reports at the callback URI is read by package events below this one.
//
// # Use elsewhere
//
// The package imports nothing else of this module: copy its folder, or import it
// from there, and it is a client like those of azure-sdk-for-go. It follows
// Microsoft's own clients on the wire; test/wire lists the exceptions with reasons.
package acs
