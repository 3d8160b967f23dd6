package funcsim

import "syscall"

// killWithParent makes the kernel kill the handler when this process ends, also
// after a crash.
func killWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
