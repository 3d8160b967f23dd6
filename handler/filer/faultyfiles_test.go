package filer_test

import (
	"context"

	"switchboard/handler/archive"
	"switchboard/test/cluster"
)

// cabinet is the archive as one process sees it.
type faultyFiles struct {
	v    *filingSim
	inst *cluster.Instance
}

func (c *faultyFiles) do(effect bool, do func() error) (err error) {
	down := c.v.Perform(c.inst, effect, func() {
		err = do()
		if effect {
			c.v.Mu.Lock()
			defer c.v.Mu.Unlock()
			c.v.written++
		}
	})
	if down != nil {
		return down
	}
	return err
}

func (c *faultyFiles) Stage(ctx context.Context, name, block string, body []byte) error {
	return c.do(true, func() error { return c.v.files.Stage(ctx, name, block, body) })
}

func (c *faultyFiles) Commit(ctx context.Context, name string, blocks []string, info archive.Info) error {
	return c.do(true, func() error { return c.v.files.Commit(ctx, name, blocks, info) })
}

func (c *faultyFiles) Stat(ctx context.Context, name string) (info archive.Info, err error) {
	err = c.do(false, func() error {
		info, err = c.v.files.Stat(ctx, name)
		return err
	})
	return info, err
}

func (c *faultyFiles) Put(ctx context.Context, name string, doc []byte) error {
	return c.do(true, func() error { return c.v.files.Put(ctx, name, doc) })
}
