//go:build !linux

package funcsim

import "syscall"

// killWithParent returns nil: only Linux can kill a child with its parent. Elsewhere
// the handler survives a host that was killed with SIGKILL.
func killWithParent() *syscall.SysProcAttr { return nil }
