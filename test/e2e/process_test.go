package e2e

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"switchboard/handler/archive"
	"switchboard/handler/catalog"
	"switchboard/handler/invoke"
	"switchboard/handler/table"
	"switchboard/test/funcsim"
)

// request is one request of the handler to storage or to ACS.
type request struct {
	n    int // 1 for the first of the exchange, and so on
	from int // number of the machine
	to   dependency
	what string // for people
}

// party is to whom a request goes.
type dependency string

const (
	toTables    dependency = "tables"
	toDocuments dependency = "documents"
	toFiles     dependency = "files"
	toQueue     dependency = "queue"
	toACS       dependency = "ACS"
)

// fate is what becomes of a request.
type fault int

const (
	noFault fault = iota
	failBefore           // it never arrives, and nobody says so
	failAfter       // it is done, and the answer is lost
	crashBefore        // the handler dies before it sends it
	crashAfter         // the handler dies before it hears the answer
)

var (
	errNoAnswer = errors.New("e2e: no answer")
	errCrashed     = errors.New("e2e: the handler is dead")
)

// life is one life of the handler, from its start to its death. What a dead
// handler still does reaches nobody.
type process struct {
	app *inProcess
	instance     *instance
	server *invoke.Server
	crashed   atomic.Bool
}

// store sends a request to storage, and again as the client of the service does
// when no answer comes.
func (l *process) sendToStorage(ctx context.Context, to dependency, what string, do func() error) error {
	pause := 100 * time.Millisecond
	for try := 0; ; try++ {
		err := l.send(to, what, do)
		if !errors.Is(err, errNoAnswer) || try == l.app.retries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause *= 2
	}
}

// send sends a request, if its fate lets it.
func (l *process) send(to dependency, what string, do func() error) error {
	if l.crashed.Load() {
		return errCrashed
	}
	r := l.app.countRequest(l.instance, to, what)
	f := noFault
	if l.app.fault != nil {
		f = l.app.fault(r)
	}
	switch f {
	case failBefore:
		return errNoAnswer
	case crashBefore:
		l.crash(r)
		return errCrashed
	}
	err := do()
	if f == crashAfter {
		l.crash(r)
	}
	switch {
	case l.crashed.Load():
		return errCrashed
	case f == failAfter:
		return errNoAnswer
	}
	return err
}

// die ends the life as SIGKILL does; the host sees it and starts the next one.
func (l *process) crash(at request) {
	if l.crashed.Swap(true) {
		return
	}
	l.app.log.add("the handler dies at its request to " + string(at.to) + ": " + at.what)
	l.instance.restart()
	l.instance.host.Kill()
}

// tableWire is the handler's way to a table.
type faultyTable struct {
	process *process
	name string
	rows table.Rows
}

func (w *faultyTable) Get(ctx context.Context, k table.Key) (e table.Entity, err error) {
	err = w.process.sendToStorage(ctx, toTables, "get "+w.name, func() (err error) {
		e, err = w.rows.Get(ctx, k)
		return err
	})
	return e, err
}

func (w *faultyTable) List(ctx context.Context, q table.Query) (p table.Page, err error) {
	err = w.process.sendToStorage(ctx, toTables, "list "+w.name, func() (err error) {
		p, err = w.rows.List(ctx, q)
		return err
	})
	return p, err
}

func (w *faultyTable) Apply(ctx context.Context, writes ...table.Write) (etags []string, err error) {
	err = w.process.sendToStorage(ctx, toTables, "write "+w.name, func() (err error) {
		etags, err = w.rows.Apply(ctx, writes...)
		return err
	})
	return etags, err
}

// documentWire is the handler's way to the documents.
type faultyDocuments struct {
	process  *process
	blobs catalog.Blobs
}

func (w *faultyDocuments) Get(ctx context.Context, name string) (doc []byte, err error) {
	err = w.process.sendToStorage(ctx, toDocuments, "get "+name, func() (err error) {
		doc, err = w.blobs.Get(ctx, name)
		return err
	})
	return doc, err
}

func (w *faultyDocuments) Put(ctx context.Context, name string, doc []byte) error {
	return w.process.sendToStorage(ctx, toDocuments, "put "+name, func() error { return w.blobs.Put(ctx, name, doc) })
}

func (w *faultyDocuments) PutNew(ctx context.Context, name string, doc []byte) error {
	return w.process.sendToStorage(ctx, toDocuments, "put new "+name, func() error { return w.blobs.PutNew(ctx, name, doc) })
}

// fileWire is the handler's way to the recordings that are filed.
type faultyFiles struct {
	process  *process
	files archive.Files
}

func (w *faultyFiles) Stage(ctx context.Context, name, block string, body []byte) error {
	return w.process.sendToStorage(ctx, toFiles, "stage "+name, func() error { return w.files.Stage(ctx, name, block, body) })
}

func (w *faultyFiles) Commit(ctx context.Context, name string, blocks []string, info archive.Info) error {
	return w.process.sendToStorage(ctx, toFiles, "commit "+name, func() error { return w.files.Commit(ctx, name, blocks, info) })
}

func (w *faultyFiles) Stat(ctx context.Context, name string) (info archive.Info, err error) {
	err = w.process.sendToStorage(ctx, toFiles, "stat "+name, func() (err error) {
		info, err = w.files.Stat(ctx, name)
		return err
	})
	return info, err
}

func (w *faultyFiles) Put(ctx context.Context, name string, doc []byte) error {
	return w.process.sendToStorage(ctx, toFiles, "put "+name, func() error { return w.files.Put(ctx, name, doc) })
}

// queueWire is the handler's way to the queue of recordings.
type faultyQueue struct {
	process  *process
	queue *funcsim.MemoryQueue
}

func (w *faultyQueue) Send(ctx context.Context, text string, delay time.Duration) error {
	return w.process.sendToStorage(ctx, toQueue, "send", func() error {
		w.queue.SendLater(text, delay)
		return nil
	})
}

// acsWire is the handler's way to ACS, as azcore wants it.
type faultyACS struct {
	process    *process
	network *http.Client
}

func (w *faultyACS) Do(r *http.Request) (answer *http.Response, err error) {
	err = w.process.send(toACS, r.Method+" "+r.URL.Path, func() (err error) {
		answer, err = w.network.Do(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}
