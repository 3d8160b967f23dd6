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

// blobs are documents in memory.
type blobs struct {
	mu   sync.Mutex
	docs map[string][]byte
	gets []string
	err  error // of every operation, if set
}

func (b *blobs) Get(_ context.Context, name string) ([]byte, error) {
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

func (b *blobs) Put(_ context.Context, name string, doc []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.docs[name] = bytes.Clone(doc)
	}
	return b.err
}

func (b *blobs) PutNew(ctx context.Context, name string, doc []byte) error {
	b.mu.Lock()
	_, ok := b.docs[name]
	b.mu.Unlock()
	if ok {
		return b.err
	}
	return b.Put(ctx, name, doc)
}

// onAllBlobs runs a test over documents in memory and in Azurite.
func onAllBlobs(t *testing.T, test func(t *testing.T, b Blobs)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, &blobs{docs: map[string][]byte{}}) })
	t.Run("azurite", func(t *testing.T) {
		client, err := container.NewClientFromConnectionString(
			azurite.ForTest(t).ConnectionString(), azurite.Prefix()+"catalog", nil)
		if err != nil {
			t.Fatal(err)
		}
		b := Azure{Container: client}
		for range 2 { // it may be there already
			if err := b.Create(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		test(t, b)
	})
}

func goodbye(text string) []byte {
	return []byte(`{"name":"goodbye","start":"a","nodes":{
		"a":{"kind":"play","prompt":{"text":"` + text + `"},"next":"b"},"b":{"kind":"hangup"}}}`)
}

func TestBlobs(t *testing.T) {
	onAllBlobs(t, func(t *testing.T, b Blobs) {
		ctx := t.Context()
		if _, err := b.Get(ctx, "flows/x.json"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a document that is not there: %v, want %v", err, ErrNotFound)
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

func TestADocumentThatIsTooLargeIsNotReadInPart(t *testing.T) {
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
			t.Errorf("of %d bytes %d were read: %v", size, len(doc), err)
		}
	}
}

func TestEmptyCatalogHasTheDefaults(t *testing.T) {
	onAllBlobs(t, func(t *testing.T, b Blobs) {
		ref, err := New(b).Route(t.Context(), line)
		if err != nil {
			t.Fatal(err)
		}
		if ref.Name != "welcome" {
			t.Errorf("calls are answered with %q", ref.Name)
		}
		// Another process has not read the default, and a later one may have another.
		f, err := New(b).Flow(t.Context(), ref)
		if err != nil || f.Name != "welcome" {
			t.Errorf("the pinned default: %v, %v", f, err)
		}
	})
}

func TestACallKeepsTheVersionThatItHasPinned(t *testing.T) {
	onAllBlobs(t, func(t *testing.T, b Blobs) {
		ctx, c := t.Context(), New(b)
		pin := func(doc []byte) flow.Ref {
			t.Helper()
			if name, err := c.PutFlow(ctx, doc); err != nil || name != "goodbye" {
				t.Fatalf("put: %q, %v", name, err)
			}
			ref, err := c.Pin(ctx, "goodbye")
			if err != nil {
				t.Fatal(err)
			}
			return ref
		}
		first := pin(goodbye("Bye."))
		if again := pin(goodbye("Bye.")); again != first {
			t.Errorf("the same document is %+v and %+v", first, again)
		}
		second := pin(goodbye("So long."))
		if first == second {
			t.Errorf("two documents are %+v", first)
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

func TestCurrentDocumentsAreReadAgainAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &blobs{docs: map[string][]byte{"flows/goodbye.json": goodbye("Bye.")}}
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
		b.docs["flows/goodbye.json"] = goodbye("So long.")
		time.Sleep(maxAge - time.Nanosecond)
		if got := pin(); got != first || len(b.gets) != 1 {
			t.Errorf("read %v within %v", b.gets, maxAge)
		}
		time.Sleep(time.Nanosecond)
		if got := pin(); got == first || len(b.gets) != 2 {
			t.Errorf("read %v after %v", b.gets, maxAge)
		}
		// A version is read once.
		for range 2 {
			if _, err := c.Flow(t.Context(), first); err != nil {
				t.Fatal(err)
			}
		}
		if len(b.gets) != 2 {
			t.Errorf("read %v", b.gets)
		}
	})
}

func TestFaultsOfDocuments(t *testing.T) {
	broken := []byte(`{"name":"goodbye","start":"b","nodes":{}}`)
	tests := []struct {
		name string
		docs map[string][]byte
		do   func(ctx context.Context, c *Catalog) error
		want problem.Faults
	}{
		{"a current flow that somebody broke cannot be pinned", map[string][]byte{"flows/goodbye.json": broken},
			func(ctx context.Context, c *Catalog) error { _, err := c.Pin(ctx, "goodbye"); return err },
			problem.Faults{{Path: "start", Text: `there is no node "b"`}}},
		{"a flow with faults cannot be put", nil,
			func(ctx context.Context, c *Catalog) error { _, err := c.PutFlow(ctx, broken); return err },
			problem.Faults{{Path: "start", Text: `there is no node "b"`}}},
		{"a flow whose name is no name of a blob cannot be put", nil,
			func(ctx context.Context, c *Catalog) error {
				_, err := c.PutFlow(ctx, bytes.Replace(goodbye("Bye."), []byte("goodbye"), []byte("../routes"), 1))
				return err
			}, problem.Faults{{Path: "name", Text: "must be 1 to 64 of a-z, 0-9, - and _"}}},
		{"a pinned version that somebody broke cannot be had", map[string][]byte{"versions/v1.json": broken},
			func(ctx context.Context, c *Catalog) error {
				_, err := c.Flow(ctx, flow.Ref{Name: "goodbye", Version: "v1"})
				return err
			}, problem.Faults{{Path: "start", Text: `there is no node "b"`}}},
		{"routes with faults cannot be put", nil,
			func(ctx context.Context, c *Catalog) error {
				return c.PutRoutes(ctx, []byte(`{"rules":[{"flow":"welcome"},{"flow":""},{"flow":"A/B"}]}`))
			}, problem.Faults{
				{Path: "rules.1.flow", Text: "is not the name of a flow"},
				{Path: "rules.2.flow", Text: "is not the name of a flow"},
			}},
		{"routes that somebody misspelt lead nowhere",
			map[string][]byte{"routes.json": []byte(`{"rules":[],"default":"welcome"}`)},
			func(ctx context.Context, c *Catalog) error { _, err := c.Route(ctx, line); return err },
			problem.Faults{{Path: "default", Text: "is not known"}}},
		{"routes that are no object lead nowhere", map[string][]byte{"routes.json": []byte(`[]`)},
			func(ctx context.Context, c *Catalog) error { _, err := c.Route(ctx, line); return err },
			problem.Faults{{Path: "$", Text: "is not an object"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &blobs{docs: maps.Clone(tt.docs)}
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
	b := &blobs{docs: map[string][]byte{"flows/goodbye.json": goodbye("Bye.")}}
	c := New(b)
	routes := `{"rules":[{"line":"` + line + `","flow":"goodbye"},{"line":"28:orgid:other","flow":"nowhere"}]}`
	if err := c.PutRoutes(t.Context(), []byte(routes)); err != nil {
		t.Fatal(err)
	}
	if ref, err := c.Route(t.Context(), line); err != nil || ref.Name != "goodbye" {
		t.Errorf("a line with a rule: %+v, %v", ref, err)
	}
	if _, err := c.Route(t.Context(), "28:orgid:third"); !errors.Is(err, ErrNoRoute) {
		t.Errorf("a line without one: %v, want %v", err, ErrNoRoute)
	}
	if _, err := c.Route(t.Context(), "28:orgid:other"); !errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoRoute) {
		t.Errorf("a rule for a flow that does not exist: %v, want %v", err, ErrNotFound)
	}
}

func TestStorageThatDoesNotAnswer(t *testing.T) {
	down := errors.New("no answer")
	b := &blobs{docs: map[string][]byte{}, err: down}
	c := New(b)
	_, routed := c.Route(t.Context(), line)
	_, pinned := c.Pin(t.Context(), "welcome")
	_, had := c.Flow(t.Context(), flow.Ref{Name: "welcome", Version: "v1"})
	_, put := c.PutFlow(t.Context(), goodbye("Bye."))
	for what, err := range map[string]error{
		"route": routed, "pin": pinned, "flow": had, "put flow": put, "put routes": c.PutRoutes(t.Context(), []byte(`{"rules":[]}`)),
	} {
		if !errors.Is(err, down) {
			t.Errorf("%s: %v, want %v", what, err, down)
		}
	}
	b.err = nil
	if ref, err := c.Route(t.Context(), line); err != nil || ref.Name != "welcome" {
		t.Errorf("when it answers again: %+v, %v", ref, err)
	}
}

func TestDefaultsAreWithoutFault(t *testing.T) {
	for _, name := range []string{"welcome"} {
		doc, err := defaults.ReadFile("defaults/" + flowBlob(name))
		if err != nil {
			t.Fatal(err)
		}
		if f, err := flow.Parse(doc); err != nil || f.Name != name {
			t.Errorf("%s: %v", name, err)
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
				t.Fatalf("rules %v, error %#v", r.Rules, err)
			}
			return
		}
		for _, rule := range r.Rules {
			if strings.Trim(rule.Flow, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || rule.Flow == "" {
				t.Fatalf("flow %q", rule.Flow)
			}
		}
	})
}

func TestWhatWasAnsweredGoesOnBeingAnswered(t *testing.T) {
	good := goodbye("Bye.")
	tests := []struct {
		name   string
		breaks func(b *blobs)
	}{
		{"when somebody breaks the flow", func(b *blobs) { b.docs["flows/goodbye.json"] = []byte(`{"name":"goodbye"}`) }},
		{"when somebody uploads another flow under its name", func(b *blobs) {
			b.docs["flows/goodbye.json"] = bytes.Replace(good, []byte(`"goodbye"`), []byte(`"another"`), 1)
		}},
		{"when somebody breaks the routes", func(b *blobs) { b.docs["routes.json"] = []byte(`{}`) }},
		{"when storage does not answer", func(b *blobs) { b.err = errors.New("no answer") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &blobs{docs: map[string][]byte{
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
					t.Errorf("the log does not say so: %s", &log)
				}
			})
		})
	}
}
