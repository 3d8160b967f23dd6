package funcsim

import (
	"net/http"
	"net/url"
)

// worker is one run of the handler: a process, or a server in this process.
type worker struct {
	pid       int // 0 in process
	base      *url.URL
	transport *http.Transport // without redirects, cookies or retries
	end       func()          // sends SIGKILL, or closes the server; may be repeated

	exited chan struct{} // closed when the worker has ended
	code   int           // exit code, to be read after exited; killedCode after a signal
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

// request sends r to this worker, regardless of the host in its URL.
func (w *worker) request(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host = w.base.Scheme, w.base.Host
	return w.transport.RoundTrip(r)
}
