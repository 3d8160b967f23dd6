// Package catalog stores the documents that decide what is done with calls: flows and routes.
// They are blobs. Every version of a flow that a call has pinned stays under its hash, so that a
// call ends by the version that it began with.
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

// ErrNotFound means that the document does not exist.
var ErrNotFound = errors.New("no such document")

// Blobs stores the documents by name.
type Blobs interface {
	// Get returns a document, or ErrNotFound.
	Get(ctx context.Context, name string) ([]byte, error)
	// Put writes a document and replaces an older one.
	Put(ctx context.Context, name string, doc []byte) error
	// PutNew writes a document if its name does not exist; if it does, it returns nil.
	PutNew(ctx context.Context, name string, doc []byte) error
}

// maxAge is how long a cached document is used before it is downloaded again. All processes use
// a changed document after this time.
const maxAge = 10 * time.Second

//go:embed defaults
var defaults embed.FS

// Catalog returns and replaces flows and routes. It is safe for concurrent use.
type Catalog struct {
	blobs Blobs

	mu       sync.Mutex
	latest   map[string]document   // current documents by blob name
	versions map[string]*flow.Flow // pinned versions by hash; they never change
}

// document is a current document in the cache.
type document struct {
	doc []byte
	at  time.Time // when it was last downloaded, written or kept
}

// New returns a Catalog of the documents in blobs. An embedded default takes the place of a
// document that does not exist.
func New(blobs Blobs) *Catalog {
	return &Catalog{blobs: blobs, latest: map[string]document{}, versions: map[string]*flow.Flow{}}
}

// Pin returns the current version of the named flow and stores it under its hash, where Flow
// finds it for as long as calls need it. If the current flow has faults, Pin returns the last
// version that this process has cached; without one, the error lists the faults.
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

// Flow returns a pinned version of a flow.
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

// PutFlow makes the document the current version of the flow that it names, and returns the
// name. It refuses a document with faults and returns them all. It may be repeated.
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

// put writes a current document and caches it.
func (c *Catalog) put(ctx context.Context, name string, doc []byte) error {
	if err := c.blobs.Put(ctx, name, doc); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest[name] = document{doc: doc, at: time.Now()}
	return nil
}

// current returns a current document: the cached one for maxAge, and then the downloaded one. If
// the download fails, or check refuses the document, current logs that and keeps the cached
// document, so that calls to a line are still answered. It returns the error if no document is
// cached, and ErrNotFound if the document does not exist any more.
func (c *Catalog) current(ctx context.Context, name string, check func(doc []byte) error) ([]byte, error) {
	c.mu.Lock()
	cached, isCached := c.latest[name]
	c.mu.Unlock()
	if isCached && time.Since(cached.at) < maxAge {
		return cached.doc, nil
	}
	doc, err := c.download(ctx, name)
	if err == nil {
		err = check(doc)
	}
	switch {
	case err == nil:
	case !isCached || errors.Is(err, ErrNotFound):
		return nil, err
	default:
		zerolog.Ctx(ctx).Error().Err(fmt.Errorf("%s: %w", name, err)).Msg("current document unusable, cached one kept")
		doc = cached.doc
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest[name] = document{doc: doc, at: time.Now()}
	return doc, nil
}

// download returns a document from the blobs, or else the embedded default.
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

// cached returns a pinned version from the cache, nil if it is not there.
func (c *Catalog) cached(version string) *flow.Flow {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.versions[version]
}

// cache adds a pinned version to the cache.
func (c *Catalog) cache(version string, f *flow.Flow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions[version] = f
}

func flowBlob(name string) string       { return "flows/" + name + ".json" }
func versionBlob(version string) string { return "versions/" + version + ".json" }

// ValidName reports whether a flow can have this name, which is part of a blob's name.
func ValidName(name string) bool {
	return name != "" && len(name) <= 64 &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
