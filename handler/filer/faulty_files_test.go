package filer_test

import (
	"context"

	"switchboard/handler/archive"
	"switchboard/test/cluster"
)

// faultyFiles is the archive as one instance sees it.
type faultyFiles struct {
	sim  *filingSim
	inst *cluster.Instance
}

// perform performs an operation at the next fault point. Writes says that it changes something.
func (f *faultyFiles) perform(writes bool, operation func() error) (err error) {
	down := f.sim.Perform(f.inst, writes, func() {
		err = operation()
		if writes {
			f.sim.Mu.Lock()
			defer f.sim.Mu.Unlock()
			f.sim.writes++
		}
	})
	if down != nil {
		return down
	}
	return err
}

func (f *faultyFiles) Stage(ctx context.Context, name, block string, body []byte) error {
	return f.perform(true, func() error { return f.sim.files.Stage(ctx, name, block, body) })
}

func (f *faultyFiles) Commit(ctx context.Context, name string, blocks []string, info archive.Info) error {
	return f.perform(true, func() error { return f.sim.files.Commit(ctx, name, blocks, info) })
}

func (f *faultyFiles) Stat(ctx context.Context, name string) (info archive.Info, err error) {
	err = f.perform(false, func() error {
		info, err = f.sim.files.Stat(ctx, name)
		return err
	})
	return info, err
}

func (f *faultyFiles) Put(ctx context.Context, name string, doc []byte) error {
	return f.perform(true, func() error { return f.sim.files.Put(ctx, name, doc) })
}
