package catalog

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"switchboard/handler/flow"
	"switchboard/handler/problem"
	"switchboard/test/azurite"
)

const line = "28:orgid:line"

// memoryBlobs stores documents in memory.
type memoryBlobs struct {
	mu   sync.Mutex
	docs map[string][]byte
	gets []string // names of the documents that were read
	err  error    // is returned by every operation, if set
}

func (b *memoryBlobs) Get(_ context.Context, name string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gets = append(b.gets, name)
	if b.err != nil {
		return nil, b.err
	}
	doc, ok := b.docs[name]
	if !ok {
		return nil, ErrNotFound
	}
	return bytes.Clone(doc), nil
}

func (b *memoryBlobs) Put(_ context.Context, name string, doc []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.docs[name] = bytes.Clone(doc)
	}
	return b.err
}

func (b *memoryBlobs) PutNew(ctx context.Context, name string, doc []byte) error {
	b.mu.Lock()
	_, ok := b.docs[name]
	b.mu.Unlock()
	if ok {
		return b.err
	}
	return b.Put(ctx, name, doc)
}

// forEachBlobs runs a test with documents in memory and in Azurite.
func forEachBlobs(t *testing.T, test func(t *testing.T, b Blobs)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, &memoryBlobs{docs: map[string][]byte{}}) })
	t.Run("azurite", func(t *testing.T) {
		client, err := container.NewClientFromConnectionString(
			azurite.ForTest(t).ConnectionString(), azurite.Prefix()+"catalog", nil)
		if err != nil {
			t.Fatal(err)
		}
		b := Azure{Container: client}
		for range 2 { // it may exist
			if err := b.Create(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		test(t, b)
	})
}

// goodbyeFlow returns a flow that plays the text and hangs up.
func goodbyeFlow(text string) []byte {
	return []byte(`{"name":"goodbye","start":"a","nodes":{
		"a":{"kind":"play","prompt":{"text":"` + text + `"},"next":"b"},"b":{"kind":"hangup"}}}`)
}

func TestBlobs(t *testing.T) {
	forEachBlobs(t, func(t *testing.T, b Blobs) {
		ctx := t.Context()
		if _, err := b.Get(ctx, "flows/x.json"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a document that does not exist: %v, want %v", err, ErrNotFound)
		}
		for _, step := range []struct {
			put  func(context.Context, string, []byte) error
			doc  string
			want string
		}{{b.PutNew, "1", "1"}, {b.PutNew, "2", "1"}, {b.Put, "3", "3"}, {b.Put, "4", "4"}} {
			if err := step.put(ctx, "flows/x.json", []byte(step.doc)); err != nil {
				t.Fatal(err)
			}
			if got, err := b.Get(ctx, "flows/x.json"); err != nil || string(got) != step.want {
				t.Errorf("after %s: %q, %v, want %q", step.doc, got, err, step.want)
			}
		}
	})
}

func TestGetRefusesADocumentAboveTheLimit(t *testing.T) {
	client, err := container.NewClientFromConnectionString(
		azurite.ForTest(t).ConnectionString(), azurite.Prefix()+"catalog", nil)
	if err != nil {
		t.Fatal(err)
	}
	b := Azure{Container: client}
	if _, err := b.Get(t.Context(), "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("without a container: %v, want %v", err, ErrNotFound)
	}
	if err := b.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{maxDocument, maxDocument + 1} {
		if err := b.Put(t.Context(), "x", bytes.Repeat([]byte(" "), size)); err != nil {
			t.Fatal(err)
		}
		if doc, err := b.Get(t.Context(), "x"); (err == nil) != (size == maxDocument) {
			t.Errorf("of %d bytes %d were read: %v, want all that are not too many", size, len(doc), err)
		}
	}
}

func TestRouteReturnsTheDefaultFlowOfAnEmptyCatalog(t *testing.T) {
	forEachBlobs(t, func(t *testing.T, b Blobs) {
		ref, err := New(b).Route(t.Context(), line)
		if err != nil {
			t.Fatal(err)
		}
		if ref.Name != "welcome" {
			t.Errorf("calls are answered with %q, want welcome", ref.Name)
		}
		// Another process has not cached the default, and a later release may have another one.
		f, err := New(b).Flow(t.Context(), ref)
		if err != nil || f.Name != "welcome" {
			t.Errorf("the pinned default: %v, %v, want welcome", f, err)
		}
	})
}

func TestFlowReturnsThePinnedVersion(t *testing.T) {
	forEachBlobs(t, func(t *testing.T, b Blobs) {
		ctx, c := t.Context(), New(b)
		pin := func(doc []byte) flow.Ref {
			t.Helper()
			if name, err := c.PutFlow(ctx, doc); err != nil || name != "goodbye" {
				t.Fatalf("put: %q, %v, want goodbye", name, err)
			}
			ref, err := c.Pin(ctx, "goodbye")
			if err != nil {
				t.Fatal(err)
			}
			return ref
		}
		first := pin(goodbyeFlow("Bye."))
		if again := pin(goodbyeFlow("Bye.")); again != first {
			t.Errorf("the same document is %+v and %+v, want one version", first, again)
		}
		second := pin(goodbyeFlow("So long."))
		if first == second {
			t.Errorf("two documents are %+v, want two versions", first)
		}
		for ref, want := range map[flow.Ref]string{first: "Bye.", second: "So long."} {
			for _, from := range []*Catalog{c, New(b)} {
				f, err := from.Flow(ctx, ref)
				if err != nil {
					t.Fatal(err)
				}
				if got := f.Nodes["a"].(*flow.Play).Prompt.Text; got != want {
					t.Errorf("%+v says %q, want %q", ref, got, want)
				}
			}
		}
	})
}

func TestCurrentDocumentsAreDownloadedAgainAfterMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &memoryBlobs{docs: map[string][]byte{"flows/goodbye.json": goodbyeFlow("Bye.")}}
		c := New(b)
		pin := func() flow.Ref {
			t.Helper()
			ref, err := c.Pin(t.Context(), "goodbye")
			if err != nil {
				t.Fatal(err)
			}
			return ref
		}
		first := pin()
		b.docs["flows/goodbye.json"] = goodbyeFlow("So long.")
		time.Sleep(maxAge - time.Nanosecond)
		if got := pin(); got != first || len(b.gets) != 1 {
			t.Errorf("pinned %+v, read %v within %v, want %+v, read once", got, b.gets, maxAge, first)
		}
		time.Sleep(time.Nanosecond)
		if got := pin(); got == first || len(b.gets) != 2 {
			t.Errorf("pinned %+v, read %v after %v, want another version, read twice", got, b.gets, maxAge)
		}
		// A pinned version is read once.
		for range 2 {
			if _, err := c.Flow(t.Context(), first); err != nil {
				t.Fatal(err)
			}
		}
		if len(b.gets) != 2 {
			t.Errorf("read %v, want two reads", b.gets)
		}
	})
}

