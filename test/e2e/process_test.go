package e2e

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"switchboard/handler/archive"
	"switchboard/handler/backoff"
	"switchboard/handler/catalog"
	"switchboard/handler/invoke"
	"switchboard/handler/table"
	"switchboard/test/funcsim"
)

// request is one request of a handler to storage or to ACS.
type request struct {
	n    int // numbered from 1, over all instances
	from int // number of the instance, from 0
	to   dependency
	what string // for test names and logs

	at        time.Time
	exchanges int64 // requests to handlers, and replies of handlers, until then
}

// reads reports whether the request changes nothing.
func (r request) reads() bool {
	what, _, _ := strings.Cut(r.what, " ")
	return what == "get" || what == "list" || what == "stat" || what == "GET"
}

// dependency is the service to which a request goes.
type dependency string

const (
	toTables    dependency = "tables"
	toDocuments dependency = "documents"
	toFiles     dependency = "files"
	toQueue     dependency = "queue"
	toACS       dependency = "ACS"
)

// fault is what goes wrong with a request.
type fault string

const (
	faultNone        fault = ""
	faultFailBefore  fault = "fail before"  // the request is lost
	faultFailAfter   fault = "fail after"   // the request is performed, and the answer is lost
	faultCrashBefore fault = "crash before" // the handler crashes before it sends the request
	faultCrashAfter  fault = "crash after"  // the request is performed, and the handler crashes before it gets the answer
)

var (
	errNoAnswer = errors.New("e2e: no answer")
	errCrashed  = errors.New("e2e: the handler has crashed")
)

// process is one process of the handler, from its start to its crash. The requests of
// a process that has crashed are not sent.
type process struct {
	app      *inProcess
	instance *instance
	server   *invoke.Server
	crashed  atomic.Bool
}

// sendToStorage sends a request to storage, and repeats it as the service's client
// does if there is no answer.
func (p *process) sendToStorage(ctx context.Context, to dependency, what string, do func() error) error {
	for try := 0; ; try++ {
		err := p.send(to, what, do)
		if !errors.Is(err, errNoAnswer) || try == p.app.retries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(backoff.After(try+1, 100*time.Millisecond, time.Minute)):
		}
	}
}

// send sends a request, unless a fault prevents it.
func (p *process) send(to dependency, what string, do func() error) error {
	if p.crashed.Load() {
		return errCrashed
	}
	r := p.app.countRequest(p.instance, to, what)
	f := faultNone
	if p.app.fault != nil {
		f = p.app.fault(r)
	}
	switch f {
	case faultFailBefore:
		return errNoAnswer
	case faultCrashBefore:
		p.crash(r)
		return errCrashed
	}
	err := do()
	if f == faultCrashAfter {
		p.crash(r)
	}
	switch {
	case p.crashed.Load():
		return errCrashed
	case f == faultFailAfter:
		return errNoAnswer
	}
	return err
}

// crash ends the process as SIGKILL does; the host starts the next one.
func (p *process) crash(at request) {
	if p.crashed.Swap(true) {
		return
	}
	p.app.log.add("the handler crashes at its request to " + string(at.to) + ": " + at.what)
	p.instance.restart()
	p.instance.host.Kill()
}

// faultyTable is a table as a process sees it: its requests may have faults.
type faultyTable struct {
	process *process
	name    string
	rows    table.Rows
}

func (f *faultyTable) Get(ctx context.Context, k table.Key) (e table.Entity, err error) {
	err = f.process.sendToStorage(ctx, toTables, "get "+f.name, func() (err error) {
		e, err = f.rows.Get(ctx, k)
		return err
	})
	return e, err
}

func (f *faultyTable) List(ctx context.Context, q table.Query) (p table.Page, err error) {
	err = f.process.sendToStorage(ctx, toTables, "list "+f.name, func() (err error) {
		p, err = f.rows.List(ctx, q)
		return err
	})
	return p, err
}

func (f *faultyTable) Apply(ctx context.Context, writes ...table.Write) (etags []string, err error) {
	err = f.process.sendToStorage(ctx, toTables, "write "+f.name, func() (err error) {
		etags, err = f.rows.Apply(ctx, writes...)
		return err
	})
	return etags, err
}

// faultyDocuments are the documents of the catalog as a process sees them.
type faultyDocuments struct {
	process *process
	blobs   catalog.Blobs
}

func (f *faultyDocuments) Get(ctx context.Context, name string) (doc []byte, err error) {
	err = f.process.sendToStorage(ctx, toDocuments, "get "+name, func() (err error) {
		doc, err = f.blobs.Get(ctx, name)
		return err
	})
	return doc, err
}

func (f *faultyDocuments) Put(ctx context.Context, name string, doc []byte) error {
	return f.process.sendToStorage(ctx, toDocuments, "put "+name, func() error { return f.blobs.Put(ctx, name, doc) })
}

func (f *faultyDocuments) PutNew(ctx context.Context, name string, doc []byte) error {
	return f.process.sendToStorage(ctx, toDocuments, "put new "+name, func() error { return f.blobs.PutNew(ctx, name, doc) })
}

// faultyFiles are the files of recordings as a process sees them.
type faultyFiles struct {
	process *process
	files   archive.Files
}

func (f *faultyFiles) Stage(ctx context.Context, name, block string, body []byte) error {
	return f.process.sendToStorage(ctx, toFiles, "stage "+name, func() error { return f.files.Stage(ctx, name, block, body) })
}

func (f *faultyFiles) Commit(ctx context.Context, name string, blocks []string, info archive.Info) error {
	return f.process.sendToStorage(ctx, toFiles, "commit "+name, func() error { return f.files.Commit(ctx, name, blocks, info) })
}

func (f *faultyFiles) Stat(ctx context.Context, name string) (info archive.Info, err error) {
	err = f.process.sendToStorage(ctx, toFiles, "stat "+name, func() (err error) {
		info, err = f.files.Stat(ctx, name)
		return err
	})
	return info, err
}

func (f *faultyFiles) Put(ctx context.Context, name string, doc []byte) error {
	return f.process.sendToStorage(ctx, toFiles, "put "+name, func() error { return f.files.Put(ctx, name, doc) })
}

// faultyQueue is a queue as a process sees it.
type faultyQueue struct {
	process *process
	queue   *funcsim.MemoryQueue
}

func (f *faultyQueue) Send(ctx context.Context, text string, delay time.Duration) error {
	return f.process.sendToStorage(ctx, toQueue, "send", func() error { return f.queue.SendLater(text, delay) })
}

// faultyACS is ACS as a process sees it. It is a policy.Transporter of azcore.
type faultyACS struct {
	process *process
	network *http.Client
}

func (f *faultyACS) Do(r *http.Request) (answer *http.Response, err error) {
	err = f.process.send(toACS, r.Method+" "+r.URL.Path, func() (err error) {
		answer, err = f.network.Do(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}
