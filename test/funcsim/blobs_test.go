package funcsim

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"switchboard/test/azurite"
)

// TestBlobsKeepTheContract checks leases and contents of every kind of Blobs.
func TestBlobsKeepTheContract(t *testing.T) {
	t.Run("in memory", func(t *testing.T) { testBlobs(t, &MemoryBlobs{}, "a") })
	t.Run("in storage", func(t *testing.T) {
		storage, err := NewStorageBlobs(azurite.ForTest(t).ConnectionString())
		if err != nil {
			t.Fatal(err)
		}
		testBlobs(t, storage, azurite.Prefix()+"/a")
	})
}

func testBlobs(t *testing.T, b Blobs, name string) {
	ctx := t.Context()
	if _, err := b.Read(ctx, name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read of nothing: %v, want %v", err, fs.ErrNotExist)
	}
	for _, text := range []string{"one", "two"} {
		if err := b.Write(ctx, name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := b.Read(ctx, name); err != nil || string(got) != "two" {
		t.Errorf("read %q, %v, want two", got, err)
	}
	name += "-lock"
	me, you := newUUID(), newUUID()
	for _, step := range []struct {
		what string
		err  error
		want error
	}{
		{"the first acquires a lease", b.Acquire(ctx, name, me, 15*time.Second), nil},
		{"the second does not", b.Acquire(ctx, name, you, 15*time.Second), ErrLeased},
		{"the first renews", b.Renew(ctx, name, me), nil},
		{"the second releases nothing", b.Release(ctx, name, you), nil},
		{"the first releases", b.Release(ctx, name, me), nil},
		{"now the second acquires", b.Acquire(ctx, name, you, 15*time.Second), nil},
		{"the lease is broken", b.Break(ctx, name), nil},
		{"the second cannot renew", b.Renew(ctx, name, you), ErrLeased},
		{"the first acquires again", b.Acquire(ctx, name, me, 15*time.Second), nil},
	} {
		if !errors.Is(step.err, step.want) {
			t.Errorf("%s: %v, want %v", step.what, step.err, step.want)
		}
	}
}