func TestDocumentsWithFaultsAreRefused(t *testing.T) {
	broken := []byte(`{"name":"goodbye","start":"b","nodes":{}}`)
	tests := []struct {
		name string
		docs map[string][]byte
		do   func(ctx context.Context, c *Catalog) error
		want problem.Faults
	}{
		{"a current flow with faults is not pinned", map[string][]byte{"flows/goodbye.json": broken},
			func(ctx context.Context, c *Catalog) error { _, err := c.Pin(ctx, "goodbye"); return err },
			problem.Faults{{Path: "start", Text: `there is no node "b"`}}},
		{"a flow with faults is not put", nil,
			func(ctx context.Context, c *Catalog) error { _, err := c.PutFlow(ctx, broken); return err },
			problem.Faults{{Path: "start", Text: `there is no node "b"`}}},
		{"a flow with an invalid name is not put", nil,
			func(ctx context.Context, c *Catalog) error {
				_, err := c.PutFlow(ctx, bytes.Replace(goodbyeFlow("Bye."), []byte("goodbye"), []byte("../routes"), 1))
				return err
			}, problem.Faults{{Path: "name", Text: "must be 1 to 64 of a-z, 0-9, - and _"}}},
		{"a pinned version with faults is not returned", map[string][]byte{"versions/v1.json": broken},
			func(ctx context.Context, c *Catalog) error {
				_, err := c.Flow(ctx, flow.Ref{Name: "goodbye", Version: "v1"})
				return err
			}, problem.Faults{{Path: "start", Text: `there is no node "b"`}}},
		{"routes with faults are not put", nil,
			func(ctx context.Context, c *Catalog) error {
				return c.PutRoutes(ctx, []byte(`{"rules":[{"flow":"welcome"},{"flow":""},{"flow":"A/B"}]}`))
			}, problem.Faults{
				{Path: "rules.1.flow", Text: "is not the name of a flow"},
				{Path: "rules.2.flow", Text: "is not the name of a flow"},
			}},
		{"routes with an unknown member lead to no flow",
			map[string][]byte{"routes.json": []byte(`{"rules":[],"default":"welcome"}`)},
			func(ctx context.Context, c *Catalog) error { _, err := c.Route(ctx, line); return err },
			problem.Faults{{Path: "default", Text: "is not known"}}},
		{"routes that are no object lead to no flow", map[string][]byte{"routes.json": []byte(`[]`)},
			func(ctx context.Context, c *Catalog) error { _, err := c.Route(ctx, line); return err },
			problem.Faults{{Path: "$", Text: "is not an object"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &memoryBlobs{docs: maps.Clone(tt.docs)}
			if b.docs == nil {
				b.docs = map[string][]byte{}
			}
			before := slices.Sorted(maps.Keys(b.docs))
			err := tt.do(t.Context(), New(b))
			got, _ := errors.AsType[problem.Faults](err)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
			if d := cmp.Diff(before, slices.Sorted(maps.Keys(b.docs))); d != "" {
				t.Errorf("documents (-before +after):\n%s", d)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	b := &memoryBlobs{docs: map[string][]byte{"flows/goodbye.json": goodbyeFlow("Bye.")}}
	c := New(b)
	routes := `{"rules":[{"line":"` + line + `","flow":"goodbye"},{"line":"28:orgid:other","flow":"nowhere"}]}`
	if err := c.PutRoutes(t.Context(), []byte(routes)); err != nil {
		t.Fatal(err)
	}
	if ref, err := c.Route(t.Context(), line); err != nil || ref.Name != "goodbye" {
		t.Errorf("a line with a rule: %+v, %v, want goodbye", ref, err)
	}
	if _, err := c.Route(t.Context(), "28:orgid:third"); !errors.Is(err, ErrNoRoute) {
		t.Errorf("a line without a rule: %v, want %v", err, ErrNoRoute)
	}
	if _, err := c.Route(t.Context(), "28:orgid:other"); !errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoRoute) {
		t.Errorf("a rule for a flow that does not exist: %v, want %v", err, ErrNotFound)
	}
}

func TestErrorsOfStorageAreReturned(t *testing.T) {
	down := errors.New("no answer")
	b := &memoryBlobs{docs: map[string][]byte{}, err: down}
	c := New(b)
	_, routeErr := c.Route(t.Context(), line)
	_, pinErr := c.Pin(t.Context(), "welcome")
	_, flowErr := c.Flow(t.Context(), flow.Ref{Name: "welcome", Version: "v1"})
	_, putErr := c.PutFlow(t.Context(), goodbyeFlow("Bye."))
	for what, err := range map[string]error{
		"route": routeErr, "pin": pinErr, "flow": flowErr, "put flow": putErr, "put routes": c.PutRoutes(t.Context(), []byte(`{"rules":[]}`)),
	} {
		if !errors.Is(err, down) {
			t.Errorf("%s: %v, want %v", what, err, down)
		}
	}
	b.err = nil
	if ref, err := c.Route(t.Context(), line); err != nil || ref.Name != "welcome" {
		t.Errorf("when storage answers again: %+v, %v, want welcome", ref, err)
	}
}

func TestDefaultFlowsHaveNoFaults(t *testing.T) {
	for _, name := range []string{"welcome"} {
		doc, err := defaults.ReadFile("defaults/" + flowBlob(name))
		if err != nil {
			t.Fatal(err)
		}
		if f, err := flow.Parse(doc); err != nil || f.Name != name {
			t.Errorf("%s: %v, want the flow of that name", name, err)
		}
	}
}

func FuzzParseRoutes(f *testing.F) {
	f.Add([]byte(`{"rules":[{"flow":"welcome"}]}`))
	f.Add([]byte(`{"rules":[{"line":"28:orgid:x","flow":"a-b_1"},null]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := parseRoutes(doc)
		if err != nil {
			if faults, ok := errors.AsType[problem.Faults](err); !ok || len(faults) == 0 || len(r.Rules) > 0 {
				t.Fatalf("rules %v, error %#v, want faults alone", r.Rules, err)
			}
			return
		}
		for _, rule := range r.Rules {
			if strings.Trim(rule.Flow, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || rule.Flow == "" {
				t.Fatalf("flow %q, want a name", rule.Flow)
			}
		}
	})
}

func TestRouteUsesTheCachedDocumentIfTheNewOneIsUnusable(t *testing.T) {
	good := goodbyeFlow("Bye.")
	tests := []struct {
		name   string
		breaks func(b *memoryBlobs)
	}{
		{"the flow has faults", func(b *memoryBlobs) { b.docs["flows/goodbye.json"] = []byte(`{"name":"goodbye"}`) }},
		{"the flow has another name", func(b *memoryBlobs) {
			b.docs["flows/goodbye.json"] = bytes.Replace(good, []byte(`"goodbye"`), []byte(`"another"`), 1)
		}},
		{"the routes have faults", func(b *memoryBlobs) { b.docs["routes.json"] = []byte(`{}`) }},
		{"storage does not answer", func(b *memoryBlobs) { b.err = errors.New("no answer") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &memoryBlobs{docs: map[string][]byte{
					"flows/goodbye.json": good, "routes.json": []byte(`{"rules":[{"flow":"goodbye"}]}`),
				}}
				c := New(b)
				want, err := c.Route(t.Context(), line)
				if err != nil {
					t.Fatal(err)
				}
				tt.breaks(b)
				time.Sleep(maxAge)
				var log strings.Builder
				ctx := zerolog.New(&log).WithContext(t.Context())
				if got, err := c.Route(ctx, line); err != nil || got != want {
					t.Errorf("%v, %v; want %v", got, err, want)
				}
				if !strings.Contains(log.String(), `"level":"error"`) {
					t.Errorf("log %s, want an error in it", &log)
				}
			})
		})
	}
}
