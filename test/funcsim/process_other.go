//go:build !linux

package funcsim

import "syscall"

// dieWithParent: only Linux offers it. Elsewhere the handler outlives a host
// that was killed with SIGKILL.
func dieWithParent() *syscall.SysProcAttr { return nil }
