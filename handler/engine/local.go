package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
)

// performLocal performs one action of the class Local and returns its outcome as an event.
func (e *Engine) performLocal(ctx context.Context, c call.Call, a outbox.Action) call.Event {
	replied, err := call.Replied{}, fmt.Errorf("verb %q: no local action", a.Verb)
	if perform, ok := e.Local[a.Verb]; ok {
		replied, err = perform(ctx, c, a)
	}
	replied.Verdict = call.VerdictOK
	entry := zerolog.Ctx(ctx).Debug()
	if err != nil {
		replied = call.Replied{Verdict: call.VerdictNoResponse}
		if a.Leases > 2 { // it is tried without limit: an operator should know
			entry = zerolog.Ctx(ctx).Warn()
		}
	}
	entry.Str("call", string(c.ID)).Str("action", string(a.Verb)).Str("status", string(replied.Verdict)).
		Int("tries", a.Leases).Err(err).Msg("local action performed")
	return call.Event{Key: a.ReplyKey(), At: time.Now().UTC().Round(0), Ref: a.Ref, Body: replied}
}
