// Package acs is a client of the Call Automation REST API of Azure
// Communication Services, api-version 2026-03-12, for plain ACS calls and for
// Teams Phone extensibility.
//
// It is built on azcore and has its manners: one [Client], one method per REST
// operation, named as the operation; required values are arguments, optional
// ones stand in an options struct, and nil options mean the defaults. Every
// request is bounded by its context and by nothing else.
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
//   - operations that ring somebody (CreateCall, AddParticipant) are never sent
//     twice: the telephone may be ringing already;
//   - other operations that take a [Repeatability] pair are sent again, with the
//     same pair, so that ACS can tell the repeat from a new request;
//   - reads and deletions are sent again;
//   - media operations have no pair and are not sent again: a repeat might be
//     heard, so it is the caller's decision.
//
// Between attempts the client waits as [azcore.ClientOptions].Retry says, or as
// long as ACS asks, but gives up at once when the context would end first. A
// 429 is never sent again: it is returned with its delay, because whoever paces
// the calls should know. Retry options in a context have no effect.
//
// # Errors
//
// Every failed operation returns an [*Error]. It tells a certain no (Refused)
// from a request of which nothing is known (Temporary without ErrThrottled);
// [errors.Is] tells the kinds that callers branch on. Neither its text nor its
// message repeats what was sent: URLs, tokens and numbers stay out of logs.
//
// The package imports nothing else of this module, so that it can be used alone.
package acs
