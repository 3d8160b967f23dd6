package funcsim

import (
	"fmt"
	"sync"
	"time"
)

// execution is one run of a function, bounded by functionTimeout.
type execution struct {
	id      string
	began   time.Time
	expired chan struct{} // closed when functionTimeout and grace have passed
	end     func()        // may be repeated
}

// begin starts the timeout of one invocation, which w handles. When the timeout has
// passed, the invocation has failed; after the grace period w is killed, with all
// its other invocations, and started again. w gets no notice.
func (in *instance) begin(f *function, w *worker) *execution {
	finished := make(chan struct{})
	x := &execution{
		id: in.newID(), began: time.Now(), expired: make(chan struct{}), end: sync.OnceFunc(func() { close(finished) }),
	}
	if in.app.functionTimeout <= 0 {
		return x
	}
	in.spawn(func() {
		select {
		case <-finished:
			return
		case <-in.ctx.Done():
			return
		case <-time.After(in.app.functionTimeout):
		}
		in.log.add(LevelError, FromHost, timeoutText(f, in.app.functionTimeout))
		select {
		case <-finished:
		case <-in.ctx.Done():
			return
		case <-time.After(in.grace):
		}
		close(x.expired)
		in.supervisor.kill(w, exitRestart)
	})
	return x
}

// succeeded logs the end of an execution as the host does.
func (in *instance) succeeded(f *function, x *execution) {
	in.log.add(LevelInformation, FromHost, x.endText(f.name, "Succeeded"))
}

// endText returns the host's line at the end of an execution.
func (x *execution) endText(function, how string) string {
	took := time.Since(x.began).Milliseconds()
	return fmt.Sprintf("Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)", function, how, x.id, took)
}

func timeoutText(f *function, d time.Duration) string {
	return fmt.Sprintf("Timeout value of %s was exceeded by function: Functions.%s", formatTimeSpan(d), f.name)
}
