package funcsim

import (
	"net/http"
	"net/url"
)

// worker is one life of the handler: a process, or a server in this one.
type worker struct {
	pid       int // 0 in process
	base      *url.URL
	transport *http.Transport // without redirects, cookies or retries
	end       func()          // SIGKILL, or what stands for it; may be repeated

	exited chan struct{} // closed when it is gone
	code   int           // exit code, read after exited; signals give killedCode
}

const (
	// restartCode is the exit code that asks for an uncounted restart.
	// Source: WebJobs.Script/Workers/WorkerConstants.cs.
	restartCode = 200
	killedCode  = 137
)

func (w *worker) alive() bool {
	select {
	case <-w.exited:
		return false
	default:
		return true
	}
}

// request sends r to this worker, whatever host its URL names.
func (w *worker) request(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host = w.base.Scheme, w.base.Host
	return w.transport.RoundTrip(r)
}
