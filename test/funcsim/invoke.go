package funcsim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Failure is a failed invocation. Error returns the text that the host passes on to
// Event Grid, without the reason; Unwrap returns the reason.
type Failure struct {
	Function string
	Timeout  time.Duration // the functionTimeout that was exceeded, else 0
	Reason   error
}

func (f *Failure) Error() string {
	if f.Timeout != 0 {
		return timeoutText(&function{name: f.Function}, f.Timeout)
	}
	return "Exception while executing function: Functions." + f.Function
}

func (f *Failure) Unwrap() error { return f.Reason }

// call is the content of an invocation in JSON form, without the parts that differ
// between attempts.
type call struct {
	f           *function
	value       string // of the trigger's binding, as JSON
	before      object // members of Metadata before sys
	after       object // members of Metadata after sys
	traceparent string
}

// body returns the envelope with a new Metadata.sys.
func (c call) body(id string) []byte {
	metadata := object{}
	for _, n := range c.before.names {
		metadata.setMetadata(n, c.before.values[n])
	}
	metadata.set("sys", sysMember(c.f.name, id, time.Now()))
	for _, n := range c.after.names {
		metadata.setMetadata(n, c.after.values[n])
	}
	return envelope(c.f.binding, c.value, metadata)
}

// invoke runs c once and waits for its end. The error of a failed run is a *Failure
// and has been logged. When ctx ends, invoke returns and the run goes on.
func (in *instance) invoke(ctx context.Context, c call) error {
	done := make(chan error, 1)
	in.spawn(func() { done <- in.execute(c) })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-in.ctx.Done():
		return &Failure{Function: c.f.name, Reason: context.Cause(in.ctx)}
	}
}

func (in *instance) execute(c call) error {
	fault := in.faults.run(c.f)
	if !in.delay(fault) {
		return &Failure{Function: c.f.name, Reason: context.Cause(in.ctx)}
	}
	w, err := in.supervisor.await(in.ctx)
	if err != nil {
		return in.failed(&Failure{Function: c.f.name, Reason: err}, &execution{began: time.Now()})
	}
	x := in.begin(c.f, w)
	defer x.end()
	in.killDuring(fault, c.f, w)
	posted := make(chan error, 1)
	in.spawn(func() { posted <- in.post(w, x, c) })
	select {
	case err := <-posted:
		if err != nil {
			return in.failed(&Failure{Function: c.f.name, Reason: err}, x)
		}
		in.succeeded(c.f, x)
		return nil
	case <-x.expired:
		return &Failure{c.f.name, in.app.functionTimeout, errors.New("functionTimeout exceeded")}
	case <-in.ctx.Done():
		return &Failure{Function: c.f.name, Reason: context.Cause(in.ctx)}
	}
}

func (in *instance) failed(f *Failure, x *execution) error {
	if in.ctx.Err() == nil {
		in.log.add(LevelError, FromHost, fmt.Sprintf("%s: %v", x.endText(f.Function, "Failed"), f.Reason))
	}
	return f
}

// maxRedirects is the number of redirects that the host follows, with GET after
// 301, 302 and 303. So an accidental redirect leads to a wrong result.
const maxRedirects = 50

// post sends c to the handler and checks the reply. It returns only after the
// execution has expired if the host would wait for ever after that reply.
func (in *instance) post(w *worker, x *execution, c call) error {
	body := c.body(in.newID())
	r, err := http.NewRequestWithContext(in.ctx, http.MethodPost, w.base.String()+"/"+c.f.name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if !in.coreTools {
		r.ContentLength = -1 // chunked
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Azure-Functions-Host/"+Version)
	r.Header.Set("X-Azure-Functions-HostVersion", Version)
	r.Header.Set("X-Azure-Functions-InvocationId", x.id)
	if c.traceparent != "" {
		r.Header.Set("Traceparent", c.traceparent)
	}
	client := &http.Client{
		Transport: w.transport,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("%d redirects", len(via))
			}
			return nil
		},
	}
	resp, err := client.Do(r)
	if err != nil {
		in.supervisor.waitExitSeen(w)
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		in.supervisor.waitExitSeen(w)
		return err
	}
	rep, err := parseReply(resp.StatusCode, resp.Header.Get("Content-Type"), text)
	if errors.Is(err, errHangs) {
		in.log.add(LevelError, FromHost, fmt.Sprintf("Functions.%s: the handler answered %s with an empty body: "+
			"the host never completes such an invocation and kills the handler after functionTimeout.", c.f.name, resp.Status))
		select {
		case <-x.expired:
		case <-in.ctx.Done():
		}
		return err
	}
	if err != nil {
		return err
	}
	for _, line := range rep.logs {
		in.log.add(LevelInformation, FromLogs, line)
	}
	for _, name := range rep.outputs {
		in.log.add(LevelWarning, FromHost, fmt.Sprintf("Functions.%s: the output %q has no binding.", c.f.name, name))
	}
	return nil
}
