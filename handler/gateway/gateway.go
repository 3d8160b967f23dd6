// Package gateway performs the actions of calls at Azure Communication Services, one function for each verb,
// and returns ACS's answers as events of the calls.
//
// Its one rule: the request for one send of an action is the same on every instance and after every crash,
// so that ACS recognizes a repeat.
package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
)

// Gateway sends requests to ACS. It may be used concurrently.
type Gateway struct {
	Client *acs.Client
	// CallbackURL returns the address to which ACS reports the call's events; with the number of an
	// operation, those of the recording that the operation has started.
	CallbackURL func(id call.ID, op int) string
	// CognitiveServices is the endpoint of the resource that speaks texts. Empty: texts cannot be played.
	CognitiveServices string
}

// Send sends one request for the action and returns ACS's answer as an event. It may be repeated only as the
// action's retry class allows.
func (g *Gateway) Send(ctx context.Context, c call.Call, a outbox.Action) call.Event {
	began := time.Now()
	var res response
	err := fmt.Errorf("verb %q: %w", a.Verb, acs.ErrInvalidRequest)
	if request, ok := requests[a.Verb]; ok {
		res, err = request(g, ctx, c, a)
	}
	reply := call.Event{
		Key: a.ReplyKey(), At: time.Now().UTC().Round(0), Ref: a.Ref,
		ConnectionID: res.connectionID, ServerCallID: res.serverCallID, CorrelationID: res.correlationID,
	}
	replied := res.Replied
	replied.Verdict = call.VerdictOK
	if err != nil {
		replied = verdict(err)
		reply.Result = resultOf(err)
	}
	reply.Body = replied
	zerolog.Ctx(ctx).Debug().Str("call", string(c.ID)).Str("action", string(a.Verb)).Str("status", string(replied.Verdict)).
		Str("code", replied.Code).Int64("ms", time.Since(began).Milliseconds()).Err(err).Msg("action sent")
	return reply
}
