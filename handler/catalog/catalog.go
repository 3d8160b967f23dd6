// Package catalog keeps the documents that say what is done with calls: flows
// and routes. They live as blobs; every version of a flow that a call has pinned
// stays under its hash, so that a call ends by the rules it began with.
//
// Blobs: `routes.json` and `flows/<name>.json` are current and may be
// overwritten at any time; `versions/<hash>.json` is written once.
package catalog

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"switchboard/handler/flow"
	"switchboard/handler/problem"
)

// ErrNotFound means that there is no such document.
var ErrNotFound = errors.New("no such document")

// Blobs is where the documents are. Get returns ErrNotFound for a name that does
// not exist. PutNew writes only if the name does not exist, and does not mind if
// it does.
type Blobs interface {
	Get(ctx context.Context, name string) ([]byte, error)
	Put(ctx context.Context, name string, doc []byte) error
	PutNew(ctx context.Context, name string, doc []byte) error
}

// fresh is how long a current document is taken from memory. A change is in
// force everywhere after that time.
const maxAge = 10 * time.Second

//go:embed defaults
var defaults embed.FS

// Catalog finds flows. It is safe for concurrent use.
type Catalog struct {
	blobs Blobs

	mu       sync.Mutex
	latest   map[string]document   // by blob name
	versions map[string]*flow.Flow // by hash; pinned versions never change
}

// document is a current document as it was at a time.
type document struct {
	doc []byte
	at  time.Time
}

// New returns a Catalog of the documents in blobs. The embedded defaults stand
// in for what is not there.
func New(blobs Blobs) *Catalog {
	return &Catalog{blobs: blobs, latest: map[string]document{}, versions: map[string]*flow.Flow{}}
}

// Pin returns the version of the named flow that is current, and makes sure that
// it can be found for as long as a call may need it. A flow that has faults
// cannot be pinned: the error lists them, unless an earlier version without
// faults is known here, which then stays.
func (c *Catalog) Pin(ctx context.Context, name string) (flow.Ref, error) {
	doc, err := c.current(ctx, flowBlob(name), func(doc []byte) error {
		f, err := flow.Parse(doc)
		if err == nil && f.Name != name {
			err = problem.Faults{{Path: "name", Text: fmt.Sprintf("is %q, but the document is called %q", f.Name, name)}}
		}
		return err
	})
	if err != nil {
		return flow.Ref{}, fmt.Errorf("flow %q: %w", name, err)
	}
	ref := flow.Ref{Name: name, Version: flow.Version(doc)}
	if c.cached(ref.Version) != nil {
		return ref, nil
	}
	f, err := flow.Parse(doc)
	if err != nil {
		return flow.Ref{}, fmt.Errorf("flow %q: %w", name, err)
	}
	if err := c.blobs.PutNew(ctx, versionBlob(ref.Version), doc); err != nil {
		return flow.Ref{}, fmt.Errorf("flow %q: pin: %w", name, err)
	}
	c.cache(ref.Version, f)
	return ref, nil
}

// Flow returns a version that was pinned.
func (c *Catalog) Flow(ctx context.Context, ref flow.Ref) (*flow.Flow, error) {
	if f := c.cached(ref.Version); f != nil {
		return f, nil
	}
	doc, err := c.blobs.Get(ctx, versionBlob(ref.Version))
	if err != nil {
		return nil, fmt.Errorf("flow %q, version %.8s: %w", ref.Name, ref.Version, err)
	}
	f, err := flow.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("flow %q, version %.8s: %w", ref.Name, ref.Version, err)
	}
	c.cache(ref.Version, f)
	return f, nil
}

// PutFlow makes the document the current version of the flow that it names. A
// document with faults is refused with all of them. It may be repeated.
func (c *Catalog) PutFlow(ctx context.Context, doc []byte) (name string, err error) {
	f, err := flow.Parse(doc)
	if err != nil {
		return "", err
	}
	if !ValidName(f.Name) {
		return "", problem.Faults{{Path: "name", Text: "must be 1 to 64 of a-z, 0-9, - and _"}}
	}
	return f.Name, c.put(ctx, flowBlob(f.Name), doc)
}

// put writes a current document and takes it as such at once.
func (c *Catalog) put(ctx context.Context, name string, doc []byte) error {
	if err := c.blobs.Put(ctx, name, doc); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest[name] = document{doc: doc, at: time.Now()}
	return nil
}

// read returns a current document: from memory if it is fresh, else from the
// blobs, else the embedded one. When it cannot be had, or check finds fault with
// it, the one in memory stays, and the log says so: a line that was answered goes
// on being answered. The error is for when there is none.
func (c *Catalog) current(ctx context.Context, name string, check func(doc []byte) error) ([]byte, error) {
	c.mu.Lock()
	have, ok := c.latest[name]
	c.mu.Unlock()
	if ok && time.Since(have.at) < maxAge {
		return have.doc, nil
	}
	doc, err := c.download(ctx, name)
	if err == nil {
		err = check(doc)
	}
	switch {
	case err == nil:
	case !ok || errors.Is(err, ErrNotFound):
		return nil, err
	default:
		zerolog.Ctx(ctx).Error().Err(fmt.Errorf("%s: %w", name, err)).Msg("document not taken, the one before it stays")
		doc = have.doc
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest[name] = document{doc: doc, at: time.Now()}
	return doc, nil
}

// fetch returns a document from the blobs, else the embedded one.
func (c *Catalog) download(ctx context.Context, name string) ([]byte, error) {
	doc, err := c.blobs.Get(ctx, name)
	if !errors.Is(err, ErrNotFound) {
		return doc, err
	}
	if doc, err = defaults.ReadFile("defaults/" + name); err != nil {
		return nil, ErrNotFound
	}
	return doc, nil
}

func (c *Catalog) cached(version string) *flow.Flow {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.versions[version]
}

func (c *Catalog) cache(version string, f *flow.Flow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions[version] = f
}

func flowBlob(name string) string       { return "flows/" + name + ".json" }
func versionBlob(version string) string { return "versions/" + version + ".json" }

// ValidName reports whether a flow can have this name, which is part of a blob's.
func ValidName(name string) bool {
	return name != "" && len(name) <= 64 &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
