//go:build !unix

package rig

import (
	"context"
	"errors"
)

// funcHost is not available on systems without process groups and signals.
type funcHost struct{}

func newFunc(string, string, int, map[string]string, func(string)) *funcHost { return &funcHost{} }

func (h *funcHost) Name() string             { return "func" }
func (h *funcHost) URL() string              { return "" }
func (h *funcHost) Stopped() <-chan struct{} { return nil }
func (h *funcHost) PID() int                 { return 0 }
func (h *funcHost) Stop()                    {}
func (h *funcHost) Kill()                    {}

func (h *funcHost) Start(context.Context) error {
	return errors.New("the rig runs a real func on Linux and macOS only; without FUNC it uses funcsim")
}
