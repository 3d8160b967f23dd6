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
	to   party
	what string // for people
}

// party is to whom a request goes.
type party string

const (
	toTables    party = "tables"
	toDocuments party = "documents"
	toFiles     party = "files"
	toQueue     party = "queue"
	toACS       party = "ACS"
)

// fate is what becomes of a request.
type fate int

const (
	goesThrough fate = iota
	isLost           // it never arrives, and nobody says so
	answerLost       // it is done, and the answer is lost
	dieBefore        // the handler dies before it sends it
	dieAfter         // the handler dies before it hears the answer
)

var (
	errNoAnswer = errors.New("e2e: no answer")
	errDead     = errors.New("e2e: the handler is dead")
)

// life is one life of the handler, from its start to its death. What a dead
// handler still does reaches nobody.
type life struct {
	memory *memory
	on     *machine
	server *invoke.Server
	dead   atomic.Bool
}

// store sends a request to storage, and again as the client of the service does
// when no answer comes.
func (l *life) store(ctx context.Context, to party, what string, do func() error) error {
	pause := 100 * time.Millisecond
	for try := 0; ; try++ {
		err := l.send(to, what, do)
		if !errors.Is(err, errNoAnswer) || try == l.memory.repeats {
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
func (l *life) send(to party, what string, do func() error) error {
	if l.dead.Load() {
		return errDead
	}
	r := l.memory.request(l.on, to, what)
	f := goesThrough
	if l.memory.fate != nil {
		f = l.memory.fate(r)
	}
	switch f {
	case isLost:
		return errNoAnswer
	case dieBefore:
		l.die(r)
		return errDead
	}
	err := do()
	if f == dieAfter {
		l.die(r)
	}
	switch {
	case l.dead.Load():
		return errDead
	case f == answerLost:
		return errNoAnswer
	}
	return err
}

// die ends the life as SIGKILL does; the host sees it and starts the next one.
func (l *life) die(at request) {
	if l.dead.Swap(true) {
		return
	}
	l.memory.log.add("the handler dies at its request to " + string(at.to) + ": " + at.what)
	l.on.begin()
	l.on.host.Kill()
}

// tableWire is the handler's way to a table.
type tableWire struct {
	life *life
	name string
	rows table.Rows
}

func (w *tableWire) Get(ctx context.Context, k table.Key) (e table.Entity, err error) {
	err = w.life.store(ctx, toTables, "get "+w.name, func() (err error) {
		e, err = w.rows.Get(ctx, k)
		return err
	})
	return e, err
}

func (w *tableWire) List(ctx context.Context, q table.Query) (p table.Page, err error) {
	err = w.life.store(ctx, toTables, "list "+w.name, func() (err error) {
		p, err = w.rows.List(ctx, q)
		return err
	})
	return p, err
}

func (w *tableWire) Apply(ctx context.Context, writes ...table.Write) (etags []string, err error) {
	err = w.life.store(ctx, toTables, "write "+w.name, func() (err error) {
		etags, err = w.rows.Apply(ctx, writes...)
		return err
	})
	return etags, err
}

// documentWire is the handler's way to the documents.
type documentWire struct {
	life  *life
	blobs catalog.Blobs
}

func (w *documentWire) Get(ctx context.Context, name string) (doc []byte, err error) {
	err = w.life.store(ctx, toDocuments, "get "+name, func() (err error) {
		doc, err = w.blobs.Get(ctx, name)
		return err
	})
	return doc, err
}

func (w *documentWire) Put(ctx context.Context, name string, doc []byte) error {
	return w.life.store(ctx, toDocuments, "put "+name, func() error { return w.blobs.Put(ctx, name, doc) })
}

func (w *documentWire) PutNew(ctx context.Context, name string, doc []byte) error {
	return w.life.store(ctx, toDocuments, "put new "+name, func() error { return w.blobs.PutNew(ctx, name, doc) })
}

// fileWire is the handler's way to the recordings that are filed.
type fileWire struct {
	life  *life
	files archive.Files
}

func (w *fileWire) Stage(ctx context.Context, name, block string, body []byte) error {
	return w.life.store(ctx, toFiles, "stage "+name, func() error { return w.files.Stage(ctx, name, block, body) })
}

func (w *fileWire) Commit(ctx context.Context, name string, blocks []string, info archive.Info) error {
	return w.life.store(ctx, toFiles, "commit "+name, func() error { return w.files.Commit(ctx, name, blocks, info) })
}

func (w *fileWire) Stat(ctx context.Context, name string) (info archive.Info, err error) {
	err = w.life.store(ctx, toFiles, "stat "+name, func() (err error) {
		info, err = w.files.Stat(ctx, name)
		return err
	})
	return info, err
}

func (w *fileWire) Put(ctx context.Context, name string, doc []byte) error {
	return w.life.store(ctx, toFiles, "put "+name, func() error { return w.files.Put(ctx, name, doc) })
}

// queueWire is the handler's way to the queue of recordings.
type queueWire struct {
	life  *life
	queue *funcsim.MemoryQueue
}

func (w *queueWire) Send(ctx context.Context, text string, delay time.Duration) error {
	return w.life.store(ctx, toQueue, "send", func() error {
		w.queue.SendLater(text, delay)
		return nil
	})
}

// acsWire is the handler's way to ACS, as azcore wants it.
type acsWire struct {
	life    *life
	network *http.Client
}

func (w *acsWire) Do(r *http.Request) (answer *http.Response, err error) {
	err = w.life.send(toACS, r.Method+" "+r.URL.Path, func() (err error) {
		answer, err = w.network.Do(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}
